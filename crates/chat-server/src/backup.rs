//! The commands for backups: `chat-server backup`, `chat-server restore` and `chat-server epoch new`.

use crate::cli::print;
use crate::config::{Config, Database};
use crate::store::Store;
use anyhow::{Context as _, bail};
use chat_sqlite::SqliteStore;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// The section of the guide that shows how to back up a server.
const GUIDE: &str = "docs/operations.md, \"Backup and restore\"";

/// The file of a backup.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The file
    file: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EpochCommand {
    /// Begin a new epoch after the database was restored by other means than `chat-server restore`: clients drop what
    /// they have, and read it again. No server may be running on the database
    New,
}

/// Copies the database into a new file.
pub(crate) async fn back_up(Backup { file }: Backup, config: &Config) -> anyhow::Result<()> {
    let Database::File(database) = &config.database else {
        bail!("this command copies an embedded database. Back up PostgreSQL with its own tools ({GUIDE})");
    };
    Store::require_existing(&config.database).await?;
    let (path, shown) = (database.path().to_owned(), file.display().to_string());
    tokio::task::spawn_blocking(move || SqliteStore::backup(&path, &file)).await??;
    print(&format!("Backed up to {shown}.\n"))
}

/// Replaces the database by a backup.
pub(crate) async fn restore(Backup { file }: Backup, config: &Config) -> anyhow::Result<()> {
    let Database::File(database) = &config.database else {
        bail!(
            "this command restores an embedded database. Restore PostgreSQL with its own tools, then run \
             `chat-server epoch new` ({GUIDE})"
        );
    };
    let (path, shown) = (database.path().to_owned(), file.display().to_string());
    let epoch = tokio::task::spawn_blocking(move || SqliteStore::restore(&file, &path)).await??;
    print(&format!("Restored {shown}. A new epoch has begun: {epoch}\n"))
}

/// Runs a command for the epoch.
pub(crate) async fn run_epoch(command: EpochCommand, config: &Config) -> anyhow::Result<()> {
    let EpochCommand::New = command;
    Store::require_existing(&config.database).await?;
    let _claim = Store::claim(&config.database)?;
    let store = Store::open(&config.database).await?;
    let begun = store.epochs().begin_epoch().await;
    store.close().await?;
    let epoch = begun.context("cannot begin a new epoch")?;
    print(&format!("A new epoch has begun: {epoch}\n"))
}
