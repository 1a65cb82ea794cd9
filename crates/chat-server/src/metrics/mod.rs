//! Metrics for Prometheus, on a listener of their own. Frequent events are counted where they happen, by relaxed
//! atomics, once per event or batch; a request for `/metrics` reads these counters.

mod classic;
mod limits;
mod process;
mod sends;
mod serve;
mod snapshot;

pub(crate) use limits::CountedLimits;
pub(crate) use sends::CountedStore;
pub(crate) use serve::serve;

use crate::cluster::Cluster;
use crate::store::Store;
use chat_http::HttpState;
use limits::LimitStats;
use process::Process;
use prometheus_client::registry::Registry;
use sends::SendStats;
use snapshot::Snapshot;
use std::sync::Arc;
use std::time::Duration;

/// A worker that does not report its send queues within this time is left out.
const PATIENCE: Duration = Duration::from_secs(1);

/// Everything that has metrics. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) state: HttpState,
    pub(crate) store: Store,
    pub(crate) sends: Arc<SendStats>,
    pub(crate) limits: Arc<LimitStats>,
    pub(crate) cluster: Option<Cluster>,
    /// The maximum number of sockets of this node.
    pub(crate) max_connections: usize,
}

impl Metrics {
    /// The page for Prometheus, in `OpenMetrics` 1.0.
    pub(crate) async fn render(&self) -> Result<String, std::fmt::Error> {
        let queues = self.state.fan_out.queue_stats(PATIENCE).await;
        let mut registry = Registry::default();
        let chat = Snapshot::new(self.clone(), queues);
        registry.sub_registry_with_prefix("chat").register_collector(Box::new(chat));
        registry.register_collector(Box::new(Process));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry)?;
        Ok(text)
    }
}
