use super::process::{Ending, Process};
use super::{eventually, free_port};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

/// A throw-away Redis server that keeps nothing on disk: ended and started again, it is empty.
pub struct Redis {
    folder: PathBuf,
    port: u16,
    process: Mutex<Option<Process>>,
}

impl Redis {
    /// A server of one's own, to be stopped and broken.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("chat-redis-").tempdir().expect("a folder").keep();
        let server = Self { folder, port: free_port(), process: Mutex::new(None) };
        server.resume();
        server
    }

    /// The one server of this process. Its 16 databases and all of its channels are shared: tests tell theirs apart by
    /// a prefix.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Redis> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The port it listens on; stays the same over restarts.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Stops the server in order.
    pub fn stop(&self) {
        self.end(Ending::Stop);
    }

    /// Ends the server by `SIGKILL`, as a crash does.
    pub fn kill9(&self) {
        self.end(Ending::Kill);
    }

    /// Starts the server again, on the same port, empty, and waits until it answers.
    pub fn resume(&self) {
        let mut process = self.process.lock().expect("no test panicked in here");
        assert!(process.is_none(), "the server runs already");
        let port = self.port.to_string();
        let folder = self.folder.display().to_string();
        let command = [
            "redis-server",
            "--port",
            &port,
            "--bind",
            "127.0.0.1",
            "--dir",
            &folder,
            "--save",
            "",
            "--appendonly",
            "no",
        ];
        *process = Some(Process::start(&self.folder, &command.map(str::to_owned)));
        let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        assert!(eventually(|| self.answers()), "Redis does not start; is it installed?\n{}", log());
    }

    /// Stops the server and starts it again.
    pub fn restart(&self) {
        self.stop();
        self.resume();
    }

    fn answers(&self) -> bool {
        let ask = || {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.write_all(b"PING\r\n")?;
            let mut answer = [0; 5];
            stream.read_exact(&mut answer)?;
            std::io::Result::Ok(answer == *b"+PONG")
        };
        ask().unwrap_or(false)
    }

    fn end(&self, ending: Ending) {
        let process = self.process.lock().expect("no test panicked in here").take();
        process.expect("a running server").end(ending);
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // A running server's guard removes the folder.
        if self.process.get_mut().is_ok_and(|process| process.take().is_none()) {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}
