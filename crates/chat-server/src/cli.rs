//! The command line.

use crate::backup::{self, Backup, EpochCommand};
use crate::config::{self, Config, Source};
use crate::store::Store;
use crate::{health, listen, logging, serve, users};
use anyhow::Context as _;
use clap::{Parser, Subcommand};
use std::io::Write as _;
use std::path::Path;

/// A chat backend with REST, WebSocket and Socket.IO.
#[derive(Debug, Parser)]
#[command(version, after_help = config::help())]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server (the default)
    Serve,
    /// Check the health of a running server: exit code 0 if healthy, else 1. For containers without curl
    Health(health::Options),
    /// Migrate the database, then exit
    Migrate,
    /// Copy the embedded database into a new file, also while a server is running
    Backup(Backup),
    /// Replace the embedded database by a backup, while no server is running, and begin a new epoch
    Restore(Backup),
    /// Manage the epoch of the database
    #[command(subcommand)]
    Epoch(EpochCommand),
    /// Manage accounts, also while a server is running
    #[command(subcommand)]
    Users(users::Command),
    /// Print the OpenAPI document
    Openapi,
    /// Print the AsyncAPI document of the realtime connection
    Asyncapi,
    /// Print the frames that a WebSocket receives, for trying the server
    Listen(listen::Options),
}

/// Runs the command in the arguments.
pub(crate) async fn run() -> anyhow::Result<()> {
    match Cli::parse().command.unwrap_or(Command::Serve) {
        Command::Serve => {
            let config = read_config()?;
            let _flush = logging::start(config.log_format, &config.log_filter)?;
            serve::run(config).await
        }
        Command::Health(options) => health::run(&options).await,
        Command::Migrate => migrate(&read_config()?).await,
        Command::Backup(arguments) => backup::back_up(arguments, &read_config()?).await,
        Command::Restore(arguments) => backup::restore(arguments, &read_config()?).await,
        Command::Epoch(command) => backup::run_epoch(command, &read_config()?).await,
        Command::Users(command) => users::run(command, &read_config()?).await,
        Command::Openapi => print(&chat_http::openapi_json()),
        Command::Asyncapi => print(&chat_http::asyncapi_json()),
        Command::Listen(options) => listen::run(options).await,
    }
}

fn read_config() -> anyhow::Result<Config> {
    Ok(Config::read(&Source::read(Path::new(".env"))?)?)
}

async fn migrate(config: &Config) -> anyhow::Result<()> {
    match Store::migrate(&config.database).await?.as_slice() {
        [] => print("The database is up to date.\n"),
        names => print(&format!("Migrated: {}\n", names.join(", "))),
    }
}

/// Writes to standard output. A closed pipe is not an error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error).context("cannot print"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound_and_help_shows_the_settings() {
        let mut command = Cli::command();
        command.clone().debug_assert();
        let help = command.render_long_help().to_string();
        assert!(help.contains("DATABASE_URL") && help.contains("migrate") && help.contains("openapi"), "{help}");
        assert!(help.contains("asyncapi"), "{help}");
    }
}
