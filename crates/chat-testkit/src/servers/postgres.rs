use super::process::{Ending, Process};
use super::{eventually, free_port};
use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use tokio::sync::OnceCell;

const USER: &str = "postgres";
const TEMPLATE: &str = "migrated";

/// As many tests as a machine runs at once, each with the pools of several nodes.
const MAX_CONNECTIONS: u32 = 300;

/// A throw-away `PostgreSQL` server with the settings of a real one: what it acknowledges is on disk.
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    settings: Vec<String>,
    process: Mutex<Option<Process>>,
    databases: AtomicU32,
    template: OnceCell<()>,
}

impl Postgres {
    /// A server of one's own, to be stopped and broken.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with settings, such as `fsync=off`.
    pub fn start_with(settings: &[&str]) -> Self {
        let programs = find_programs();
        let folder = tempfile::Builder::new().prefix("chat-postgres-").tempdir().expect("a folder").keep();
        own_by_server(&folder);
        let data = folder.join("data");
        let initdb = Command::new("sh")
            .args(["-c", "exec \"$@\" >/dev/null", "initdb"])
            .args(as_server(&programs.join("initdb")))
            .arg("-D")
            .arg(&data)
            .args(["-U", USER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"])
            .current_dir(&folder)
            .output()
            .expect("initdb");
        assert!(initdb.status.success(), "initdb: {}", String::from_utf8_lossy(&initdb.stderr));
        let server = Self {
            programs,
            folder,
            port: free_port(),
            settings: settings.iter().map(ToString::to_string).collect(),
            process: Mutex::new(None),
            databases: AtomicU32::new(0),
            template: OnceCell::new(),
        };
        server.resume();
        server
    }

    /// The one server of this process, for tests that break nothing.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// The address of a database on this server.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// The port it listens on; stays the same over restarts.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its folder, in which `data` is the cluster.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The address of a new, empty database.
    pub fn create_database(&self) -> String {
        self.create_from("template1")
    }

    /// The address of a new database that is a copy of one that was migrated once, by what is given here.
    pub async fn create_migrated_database(&self, migrate: impl AsyncFnOnce(String)) -> String {
        self.template
            .get_or_init(async || {
                self.psql("postgres", &format!("CREATE DATABASE {TEMPLATE}"));
                migrate(self.url(TEMPLATE)).await;
            })
            .await;
        self.create_from(TEMPLATE)
    }

    fn create_from(&self, template: &str) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
        // The connection that migrated the template may take a moment to be gone.
        let created = eventually(|| self.try_psql("postgres", &sql).is_ok());
        assert!(created, "{sql}: {:?}", self.try_psql("postgres", &sql));
        self.url(&name)
    }

    /// What the server answers to some SQL, as text without headings.
    pub fn psql(&self, database: &str, sql: &str) -> String {
        self.try_psql(database, sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    fn try_psql(&self, database: &str, sql: &str) -> Result<String, String> {
        let output = Command::new(self.programs.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &self.url(database), "-c", sql])
            .output()
            .expect("psql");
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Holds a table against everybody, as a migration or a careless operator does, until the result is dropped.
    pub fn lock_table(&self, database: &str, table: &str) -> OpenTransaction {
        self.begin(database, &format!("LOCK TABLE {table}"))
    }

    /// Runs some SQL in a transaction that stays open until it is committed, or undone by dropping it.
    pub fn begin(&self, database: &str, sql: &str) -> OpenTransaction {
        let mut session = Command::new(self.programs.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &self.url(database)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("psql");
        let input = session.stdin.as_mut().expect("piped");
        writeln!(input, "BEGIN;\n{sql};\nSELECT 'held';").expect("psql reads");
        let answers = BufReader::new(session.stdout.take().expect("piped")).lines();
        let mut transaction = OpenTransaction { session, answers };
        transaction.answered("held");
        transaction
    }

    /// Stops the server in order: who is connected is sent away.
    pub fn stop(&self) {
        self.end(Ending::Stop);
    }

    /// Ends the server by `SIGKILL`, as a crash does.
    pub fn kill9(&self) {
        self.end(Ending::Kill);
    }

    /// Starts the server again, on the same port with the same data, and waits until it takes connections.
    pub fn resume(&self) {
        let mut process = self.process.lock().expect("no test panicked in here");
        assert!(process.is_none(), "the server runs already");
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
        // After a crash, what is left of the old server may have to go first.
        let is_up = eventually(|| {
            let starting = Process::start(&self.folder, &command);
            if eventually_ready(|| self.is_ready(), starting.pid()) {
                *process = Some(starting);
                return true;
            }
            starting.end(Ending::Stop);
            false
        });
        assert!(is_up, "PostgreSQL does not start:\n{}", self.log());
    }

    /// Stops the server and starts it again.
    pub fn restart(&self) {
        self.stop();
        self.resume();
    }

    /// What the server has written to its log.
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
        // A running server's guard removes the folder.
        if self.process.get_mut().is_ok_and(|process| process.take().is_none()) {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// A transaction that is open; dropped, it is undone.
pub struct OpenTransaction {
    session: Child,
    answers: Lines<BufReader<ChildStdout>>,
}

impl OpenTransaction {
    /// Commits it.
    pub fn commit(mut self) {
        let input = self.session.stdin.as_mut().expect("piped");
        writeln!(input, "COMMIT;\nSELECT 'committed';").expect("psql reads");
        self.answered("committed");
    }

    /// Runs more SQL in it, and waits until that is done.
    pub fn run(&mut self, sql: &str) {
        let input = self.session.stdin.as_mut().expect("piped");
        writeln!(input, "{sql};\nSELECT 'done';").expect("psql reads");
        self.answered("done");
    }

    /// Waits for this answer. A transaction that failed answers nothing.
    fn answered(&mut self, expected: &str) {
        let found = self.answers.by_ref().any(|line| line.expect("psql answers") == expected);
        assert!(found, "psql ended before it said {expected}");
    }
}

impl Drop for OpenTransaction {
    fn drop(&mut self) {
        // At the end of its input psql goes, and the server undoes its transaction.
        drop(self.session.stdin.take());
        let _ = self.session.wait();
    }
}

/// Waits until the server answers, or has ended.
fn eventually_ready(is_ready: impl Fn() -> bool, pid: u32) -> bool {
    let mut is_up = false;
    eventually(|| {
        is_up = is_ready();
        is_up || has_ended(pid)
    });
    is_up
}

/// Whether the process is gone, or only waited for.
fn has_ended(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| stat.contains(") Z "))
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The command line that runs a program as a user that `PostgreSQL` accepts.
fn as_server(program: &Path) -> Vec<String> {
    let program = program.display().to_string();
    if !is_root() {
        return vec![program];
    }
    let drop_root = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"];
    drop_root.iter().map(ToString::to_string).chain([program]).collect()
}

fn own_by_server(folder: &Path) {
    if is_root() {
        let id = |option: &str| {
            let output = Command::new("id").args([option, USER]).output().expect("id");
            String::from_utf8_lossy(&output.stdout).trim().parse().ok()
        };
        let (user, group) = (id("-u"), id("-g"));
        assert!(user.is_some(), "where tests run as root, PostgreSQL needs a user {USER}");
        std::os::unix::fs::chown(folder, user, group).expect("to give the folder to PostgreSQL");
    }
}

/// The folder of the newest `PostgreSQL` on this machine.
fn find_programs() -> PathBuf {
    let in_path =
        std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let mut debian: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    debian.sort_unstable_by(|one, other| other.cmp(one));
    debian
        .into_iter()
        .map(|(_, folder)| folder)
        .chain(in_path)
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        .expect("PostgreSQL is not installed: see the documentation of chat_testkit::servers")
}
