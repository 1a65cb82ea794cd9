use super::process::{Ending, Process};
use super::{eventually, free_port, has_ended};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

/// The settings of a temporary Redis.
#[derive(Debug, Clone, Default)]
pub struct RedisOptions {
    /// Whether every write is kept on disk and survives a restart. By default nothing is kept.
    pub append_only: bool,
    /// The password that clients need, if any.
    pub password: Option<String>,
}

/// A temporary Redis server. By default it keeps nothing on disk: after a restart it is empty.
pub struct RedisServer {
    folder: PathBuf,
    port: u16,
    options: RedisOptions,
    process: Mutex<Option<Process>>,
}

impl RedisServer {
    /// Starts a server for one test, which may stop and break it.
    pub fn start() -> Self {
        Self::start_with(RedisOptions::default())
    }

    /// Starts a server with these settings.
    pub fn start_with(options: RedisOptions) -> Self {
        let folder = tempfile::Builder::new().prefix("chat-redis-").tempdir().expect("a folder").keep();
        let mut server = Self { folder, port: free_port(), options, process: Mutex::new(None) };
        // Another process may take the port that was free a moment ago.
        while !server.try_resume() {
            server.port = free_port();
        }
        server
    }

    /// Returns the server that all tests of this process share, with its 16 databases and all channels. Tests separate
    /// their keys by prefixes.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<RedisServer> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Returns its address, including the password.
    pub fn url(&self) -> String {
        let password = self.options.password.as_ref().map(|password| format!(":{password}@")).unwrap_or_default();
        format!("redis://{password}127.0.0.1:{}", self.port)
    }

    /// Returns the port, which stays the same over restarts.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Stops the server in an orderly way.
    pub fn stop(&self) {
        self.end(Ending::Stop);
    }

    /// Ends the server by `SIGKILL`, like a crash.
    pub fn kill9(&self) {
        self.end(Ending::Kill);
    }

    /// Starts the server again, on the same port, and waits until it answers.
    pub fn resume(&self) {
        let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        assert!(self.try_resume(), "Redis did not start; is it installed?\n{}", log());
    }

    /// Stops the server and starts it again.
    pub fn restart(&self) {
        self.stop();
        self.resume();
    }

    /// Freezes the server: it neither answers nor disconnects until [`Self::thaw`].
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Ends [`Self::freeze`].
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Sends a command of one line, such as `FLUSHALL`, and returns the raw response.
    pub fn ask(&self, command: &str) -> String {
        self.try_ask(command).unwrap_or_else(|fault| panic!("{command}: {fault}"))
    }

    fn try_ask(&self, command: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        let login = self.options.password.as_ref().map(|password| format!("AUTH {password}\r\n")).unwrap_or_default();
        stream.write_all(format!("{login}{command}\r\nQUIT\r\n").as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let answer = answer.strip_suffix("+OK\r\n").unwrap_or(&answer);
        Ok(if login.is_empty() { answer } else { answer.strip_prefix("+OK\r\n").unwrap_or(answer) }.to_owned())
    }

    fn try_resume(&self) -> bool {
        let mut process = self.process.lock().expect("no test panicked in here");
        assert!(process.is_none(), "the server is already running");
        let mut command: Vec<_> = ["redis-server", "--bind", "127.0.0.1", "--save", "", "--appendfsync", "always"]
            .map(str::to_owned)
            .to_vec();
        command.extend(["--port".to_owned(), self.port.to_string(), "--dir".to_owned()]);
        command.push(self.folder.display().to_string());
        command.extend(["--appendonly".to_owned(), if self.options.append_only { "yes" } else { "no" }.to_owned()]);
        if let Some(password) = &self.options.password {
            command.extend(["--requirepass".to_owned(), password.clone()]);
        }
        let starting = Process::start(&self.folder, &command);
        let mut is_up = false;
        eventually(|| {
            // Another server on this port would answer too, with a different process id.
            let pid = format!("process_id:{}\r\n", starting.pid());
            is_up = self.try_ask("INFO server").is_ok_and(|answer| answer.contains(&pid))
                && self.try_ask("PING").is_ok_and(|answer| answer == "+PONG\r\n");
            is_up || has_ended(starting.pid())
        });
        if is_up {
            *process = Some(starting);
        } else {
            starting.end(Ending::Kill);
        }
        is_up
    }

    fn end(&self, ending: Ending) {
        let process = self.process.lock().expect("no test panicked in here").take();
        process.expect("a running server").end(ending);
    }

    fn signal(&self, signal: Signal) {
        let process = self.process.lock().expect("no test panicked in here");
        let pid = process.as_ref().and_then(|process| Pid::from_raw(i32::try_from(process.pid()).ok()?));
        kill_process(pid.expect("a running server"), signal).expect("the signal is sent");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // The guard of a running server removes the folder.
        if self.process.get_mut().is_ok_and(|process| process.take().is_none()) {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_comes_back_on_its_port_with_what_it_was_told_to_keep() {
        for append_only in [true, false] {
            let options = RedisOptions { append_only, password: Some("secret".to_owned()) };
            let server = RedisServer::start_with(options);
            let port = server.port();
            assert_eq!(server.ask("SET key value"), "+OK\r\n");
            server.kill9();
            assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "the server must not listen any more");
            server.resume();
            let kept = if append_only { "$5\r\nvalue\r\n" } else { "$-1\r\n" };
            assert_eq!((server.port(), server.ask("GET key").as_str()), (port, kept));
            let folder = server.folder.clone();
            drop(server);
            assert!(
                !folder.exists() && TcpStream::connect(("127.0.0.1", port)).is_err(),
                "the server or its folder is left"
            );
        }
    }
}
