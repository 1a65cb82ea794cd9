//! A server to measure, with its store and their counters.

use crate::process::{self, Meter};
use chat_blackbox::{Rest, Server, Setup};
use chat_testkit::servers::Postgres;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The name of the first database that [`Postgres::create_database`] creates.
const DATABASE: &str = "test_0";

/// Where messages are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum StoreKind {
    /// The embedded database, in WAL mode with synchronous=FULL
    Sqlite,
    /// A temporary `PostgreSQL` server with fsync on
    Postgres,
}

impl StoreKind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite, WAL, synchronous=FULL",
            Self::Postgres => "PostgreSQL, fsync=on, synchronous_commit=on",
        }
    }
}

/// Settings of the measured server and its database.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Settings {
    /// A setting of the server, such as `DATABASE_WRITERS=4`; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    server: Vec<(String, String)>,
    /// A setting of `PostgreSQL`, such as `commit_delay=100`; may be given several times
    #[arg(long = "postgres-set", value_name = "NAME=VALUE")]
    postgres: Vec<String>,
}

/// Makes `PostgreSQL` count statements.
const STATEMENTS: &str = "shared_preload_libraries=pg_stat_statements";

impl Settings {
    /// Adds the counting of statements, see [`Site::statements`].
    pub(crate) fn counting_statements(&self) -> Self {
        let mut settings = self.clone();
        settings.postgres.push(STATEMENTS.to_owned());
        settings
    }
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("must have the form NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A running server and its store. Both end on drop.
pub(crate) struct Site {
    pub(crate) server: Server,
    admin: Rest,
    database: Option<Postgres>,
}

impl Site {
    pub(crate) async fn start(setup: &Setup, store: StoreKind, settings: &Settings) -> Self {
        let database = (store == StoreKind::Postgres).then(|| {
            // The times of syncs are needed, and cost only two reads of the clock.
            let own = std::iter::once("track_wal_io_timing=on");
            let all: Vec<_> = own.chain(settings.postgres.iter().map(String::as_str)).collect();
            Postgres::start_with(&all)
        });
        let port =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let mut setup = setup.clone().set("ADMIN_PORT", &port.to_string());
        // A server without a data folder does not generate secrets.
        for secret in ["JWT_SECRET", "JWT_REFRESH_SECRET"] {
            setup = setup.set(secret, &format!("a well-known test secret {secret}"));
        }
        if let Some(database) = &database {
            setup = setup.set("DATABASE_URL", &database.create_database());
        }
        for (name, value) in &settings.server {
            setup = setup.set(name, value);
        }
        let server = setup.start().await;
        let admin = Rest::new(&format!("http://127.0.0.1:{port}"));
        Self { server, admin, database }
    }

    /// Returns the meter of all processes of the server and its database.
    pub(crate) fn meter(&self) -> Meter {
        Meter::of(std::iter::once(self.server.pid()).chain(self.database.as_ref().map(postmaster)))
    }

    /// The file of the embedded database; `None` on `PostgreSQL`.
    pub(crate) fn embedded(&self) -> Option<PathBuf> {
        self.database.is_none().then(|| self.server.folder().join("data/chat.db"))
    }

    /// The folder in which the store writes.
    pub(crate) fn store_folder(&self) -> PathBuf {
        self.database.as_ref().map_or_else(|| self.server.folder().to_owned(), |database| database.folder().to_owned())
    }

    /// Runs SQL on the store while the server runs.
    pub(crate) fn sql(&self, sql: &str) {
        let Some(database) = &self.database else {
            let file = self.embedded().expect("a file without a server");
            let ran = std::process::Command::new("sqlite3").args(["-bail", "-batch"]).arg(file).arg(sql).output();
            let ran = ran.expect("sqlite3 is installed");
            assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
            return;
        };
        database.psql(DATABASE, sql);
    }

    /// Resets the counts of statements. Needs [`Settings::counting_statements`].
    pub(crate) fn reset_statements(&self) {
        if let Some(database) = &self.database {
            database.psql(DATABASE, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
            database.psql(DATABASE, "SELECT pg_stat_statements_reset()");
        }
    }

    /// Returns how many statements `PostgreSQL` has run since the reset, and the most frequent ones with their counts.
    /// `None` for the embedded database.
    pub(crate) fn statements(&self) -> Option<(f64, String)> {
        let database = self.database.as_ref()?;
        let own = "WHERE query NOT LIKE '%pg_stat_statements%'";
        let count = database.psql(DATABASE, &format!("SELECT coalesce(sum(calls), 0) FROM pg_stat_statements {own}"));
        let most = database.psql(
            DATABASE,
            &format!(
                "SELECT calls || ' x ' || left(regexp_replace(regexp_replace(query, '\\s+', ' ', 'g'), '^SELECT .*? \
                 FROM', 'SELECT ... FROM'), 150)
                 FROM pg_stat_statements {own} ORDER BY calls DESC LIMIT 12"
            ),
        );
        Some((count.parse().expect("a number"), most))
    }

    /// Reads a metric without labels.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let reply = self.admin.get("~/metrics").await;
        metric(reply.body.as_str().expect("a page of metrics"), name)
    }

    /// Reads all counters. Cheap enough to do while something is measured.
    pub(crate) async fn sample(&self) -> Sample {
        let commits = match &self.database {
            Some(_) => {
                let reply = self.admin.get("~/metrics").await;
                let page = reply.body.as_str().expect("a page of metrics");
                let of = |name: &str| metric(page, &format!("chat_database_{name}_total"));
                Commits { count: of("batches"), sends: of("batched_sends") }
            }
            None => Commits::default(),
        };
        let (machine, stolen) = process::machine();
        Sample {
            at: Instant::now(),
            server: process::cpu_time(self.server.pid()),
            database: self.database.as_ref().map(|database| process::cpu_time_of_family(postmaster(database))),
            client: process::cpu_time(std::process::id()),
            machine,
            stolen,
            commits,
        }
    }

    /// Returns what `PostgreSQL` has written to its log so far. This starts a process and a connection: do not call it
    /// while something is measured.
    pub(crate) fn log(&self) -> Option<Log> {
        self.database.as_ref().map(Log::of)
    }
}

/// Counters at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) at: Instant,
    pub(crate) server: Duration,
    pub(crate) database: Option<Duration>,
    pub(crate) client: Duration,
    pub(crate) machine: Duration,
    pub(crate) stolen: Duration,
    pub(crate) commits: Commits,
}

impl Sample {
    /// Returns the difference to an earlier sample.
    pub(crate) fn since(self, earlier: Self) -> Spent {
        let database = self.database.zip(earlier.database).map(|(now, then)| now.saturating_sub(then));
        let server = self.server.saturating_sub(earlier.server);
        let client = self.client.saturating_sub(earlier.client);
        let ours = server + client + database.unwrap_or_default();
        Spent {
            time: self.at - earlier.at,
            server,
            client,
            others: self.machine.saturating_sub(earlier.machine).saturating_sub(ours),
            stolen: self.stolen.saturating_sub(earlier.stolen),
            database,
            commits: Commits {
                count: self.commits.count - earlier.commits.count,
                sends: self.commits.sends - earlier.commits.sends,
            },
        }
    }
}

/// What was spent between two samples.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    pub(crate) time: Duration,
    pub(crate) server: Duration,
    pub(crate) client: Duration,
    /// CPU time of all processes except the server, its database and this one. It includes the kernel's threads, such
    /// as those that write to the disk.
    pub(crate) others: Duration,
    /// CPU time that the host gave to other machines.
    pub(crate) stolen: Duration,
    pub(crate) database: Option<Duration>,
    pub(crate) commits: Commits,
}

