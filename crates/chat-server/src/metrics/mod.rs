//! Numbers for Prometheus, on a listener of their own. Whatever happens often is counted where it happens, by relaxed
//! atomics and once per event or batch; here they are read out when somebody asks.

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

/// A worker that does not say within this what waits in its queues is left out.
const PATIENCE: Duration = Duration::from_secs(1);

/// Everything that has numbers. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) state: HttpState,
    pub(crate) store: Store,
    pub(crate) sends: Arc<SendStats>,
    pub(crate) limits: Arc<LimitStats>,
    pub(crate) cluster: Option<Cluster>,
    /// How many sockets this node takes.
    pub(crate) max_connections: usize,
}

impl Metrics {
    /// The page that Prometheus reads, in `OpenMetrics` 1.0.
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
