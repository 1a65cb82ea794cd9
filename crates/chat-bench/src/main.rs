//! Measures the server from the outside, as `docs/benchmarks.md` describes: a real binary on this machine, real sockets, and what the
//! kernel says that the server used. Every measurement checks that nothing was lost and nothing came out of order; one that finds a
//! fault panics instead of printing a figure.
//!
//! **To add a measurement**: a module with one `run` that prints its method before its figures, and a variant of [`Measurement`].

// Figures are rounded when they are printed.
#![allow(clippy::cast_precision_loss)]

mod disk;
mod fanout;
mod history;
mod http;
mod idle;
mod listener;
mod process;
mod send;
mod site;

use chat_testkit::blackbox::Setup;
use clap::{Parser, Subcommand};
use site::StoreKind;
use std::fmt::Display;
use std::io::Write as _;
use std::path::PathBuf;

#[derive(Debug, Parser)]
#[command(about = "Measures a release build of the server")]
struct Options {
    /// The server's binary
    #[arg(long, default_value = "target/release/chat-server")]
    server: PathBuf,
    #[command(subcommand)]
    measurement: Option<Measurement>,
}

#[derive(Debug, Clone, Subcommand)]
enum Measurement {
    /// Every measurement but `history`, with its defaults; `send` on both stores (what happens without a name)
    All,
    /// Deliveries per CPU-second of the server, to the members of one conversation
    Fanout(fanout::Options),
    /// Memory of the server per idle connection
    Idle(idle::Options),
    /// Durable sends per second over REST
    Send(send::Options),
    /// Pages of histories and lists where there are few messages, and where there are millions; takes minutes, and needs
    /// the program sqlite3
    History(history::Options),
}

#[tokio::main]
async fn main() {
    let options = Options::parse();
    raise_open_files();
    // Requests are not logged: what is measured is the work, not the terminal.
    let binary = options.server.canonicalize().unwrap_or(options.server);
    let setup = move || Setup::new(&binary).set("RUST_LOG", "warn,chat_server=info");
    match options.measurement.unwrap_or(Measurement::All) {
        Measurement::Fanout(options) => fanout::run(&setup(), &options).await,
        Measurement::Idle(options) => idle::run(&setup(), &options).await,
        Measurement::Send(options) => send::run(&setup(), &options).await,
        Measurement::History(options) => history::run(setup, &options).await,
        Measurement::All => {
            fanout::run(&setup(), &fanout::Options::default()).await;
            idle::run(&setup(), &idle::Options::default()).await;
            send::run(&setup(), &send::Options::on(StoreKind::Sqlite)).await;
            send::run(&setup(), &send::Options::on(StoreKind::Postgres)).await;
        }
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
