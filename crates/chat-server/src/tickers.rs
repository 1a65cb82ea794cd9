//! What has to happen every so often, whether or not anybody asks.

use crate::cluster::Cluster;
use crate::logging;
use crate::store::Store;
use chat_http::{HttpState, Readiness};
use std::error::Error;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// A sign-out must reach every node's sockets and requests within a second (contract §3).
const ENDED_SESSIONS: Duration = Duration::from_millis(500);
/// How late "has stopped typing" may be.
const TYPING_EXPIRY: Duration = Duration::from_millis(250);
/// Sessions that have expired only cost space.
const SESSION_PRUNING: Duration = Duration::from_hours(1);

/// How late load balancers may learn that the database has gone or come back; and how long this node's clock runs by
/// itself.
const DATABASE_CHECK: Duration = Duration::from_secs(1);
/// A database that takes longer than this for the least of questions is as good as away.
const DATABASE_PATIENCE: Duration = Duration::from_secs(2);

/// How often the log tells what was left out of it.
const LOG_REPORT: Duration = Duration::from_secs(10);

/// Starts them; they end when the set is dropped.
pub(crate) fn start(state: &HttpState, store: &Store) -> JoinSet<()> {
    let (mut tasks, app) = (JoinSet::new(), &state.app);
    let (readiness, store) = (state.readiness.clone(), store.clone());
    tasks.spawn(every(DATABASE_CHECK, move || {
        let (readiness, store) = (readiness.clone(), store.clone());
        async move { note_database(&readiness, store.answers(DATABASE_PATIENCE).await) }
    }));
    tasks.spawn(every(LOG_REPORT, || async { logging::report_left_out() }));
    let auth = app.auth.clone();
    tasks.spawn(every(ENDED_SESSIONS, move || {
        let auth = auth.clone();
        async move { warn_of("reading ended sessions", auth.refresh_ended_sessions().await) }
    }));
    let typing = app.typing.clone();
    tasks.spawn(every(TYPING_EXPIRY, move || {
        let typing = typing.clone();
        async move { typing.expire().await }
    }));
    let auth = app.auth.clone();
    tasks.spawn(every(SESSION_PRUNING, move || {
        let auth = auth.clone();
        async move { warn_of("pruning sessions", auth.prune_sessions().await) }
    }));
    tasks
}

fn note_database(readiness: &Readiness, is_well: bool) {
    match readiness.set_database(is_well) {
        Some(true) => tracing::info!("the database is well again"),
        Some(false) => tracing::warn!("not ready: the database cannot be reached, or takes no writes"),
        None => {}
    }
}

/// Keeps this node's presence up among the others, and tells of the users of those that died.
pub(crate) fn keep_presence(tasks: &mut JoinSet<()>, state: &HttpState, cluster: &Cluster) {
    let (upkeep, presence, fan_out) = (cluster.upkeep.clone(), state.app.presence.clone(), state.fan_out.clone());
    tasks.spawn(async move {
        loop {
            upkeep.due().await;
            let changed = upkeep.keep_up().await;
            if !changed.is_empty() {
                // A node that died may have had something to say that nobody heard.
                fan_out.check_tails_soon();
                presence.tell(changed).await;
            }
        }
    });
}

async fn every<F: Future<Output = ()>>(period: Duration, mut work: impl FnMut() -> F) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        work().await;
    }
}

fn warn_of<T, E: Error + 'static>(work: &str, outcome: Result<T, E>) {
    if let Err(error) = outcome {
        tracing::warn!(error = &error as &dyn Error, "{work} failed; it is tried again");
    }
}
