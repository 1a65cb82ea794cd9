use super::{DEADLINE, POLL, Person, Rest, Socket, polled};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// The settings of a server to be started.
#[derive(Debug, Clone)]
pub struct Setup {
    binary: PathBuf,
    settings: Vec<(String, String)>,
    folder: Arc<TempDir>,
}

impl Setup {
    /// Runs this binary in an empty folder, with cheap password hashing, without rate limits (tests send quickly;
    /// `RATE_LIMIT` turns them on) and without the test's own environment.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder for the server"));
        Self { binary: binary.into(), settings: Vec::new(), folder }.set("BCRYPT_COST", "4").set("RATE_LIMIT", "off")
    }

    /// Adds this setting; a later one with the same name wins.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the machine's clock this many seconds ahead, or behind if negative; [`Server::set_clock`] steps it. The
    /// monotonic clock is not affected.
    #[must_use]
    pub fn clock_off_by(self, seconds: i64) -> Self {
        write_clock(self.folder(), seconds);
        let file = self.folder().join(CLOCK_FILE).display().to_string();
        self.set("LD_PRELOAD", &faketime_library().display().to_string())
            .set("FAKETIME_TIMESTAMP_FILE", &file)
            .set("FAKETIME_NO_CACHE", "1")
            .set("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .set("FAKETIME_DISABLE_SHM", "1")
    }

    /// The folder in which the server runs and keeps its data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("PORT", "0").env("REALTIME_PORT", "0").env("ADMIN_PORT", "0").env("LOG_FORMAT", "json");
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.kill_on_drop(true).stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end. Returns its exit status and its output.
    pub async fn run(&self, arguments: &[&str]) -> (ExitStatus, String) {
        self.feed(arguments, "").await
    }

    /// Runs the binary to its end with this text as standard input.
    pub async fn feed(&self, arguments: &[&str], input: &str) -> (ExitStatus, String) {
        let file = self.folder.path().join(format!("input-{}", uuid::Uuid::now_v7()));
        std::fs::write(&file, input).expect("an input file");
        let mut command = self.command(arguments);
        command.stdin(std::fs::File::open(&file).expect("the input file"));
        let output = tokio::time::timeout(DEADLINE, command.output());
        let output = output.await.expect("the process ends in time").expect("the binary runs");
        let text = [output.stdout, output.stderr].concat();
        (output.status, String::from_utf8_lossy(&text).into_owned())
    }

    /// Runs the binary to its end with this output. Returns its exit status.
    pub async fn run_writing_to(&self, arguments: &[&str], output: Stdio, errors: Stdio) -> ExitStatus {
        let mut process = self.command(arguments).stdout(output).stderr(errors).spawn().expect("the binary runs");
        let ended = tokio::time::timeout(DEADLINE, process.wait());
        ended.await.expect("the process ends in time").expect("an exit status")
    }

    /// Starts the server with this output instead of a log file, and waits until it is ready. The port is chosen here,
    /// since the server's choice would be in its log.
    pub async fn start_writing_to(&self, output: Stdio, errors: Stdio) -> Server {
        let port = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let port = port.expect("a free port").port();
        let setup = self.clone().set("PORT", &port.to_string());
        let process = setup.command(&["serve"]).stdout(output).stderr(errors).spawn().expect("the server starts");
        let (log, base) = (self.folder.path().join("no.log"), format!("http://127.0.0.1:{port}"));
        let server = Server { setup, process, log, base };
        server.readiness(200).await;
        server
    }

    /// Starts the server and waits until it is ready.
    pub async fn start(&self) -> Server {
        let log = self.folder.path().join(format!("server-{}.log", uuid::Uuid::now_v7()));
        let output = std::fs::File::create(&log).expect("a log file");
        let mut command = self.command(&["serve"]);
        command.stdout(output.try_clone().expect("a second handle")).stderr(output);
        let process = command.spawn().expect("the server starts");
        let mut server = Server { setup: self.clone(), process, log, base: String::new() };
        server.base = server.listening().await;
        server.readiness(200).await;
        server
    }
}

/// The file from which libfaketime reads the clock's offset.
const CLOCK_FILE: &str = "clock";

/// Replaces the file atomically: the server reads the old or the new offset.
fn write_clock(folder: &Path, seconds: i64) {
    let new = folder.join("clock.new");
    std::fs::write(&new, format!("{seconds:+}")).expect("to write the clock");
    std::fs::rename(new, folder.join(CLOCK_FILE)).expect("to set the clock");
}

/// The library that libfaketime's own program preloads. Preloaded directly, so that the server is our child process.
fn faketime_library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let library = Path::new("faketime/libfaketimeMT.so.1");
    folders
        .map(|folder| folder.join(library))
        .chain([Path::new("/usr/lib").join(library), Path::new("/usr/local/lib").join(library)])
        .find(|path| path.is_file())
        .expect("libfaketime is not installed: apt install faketime")
}

