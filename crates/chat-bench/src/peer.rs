//! The servers that ours is compared with, as `scripts/install-peers.sh` installs them. Their programs and
//! configurations are in `peers/`.

use crate::client::{Endpoint, Protocol, Way, create_stream};
use crate::process::Meter;
use chat_testkit::servers::Postgres;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// The longest start of a peer, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often to check whether it listens.
const POLL: Duration = Duration::from_millis(50);
/// The database that [`Postgres::create_database`] makes first.
const DATABASE: &str = "test_0";

const NATS: &str = include_str!("../peers/nats.conf");
const JETSTREAM: &str = include_str!("../peers/jetstream.conf");
const EJABBERD: &str = include_str!("../peers/ejabberd.yml");

/// A server that ours is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PeerKind {
    SocketIo,
    Ws,
    Bun,
    Nats,
    JetStream,
    Ejabberd,
    EjabberdPostgres,
}

/// A running peer, which ends on drop.
pub(crate) struct Peer {
    process: Child,
    pub(crate) endpoint: Endpoint,
    database: Option<Postgres>,
    _folder: TempDir,
}

impl PeerKind {
    /// What it stores and checks, for a reader who compares figures.
    pub(crate) const fn work(self) -> &'static str {
        match self {
            Self::SocketIo => {
                "official Socket.IO server on Node: parses, builds the same JSON as ours, numbers, acknowledges; \
                 stores nothing, has no accounts"
            }
            Self::Ws => {
                "`ws` on Node: as the Socket.IO server, over plain WebSocket; messages of one turn of its event loop \
                 share a write per member"
            }
            Self::Bun => "Bun: as the Socket.IO server, over Bun's own WebSocket server and publish",
            Self::Nats => {
                "NATS: forwards the text to subscribers; no number, no acknowledgement; stores nothing, has no accounts"
            }
            Self::JetStream => {
                "NATS JetStream: stores the text in a stream and syncs it (`sync_interval: always`), then acknowledges \
                 and republishes it; no accounts"
            }
            Self::Ejabberd => {
                "ejabberd: a room (XEP-0045) with an archive (mod_mam on Mnesia, not synced); any password signs in"
            }
            Self::EjabberdPostgres => "ejabberd: the same with the archive on PostgreSQL (synchronous_commit)",
        }
    }

    /// The program; `None` if it is not installed.
    fn program(self, folder: &Path) -> Option<PathBuf> {
        match self {
            Self::SocketIo | Self::Ws => {
                let is_there = folder.join("node_modules").is_dir() && folder.join(self.script()).is_file();
                in_path("node").filter(|_| is_there)
            }
            Self::Bun => below(&folder.join("node_modules/@oven"), "bun-", "bin/bun"),
            Self::Nats | Self::JetStream => Some(folder.join("nats/usr/sbin/nats-server")),
            Self::Ejabberd | Self::EjabberdPostgres => libraries().and_then(|_| in_path("erl")),
        }
        .filter(|program| program.is_file())
    }

    const fn script(self) -> &'static str {
        match self {
            Self::Ws => "ws.mjs",
            Self::Bun => "bun.mjs",
            _ => "socketio.mjs",
        }
    }

    fn endpoint(self, port: u16) -> Endpoint {
        let (protocol, way, resumes) = match self {
            Self::SocketIo => (Protocol::SocketIo, Way::Usual, false),
            Self::Ws | Self::Bun => (Protocol::Plain, Way::Room, true),
            Self::Nats => (Protocol::Nats, Way::Usual, false),
            Self::JetStream => (Protocol::JetStream, Way::Usual, false),
            Self::Ejabberd | Self::EjabberdPostgres => (Protocol::Xmpp, Way::Usual, false),
        };
        Endpoint { protocol, address: format!("127.0.0.1:{port}"), way, resumes }
    }
}

