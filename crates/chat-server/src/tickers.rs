//! What has to happen every so often, whether or not anybody asks.

use chat_app::App;
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

/// Starts them; they end when the set is dropped.
pub(crate) fn start(app: &App) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
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
