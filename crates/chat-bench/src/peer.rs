//! The official Socket.IO server on Node (`peers/socketio.mjs`), as `scripts/bench.sh` installs it.

use crate::client::{Endpoint, Protocol, Way};
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// A running peer, which ends on drop.
pub(crate) struct Peer {
    process: Child,
    pub(crate) endpoint: Endpoint,
}

impl Peer {
    /// Starts the peer and waits until it listens. Panics if it does not.
    pub(crate) async fn start(script: &Path) -> Self {
        assert!(script.exists(), "{} is missing: scripts/bench.sh installs it", script.display());
        let mut command = Command::new("node");
        command.arg(script).env("NODE_ENV", "production").stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.kill_on_drop(true).spawn().expect("node is installed");
        let output = process.stdout.take().expect("its output");
        let first = BufReader::new(output).lines().next_line().await.expect("its output");
        let port = first.as_deref().and_then(|line| line.strip_prefix("listening ")).expect("the peer listens");
        let address = format!("127.0.0.1:{port}");
        let endpoint = Endpoint { protocol: Protocol::SocketIo, address, way: Way::Usual, resumes: false };
        Self { process, endpoint }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id().expect("a running peer")
    }
}