impl Peer {
    /// Starts it, with what is installed in this folder, and waits until it listens; `None` if it is not installed.
    /// Panics if it does not start.
    pub(crate) async fn start(kind: PeerKind, installed: &Path) -> Option<Self> {
        let program = kind.program(installed)?;
        // The command below runs in another folder.
        let program = program.canonicalize().expect("a program");
        let own = tempfile::Builder::new().prefix("chat-peer-").tempdir().expect("a folder");
        let mut command = Command::new(program);
        command.current_dir(own.path()).kill_on_drop(true).stdin(Stdio::null());
        let (database, port) = match kind {
            PeerKind::SocketIo | PeerKind::Ws | PeerKind::Bun => {
                let script = installed.join(kind.script()).canonicalize().expect("a script");
                command.arg(script).env("NODE_ENV", "production").stdout(Stdio::piped());
                (None, None)
            }
            PeerKind::Nats | PeerKind::JetStream => {
                let config = own.path().join("nats.conf");
                std::fs::write(&config, if kind == PeerKind::Nats { NATS } else { JETSTREAM }).expect("a file");
                let port = free_port();
                command.args(["-a", "127.0.0.1", "-p", &port.to_string(), "-c"]).arg(config).arg("-sd").arg(own.path());
                command.stdout(log(&own)).stderr(log(&own));
                (None, Some(port))
            }
            PeerKind::Ejabberd | PeerKind::EjabberdPostgres => {
                let database = (kind == PeerKind::EjabberdPostgres).then(archive);
                let port = free_port();
                configure_ejabberd(&mut command, own.path(), port, database.as_ref());
                command.stdout(log(&own)).stderr(log(&own));
                (database, Some(port))
            }
        };
        let mut process = command.spawn().expect("the peer starts");
        let port = match port {
            Some(port) => {
                listening(port, &mut process, &own).await;
                port
            }
            None => told(&mut process).await,
        };
        let endpoint = kind.endpoint(port);
        if kind == PeerKind::JetStream {
            create_stream(&endpoint.address).await;
        }
        Some(Self { process, endpoint, database, _folder: own })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id().expect("a running peer")
    }

    /// Measures all its processes.
    pub(crate) fn meter(&self) -> Meter {
        Meter::of(std::iter::once(self.pid()).chain(self.database.as_ref().map(crate::site::postmaster)))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Its folder is removed next, and the next server must not be measured beside it.
        chat_blackbox::kill_and_wait(&mut self.process);
    }
}

/// The port that it prints as `listening PORT`.
async fn told(process: &mut Child) -> u16 {
    let output = process.stdout.take().expect("its output");
    let first = BufReader::new(output).lines().next_line().await.expect("its output");
    let port = first.as_deref().and_then(|line| line.strip_prefix("listening ")).expect("the peer listens");
    port.parse().expect("a port")
}

/// Waits until it accepts connections.
async fn listening(port: u16, process: &mut Child, folder: &TempDir) {
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        let ended = process.try_wait().expect("a child");
        let log = || std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        assert!(ended.is_none() && start.elapsed() < PATIENCE, "the peer does not start: {}", log());
        tokio::time::sleep(POLL).await;
    }
}

fn log(folder: &TempDir) -> Stdio {
    let file = std::fs::OpenOptions::new().create(true).append(true).open(folder.path().join("log"));
    file.expect("a log file").into()
}

/// A new `PostgreSQL` server with ejabberd's tables.
fn archive() -> Postgres {
    let database = Postgres::start();
    database.create_database();
    let tables = std::fs::read_to_string("/usr/share/ejabberd/sql/pg.sql").expect("ejabberd's tables");
    database.psql(DATABASE, &tables);
    database
}

/// As its own start script does, without the distribution between nodes and its name server.
fn configure_ejabberd(command: &mut Command, folder: &Path, port: u16, database: Option<&Postgres>) {
    let (sql, store) = match database {
        Some(database) => {
            let url = database.url(DATABASE);
            let user = url.trim_start_matches("postgres://").split('@').next().unwrap_or_default();
            let sql = format!(
                "sql_type: pgsql\nsql_server: 127.0.0.1\nsql_port: {}\nsql_database: {DATABASE}\nsql_username: \
                 {user}\nsql_password: none",
                database.port()
            );
            (sql, "sql")
        }
        None => (String::new(), "mnesia"),
    };
    let text = EJABBERD.replace("DATABASE", &sql).replace("PORT", &port.to_string()).replace("STORE", store);
    let config = folder.join("ejabberd.yml");
    std::fs::write(&config, text).expect("a file");
    command
        .env("ERL_LIBS", libraries().expect("installed"))
        .env("EJABBERD_CONFIG_PATH", config)
        .env("EJABBERD_LOG_PATH", folder.join("ejabberd.log"))
        .args(["+K", "true", "+P", "250000", "-mnesia", "dir"])
        .arg(format!("\"{}\"", folder.join("mnesia").display()))
        .args(["-s", "ejabberd", "-noinput"]);
}

/// The folder with ejabberd's code.
fn libraries() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    folders.into_iter().find(|folder| below(folder, "ejabberd-", "ebin").is_some())
}

/// A file in a subfolder whose name begins like this.
fn below(folder: &Path, prefix: &str, file: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let matching = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    matching.map(|entry| entry.path().join(file)).find(|path| path.exists())
}

fn in_path(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port()
}
