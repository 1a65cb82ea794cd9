//! Measures the server from the outside, as `docs/benchmarks.md` describes: a real binary on this machine, real
//! sockets, and what the kernel says that the server used. Every measurement checks that nothing was lost and nothing
//! came out of order; one that finds a fault panics instead of printing a figure.
//!
//! **To add a measurement**: a module with one `run` that prints its method before its figures, and a variant of
//! [`Measurement`].

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
mod send;
mod siege;
mod site;
mod stage;
mod storm;

use chat_blackbox::Setup;
use clap::{Parser, Subcommand};
use report::Report;
use std::fmt::Display;
use std::io::Write as _;
use std::path::PathBuf;

#[derive(Debug, Parser)]
#[command(about = "Measures a release build of the server, beside an official Socket.IO server")]
struct Options {
    /// The server's binary
    #[arg(long, default_value = "target/release/chat-server")]
    server: PathBuf,
    /// Writes all figures into this file, too
    #[arg(long, value_name = "FILE", global = true)]
    json: Option<PathBuf>,
    #[command(subcommand)]
    measurement: Measurement,
}

#[derive(Debug, Subcommand)]
enum Measurement {
    /// What a raw `send()` costs on this machine, against which the others are to be read
    Baseline(baseline::Options),
    /// Deliveries per CPU-second to the members of one conversation, one message at a time
    Fanout(contest::Terms),
    /// The same in bursts
    Burst(fanout::BurstOptions),
    /// How long the last member waits, at half of the peer's peak rate
    Latency(fanout::LatencyOptions),
    /// Memory of the server per idle connection
    Idle(idle::Options),
    /// Durable sends per second over REST
    Send(send::Options),
    /// Pages of histories and lists where there are few messages, and where there are millions; takes minutes, and
    /// needs the program sqlite3
    History(history::Options),
    /// Pages of the list of conversations of a user who has very many; takes minutes, and needs the program sqlite3
    Lists(lists::Options),
    /// All clients come back at once
    ReconnectStorm(storm::Options),
    /// What a day is like
    Mixed(mixed::Options),
    /// What clients that mean harm do to all others
    Siege(siege::Options),
    /// The floor of `siege`: a server that accepts and closes
    #[command(hide = true)]
    AcceptAndClose,
}

/// One thread: it reads for all clients, and the server has the other cores for itself.
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let options = Options::parse();
    raise_open_files();
    // Requests are not logged: what is measured is the work, not the terminal. What takes long to set up must not lose
    // its tokens on the way.
    let binary = options.server.canonicalize().unwrap_or(options.server);
    let setup = move || Setup::new(&binary).set("RUST_LOG", "warn,chat_server=info").set("JWT_EXPIRATION", "12h");
    let mut report = Report::default();
    measure(setup, &options.measurement, &mut report).await;
    if let Some(file) = options.json {
        report.write(&file);
    }
}

async fn measure(setup: impl Fn() -> Setup, measurement: &Measurement, report: &mut Report) {
    // What a delivery costs at the least belongs beside every figure of deliveries.
    if matches!(measurement, Measurement::Fanout(_) | Measurement::Burst(_) | Measurement::Latency(_)) {
        baseline::run(&baseline::Options::default(), report);
    }
    match measurement {
        Measurement::Baseline(options) => baseline::run(options, report),
        Measurement::Fanout(terms) => fanout::one_at_a_time(&setup(), terms, report).await,
        Measurement::Burst(options) => fanout::burst(&setup(), options, report).await,
        Measurement::Latency(options) => fanout::latency(&setup(), options, report).await,
        Measurement::Idle(options) => idle::run(&setup(), options, report).await,
        Measurement::Send(options) => send::run(&setup(), options, report).await,
        Measurement::History(options) => history::run(setup, options, report).await,
        Measurement::Lists(options) => lists::run(setup, options, report).await,
        Measurement::ReconnectStorm(options) => storm::run(&setup(), options, report).await,
        Measurement::Mixed(options) => mixed::run(&setup(), options, report).await,
        // What is refused is logged as in production, since that is a part of the cost.
        Measurement::Siege(options) => siege::run(&setup().set("RUST_LOG", "info"), options, report).await,
        Measurement::AcceptAndClose => siege::accept_and_close(),
    }
}

/// Prints a line; a reader that has gone does not matter.
fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Thousands of sockets are as many files, here as in the server.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    if raised.is_err() {
        say("The limit of open files stays as it is.");
    }
}
