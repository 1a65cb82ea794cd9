//! Several nodes on one `PostgreSQL` and one Redis: what is promised of one node holds over all of them, whatever
//! breaks.

mod clocks;
mod degraded;
mod faults;
mod limits;
mod order;
mod races;
mod reach;
mod rolling;
mod run;
mod upgrades;

use chat_blackbox::cluster::Cluster;
use tokio::sync::{Mutex, MutexGuard};

/// One cluster at a time also where all tests share a process: they measure time.
static TURN: Mutex<()> = Mutex::const_new(());

async fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}

/// So many nodes of the server that was built with these tests.
async fn cluster(nodes: usize, settings: &[(&str, &str)]) -> Cluster {
    Cluster::start(env!("CARGO_BIN_EXE_chat-server"), nodes, settings).await
}
