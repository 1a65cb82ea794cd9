//! The baseline: a server that accepts and closes, in its own process, like the server under attack.

use crate::say;
use std::io::{BufRead as _, BufReader};
use std::net::{Shutdown, TcpListener};
use std::process::{Child, Command, Stdio};

/// Accepts and closes until it is killed. Prints its address first.
pub(crate) fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    say(listener.local_addr().expect("an address"));
    for stream in listener.incoming().flatten() {
        // A client that has already disconnected is closed too.
        let _ = stream.shutdown(Shutdown::Both);
    }
}

/// A process with such a server, killed on drop.
pub(super) struct Bare {
    process: Child,
    pub(super) address: String,
}

impl Bare {
    pub(super) fn start() -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut command = Command::new(program);
        let mut process =
            command.arg("accept-and-close").stdout(Stdio::piped()).spawn().expect("a second process of this program");
        let mut address = String::new();
        let said = process.stdout.take().expect("its output");
        BufReader::new(said).read_line(&mut address).expect("its address");
        Self { process, address: address.trim().to_owned() }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
