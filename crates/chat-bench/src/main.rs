//! Measures the server from the outside, as `docs/benchmarks.md` describes: a real binary on this machine, real
//! sockets, and the kernel's counters of what the server used. Every measurement checks that nothing was lost or
//! delivered out of order; if it finds a fault, it panics instead of printing a figure.
//!
//! **To add a measurement**: write a module with one `run` that prints its method before its figures, and add a variant
//! of [`Measurement`].

// Figures are rounded when they are printed.
#![allow(clippy::cast_precision_loss)]

mod baseline;
mod client;
mod contest;
mod crowd;
mod disk;
mod fanout;
mod history;
mod http;
mod idle;
mod lists;
mod mixed;
mod pages;
mod peer;
mod process;
mod progress;
mod report;
mod rooms;
mod scene;
mod send;
mod siege;
mod site;
mod stage;
mod storm;
mod table;
mod wal;

use clap::{Parser, Subcommand};
use report::Report;
use scene::Scene;
use std::fmt::Display;
use std::io::Write as _;
use std::path::PathBuf;

#[derive(Debug, Parser)]
#[command(about = "Measures a release build of the server, beside other servers")]
struct Options {
    /// Path of the server's binary
    #[arg(long, default_value = "target/release/chat-server")]
    server: PathBuf,
    /// Another build of the server, measured as `--entrant before`
    #[arg(long, value_name = "FILE", global = true)]
    before: Option<PathBuf>,
    /// The folder in which scripts/install-peers.sh has installed the other servers
    #[arg(long, value_name = "FOLDER", default_value = "target/peers", global = true)]
    peers: PathBuf,
    /// Also writes all figures to this file
    #[arg(long, value_name = "FILE", global = true)]
    json: Option<PathBuf>,
    #[command(subcommand)]
    measurement: Measurement,
}

#[derive(Debug, Subcommand)]
enum Measurement {
    /// Cost of a raw `send()` on this machine, to compare the other figures with
    Baseline(baseline::Options),
    /// Deliveries per CPU-second to the members of one conversation
    Fanout(fanout::Options),
    /// Open loop to 10,000 connections in rooms of 20, at rates that rise until a server no longer keeps up
    Rooms(rooms::Options),
    /// Latency to the last member, at half of the official Socket.IO server's peak rate
    Latency(fanout::LatencyOptions),
    /// Memory of the server per idle connection
    Idle(idle::Options),
    /// Durable sends per second over REST
    Send(send::Options),
    /// Pages of histories and conversation lists with few and with millions of messages; takes minutes, and needs the
    /// program sqlite3
    History(history::Options),
    /// Pages of the conversation list of a user with very many conversations; takes minutes, and needs the program
    /// sqlite3
    Lists(lists::Options),
    /// What a durable send costs in the embedded store: pages of its log, and CPU
    Wal(wal::Options),
    /// All clients reconnect at once
    ReconnectStorm(storm::Options),
    /// A mix of all kinds of work, as on a usual day
    Mixed(mixed::Options),
    /// Effect of malicious clients on all others
    Siege(siege::Options),
    /// The baseline of `siege`: a server that accepts connections and closes them
    #[command(hide = true)]
    AcceptAndClose,
}

/// One thread reads for all clients, which leaves the other cores to the server.
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let options = Options::parse();
    raise_open_files();
    let scene = Scene { server: options.server, before: options.before, peers: options.peers };
    let mut report = Report::default();
    measure(&scene, &options.measurement, &mut report).await;
    if let Some(file) = options.json {
        report.write(&file);
    }
}

async fn measure(scene: &Scene, measurement: &Measurement, report: &mut Report) {
    match measurement {
        Measurement::Baseline(options) => baseline::run(options, report),
        Measurement::Fanout(options) => fanout::run(scene, options, report).await,
        Measurement::Rooms(options) => rooms::run(scene, options, report).await,
        Measurement::Latency(options) => fanout::latency(scene, options, report).await,
        Measurement::Idle(options) => idle::run(scene, options, report).await,
        Measurement::Send(options) => send::run(scene, options, report).await,
        Measurement::History(options) => history::run(|| scene.setup(), options, report).await,
        Measurement::Lists(options) => lists::run(|| scene.setup(), options, report).await,
        Measurement::ReconnectStorm(options) => storm::run(&scene.setup(), options, report).await,
        Measurement::Wal(options) => wal::run(options, report).await,
        Measurement::Mixed(options) => mixed::run(&scene.setup(), options, report).await,
        // Refusals are logged as in production, because the log is part of their cost.
        Measurement::Siege(options) => siege::run(&scene.setup().set("RUST_LOG", "info"), options, report).await,
        Measurement::AcceptAndClose => siege::accept_and_close(),
    }
}

/// Prints a line. Ignores that a reader of the output may be gone.
fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Every socket needs a file descriptor, in this process and in the server.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    if raised.is_err() {
        say("The limit of open files could not be raised.");
    }
}
