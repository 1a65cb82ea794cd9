//! Periodic tasks.

use crate::cluster::Cluster;
use crate::landmarks::Landmarks;
use crate::logging;
use crate::store::Store;
use chat_http::{HttpState, Readiness};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// The interval of reading ended sessions: a sign-out must reach every node's sockets and requests within a second
/// (contract §3).
const ENDED_SESSIONS: Duration = Duration::from_millis(500);
/// The longest delay of a "stopped typing" event.
const TYPING_EXPIRY: Duration = Duration::from_millis(250);
/// The interval of deleting expired sessions, which only take space.
const SESSION_PRUNING: Duration = Duration::from_hours(1);

/// The longest delay until load balancers see that the database is unreachable or back, and the longest time that this
/// node's clock runs without a new measurement.
const DATABASE_CHECK: Duration = Duration::from_secs(1);
/// A database that does not answer the smallest query within this time counts as unreachable.
const DATABASE_PATIENCE: Duration = Duration::from_secs(2);

/// How often the log reports how many lines were left out.
const LOG_REPORT: Duration = Duration::from_secs(10);

/// The interval of noting the landmark. A killed server has not noted its changes of the last interval.
const LANDMARK_NOTING: Duration = Duration::from_secs(10);

/// Starts the tasks. They end when the set is dropped.
pub(crate) fn start(state: &HttpState, store: &Store, landmarks: &Arc<Landmarks>) -> JoinSet<()> {
    let (mut tasks, app) = (JoinSet::new(), &state.app);
    let (readiness, store, marks) = (state.readiness.clone(), store.clone(), landmarks.clone());
    tasks.spawn(every(DATABASE_CHECK, move || {
        let (readiness, store, marks) = (readiness.clone(), store.clone(), marks.clone());
        async move {
            let is_well = store.answers(DATABASE_PATIENCE).await;
            note_database(&readiness, is_well);
            if is_well {
                // The next tick tries again.
                let _ = timeout(DATABASE_PATIENCE, marks.check_epoch(&store)).await;
            }
        }
    }));
    let marks = landmarks.clone();
    tasks.spawn(every(LANDMARK_NOTING, move || {
        let marks = marks.clone();
        async move { marks.note().await }
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
        Some(true) => tracing::info!("ready: the database is reachable and accepts writes again"),
        Some(false) => tracing::warn!("not ready: the database is unreachable or does not accept writes"),
        None => {}
    }
}

/// Renews this node's presence lease, reports the users of dead nodes as offline, and sets the form of packets to one
/// that every node reads.
pub(crate) fn keep_presence(tasks: &mut JoinSet<()>, state: &HttpState, cluster: &Cluster) {
    let (cluster, presence, fan_out) = (cluster.clone(), state.app.presence.clone(), state.fan_out.clone());
    tasks.spawn(async move {
        loop {
            cluster.upkeep.due().await;
            let changed = cluster.upkeep.keep_up().await;
            cluster.bus.write_form(cluster.releases.shared().form);
            if !changed.is_empty() {
                // A node that died may have lost its last events.
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
        tracing::warn!(error = &error as &dyn Error, "{work} failed and will be retried");
    }
}
