//! The chat server, a thin binary: it reads the configuration, wires the crates together, starts them and stops them in
//! order.
//!
//! **Owns** the settings and their defaults, the command line, the format of the log, and the life of the process from
//! start to signal. **Must never know** what a message is: everything about chat is in the crates that it wires.
//!
//! **To add a setting**: a row in `config/settings.rs`, a field of [`config::Config`] that reads it, a line in
//! `.env.example` and a row in the README. Tests compare the four.

mod backup;
mod cli;
mod clock;
mod cluster;
mod collisions;
mod config;
mod cut;
mod health;
mod landmarks;
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
            // The last error also goes to standard error, since logging may not have started. If standard error does
            // not accept it, the process ends in the same way.
            let _ = writeln!(std::io::stderr(), "chat-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}
