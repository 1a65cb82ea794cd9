//! Several nodes on one `PostgreSQL` and one Redis: the guarantees of one node hold across all of them, whatever fails.

mod clocks;
mod degraded;
mod edits;
mod faults;
mod limits;
mod living;
mod order;
mod races;
mod reach;
mod reactions;
mod rolling;
mod run;
mod upgrades;

use chat_blackbox::cluster::Cluster;
use tokio::sync::{Mutex, MutexGuard};

/// One cluster at a time, also if all tests share a process: these tests measure time.
static TURN: Mutex<()> = Mutex::const_new(());

async fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}

/// Starts `nodes` nodes of the binary that was built with these tests.
async fn cluster(nodes: usize, settings: &[(&str, &str)]) -> Cluster {
    Cluster::start(env!("CARGO_BIN_EXE_chat-server"), nodes, settings).await
}
