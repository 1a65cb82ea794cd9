//! The chat server, thin: it reads the configuration, wires the crates together, starts them and stops them in order.
//!
//! **Owns** the settings and their defaults, the command line, the log's form, and the process's life from start to
//! signal. **Must never know** what a message is: everything about chat is in the crates that it wires.
//!
//! **To add a setting**: a row of `config/settings.rs`, a field of [`config::Config`] that reads it, a line in
//! `.env.example` and a row in the README; tests hold the four together.

mod cli;
mod clock;
mod cluster;
mod collisions;
mod config;
mod health;
mod listen;
mod logging;
mod metrics;
mod serve;
mod store;
mod tickers;
mod users;
mod wiring;

use std::io::Write as _;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match cli::run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Also where nothing is set up yet: the last word goes where a terminal shows it.
            // A standard error that takes nothing changes nothing about how the process ends.
            let _ = writeln!(std::io::stderr(), "chat-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}
