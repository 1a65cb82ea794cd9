mod databases;
mod of_run;
mod programs;
mod transaction;

pub use databases::DatabaseGuard;
pub use transaction::OpenTransaction;

use super::process::{Ending, Process};
use super::{eventually, free_port, has_ended};
use programs::{as_server, find_programs, own_by_server};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicU32;
use std::sync::{Mutex, OnceLock};

const USER: &str = "postgres";

/// Enough for all tests that run at once, each with the pools of several nodes.
const MAX_CONNECTIONS: u32 = 300;

/// A temporary `PostgreSQL` server with production settings: what it acknowledges is on disk.
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    settings: Vec<String>,
    process: Mutex<Option<Process>>,
    /// The prefix of the names of its databases.
    prefix: String,
    databases: AtomicU32,
}

impl Postgres {
    /// Starts a server for one test, which may stop and break it.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with these settings, such as `fsync=off`.
    pub fn start_with(settings: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("chat-postgres-").tempdir().expect("a folder").keep();
        let server = Self::new(folder, free_port(), settings);
        server.make_data();
        server.resume();
        server
    }

    fn new(folder: PathBuf, port: u16, settings: &[&str]) -> Self {
        Self {
            programs: find_programs(),
            folder,
            port,
            settings: settings.iter().map(ToString::to_string).collect(),
            process: Mutex::new(None),
            prefix: "test".to_owned(),
            databases: AtomicU32::new(0),
        }
    }

    /// Creates an empty cluster in its folder.
    fn make_data(&self) {
        own_by_server(&self.folder);
        let data = self.folder.join("data");
        if of_run::copy_pristine(&data) {
            return;
        }
        let initdb = Command::new("sh")
            .args(["-c", "exec \"$@\" >/dev/null", "initdb"])
            .args(as_server(&self.programs.join("initdb")))
            .arg("-D")
            .arg(&data)
            .args(["-U", USER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"])
            .current_dir(&self.folder)
            .output()
            .expect("initdb");
        assert!(initdb.status.success(), "initdb: {}", String::from_utf8_lossy(&initdb.stderr));
    }

    /// Returns the server that all tests of this process share. They must leave it working.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Returns the address of a database on this server.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Returns the port, which stays the same over restarts.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns the server's folder. Its subfolder `data` is the cluster.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs SQL and returns the result, as text without headings.
    pub fn psql(&self, database: &str, sql: &str) -> String {
        self.try_psql(database, sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    fn try_psql(&self, database: &str, sql: &str) -> Result<String, String> {
        let output = self.session(database).args(["-c", sql]).output().expect("psql");
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Returns a `psql` that ends at the first error.
    fn session(&self, database: &str) -> Command {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &self.url(database)]);
        psql
    }

    /// Locks a table exclusively, as a migration or an operator may do, until the result is dropped.
    pub fn lock_table(&self, database: &str, table: &str) -> OpenTransaction {
        self.begin(database, &format!("LOCK TABLE {table}"))
    }

    /// Runs SQL in a transaction that stays open until it is committed, or rolled back on drop.
    pub fn begin(&self, database: &str, sql: &str) -> OpenTransaction {
        OpenTransaction::begin(&mut self.session(database), sql)
    }

    /// Stops the server and ends all of its connections.
    pub fn stop(&self) {
        self.end(Ending::Stop);
    }

    /// Ends the server by `SIGKILL`, like a crash.
    pub fn kill9(&self) {
        self.end(Ending::Kill);
    }

    /// Starts the server again, on the same port with the same data, and waits until it accepts connections.
    pub fn resume(&self) {
        let mut process = self.process.lock().expect("no test panicked in here");
        assert!(process.is_none(), "the server is already running");
        let mut command = as_server(&self.programs.join("postgres"));
        command.extend(["-D".to_owned(), self.folder.join("data").display().to_string()]);
        let own = [
            format!("port={}", self.port),
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".to_owned(),
            format!("max_connections={MAX_CONNECTIONS}"),
        ];
        for setting in own.iter().chain(&self.settings) {
            command.extend(["-c".to_owned(), setting.clone()]);
        }
        // After a crash, remains of the old server may have to end first.
        let is_up = eventually(|| {
            let starting = Process::start(&self.folder, &command);
            if eventually_ready(|| self.is_ready(), starting.pid()) {
                *process = Some(starting);
                return true;
            }
            starting.end(Ending::Stop);
            false
        });
        assert!(is_up, "PostgreSQL did not start:\n{}", self.log());
    }

    /// Stops the server and starts it again.
    pub fn restart(&self) {
        self.stop();
        self.resume();
    }

    /// Returns the server's log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn end(&self, ending: Ending) {
        let process = self.process.lock().expect("no test panicked in here").take();
        process.expect("a running server").end(ending);
    }

    fn is_ready(&self) -> bool {
        Command::new(self.programs.join("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
            .status()
            .is_ok_and(|status| status.success())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The guard of a running server removes the folder.
        if self.process.get_mut().is_ok_and(|process| process.take().is_none()) {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Waits until the server is ready or has ended.
fn eventually_ready(is_ready: impl Fn() -> bool, pid: u32) -> bool {
    let mut is_up = false;
    eventually(|| {
        is_up = is_ready();
        is_up || has_ended(pid)
    });
    is_up
}