/// A running server. Dropping it kills it and waits until it has ended, so that the next one can lock its data.
#[derive(Debug)]
pub struct Server {
    setup: Setup,
    process: Child,
    log: PathBuf,
    base: String,
}

impl Server {
    /// `http://address:port`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The folder in which the server runs and keeps its data.
    pub fn folder(&self) -> &Path {
        self.setup.folder()
    }

    /// The URL of the WebSocket.
    pub fn socket_url(&self) -> String {
        format!("{}/api/v1/ws", self.base.replacen("http", "ws", 1))
    }

    /// Steps the clock of a server that was set up with [`Setup::clock_off_by`].
    pub fn set_clock(&self, seconds: i64) {
        write_clock(self.setup.folder(), seconds);
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.id().expect("a running server")
    }

    /// A client without a token.
    pub fn rest(&self) -> Rest {
        Rest::new(&self.base)
    }

    /// Registers a new user whose names start with this name.
    pub async fn register(&self, name: &str) -> Person {
        Person::register(&self.rest(), name).await
    }

    /// Connects a user's WebSocket, with the token in the upgrade's header.
    pub async fn connect(&self, person: &Person) -> Socket {
        Socket::connect(&self.socket_url(), &person.access_token).await
    }

    /// Like [`Self::connect`], in the `camel` dialect.
    pub async fn connect_camel(&self, person: &Person) -> Socket {
        Socket::connect_camel(&self.socket_url(), &person.access_token).await
    }

    /// The log so far, including its last error.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Fails if the log contains a panic or an error.
    pub fn assert_untroubled(&self) {
        let log = self.log();
        let troubles: Vec<_> =
            log.lines().filter(|line| line.contains("panicked at") || line.contains(r#""level":"ERROR""#)).collect();
        assert!(troubles.is_empty(), "the log contains errors: {troubles:#?}");
    }

    /// Waits until a line of the log contains this text.
    pub async fn logged(&self, text: &str) {
        self.logged_times(text, 1).await;
    }

    /// Waits until this many lines of the log contain this text.
    pub async fn logged_times(&self, text: &str, times: usize) {
        let lines = || self.log().lines().filter(|line| line.contains(text)).count();
        let found = polled(async || (lines() >= times).then_some(())).await;
        assert!(found.is_some(), "{text:?} is not {times} times in the log:\n{}", self.log());
    }

    /// Waits until `/health/ready` answers with this status.
    pub async fn readiness(&self, status: u16) {
        let url = format!("{}/health/ready", self.base);
        let is_reached = async || reqwest::get(&url).await.is_ok_and(|answer| answer.status() == status);
        let reached = polled(async || is_reached().await.then_some(())).await;
        assert!(reached.is_some(), "/health/ready does not answer {status}:\n{}", self.log());
    }

    /// Asks the server to stop, like a service manager.
    pub fn terminate(&self) {
        let pid = i32::try_from(self.pid()).ok().and_then(rustix::process::Pid::from_raw).expect("a process id");
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("the signal is sent");
    }

    /// Limits the size of the files that the server writes, like a full disk; `None` removes the limit.
    #[cfg(target_os = "linux")]
    pub fn limit_files(&self, bytes: Option<u64>) {
        use rustix::process::{Pid, Resource, Rlimit, prlimit};
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(pid, Resource::Fsize, limit).expect("the limit is set");
    }

    /// Waits until the process ends.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = tokio::time::timeout(DEADLINE, self.process.wait()).await;
        ended.unwrap_or_else(|_| panic!("the server did not end:\n{}", self.log())).expect("an exit status")
    }

    /// `kill -9`: the server cannot finish anything.
    pub async fn kill(&mut self) {
        self.process.start_kill().expect("the server is killed");
        self.ended().await;
    }

    /// Starts the server again on the same data, on another port.
    pub async fn restart(&self) -> Self {
        self.setup.start().await
    }

    /// The address, from the log record that contains it.
    async fn listening(&mut self) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let log = self.log();
            let address = log
                .lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok())
                .find_map(|record| record["fields"]["url"].as_str().map(str::to_owned));
            if let Some(address) = address {
                return address;
            }
            let ended = self.process.try_wait().expect("a process to ask");
            assert!(ended.is_none() && Instant::now() < deadline, "the server did not start ({ended:?}):\n{log}");
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        kill_and_wait(&mut self.process);
    }
}

/// Kills a process and waits until it has ended and released its locks, files and ports. The wait blocks the thread,
/// because a drop cannot be asynchronous; the kernel ends a killed process within milliseconds.
pub fn kill_and_wait(process: &mut Child) {
    // Fails if the process has ended already.
    let _ = process.start_kill();
    let deadline = Instant::now() + DEADLINE;
    while matches!(process.try_wait(), Ok(None)) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
}