/// Counters of the server's group commit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Commits {
    pub(crate) count: f64,
    pub(crate) sends: f64,
}

/// Counters of `PostgreSQL`'s write-ahead log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Log {
    pub(crate) syncs: f64,
    pub(crate) sync_millis: f64,
    pub(crate) bytes: f64,
}

impl Log {
    fn of(database: &Postgres) -> Self {
        let version: u32 = database.psql(DATABASE, "SHOW server_version_num").parse().expect("a number");
        // Version 18 moved the times to another view.
        let sql = if version < 180_000 {
            "SELECT wal_sync, wal_sync_time, wal_bytes FROM pg_stat_wal"
        } else {
            "SELECT sum(fsyncs), sum(fsync_time), (SELECT wal_bytes FROM pg_stat_wal) FROM pg_stat_io WHERE object = \
             'wal'"
        };
        let line = database.psql(DATABASE, sql);
        let numbers: Vec<f64> = line.split('|').map(|number| number.parse().expect("a number")).collect();
        Self { syncs: numbers[0], sync_millis: numbers[1], bytes: numbers[2] }
    }

    /// Returns the difference to an earlier reading.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            syncs: self.syncs - earlier.syncs,
            sync_millis: self.sync_millis - earlier.sync_millis,
            bytes: self.bytes - earlier.bytes,
        }
    }
}

pub(crate) fn postmaster(database: &Postgres) -> u32 {
    let file = std::fs::read_to_string(database.folder().join("data/postmaster.pid")).expect("a running server");
    file.lines().next().and_then(|line| line.parse().ok()).expect("a process id")
}

fn metric(page: &str, name: &str) -> f64 {
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name} is not among the metrics"))
}
