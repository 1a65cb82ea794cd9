//! The database behind the store ports: `SQLite` or `PostgreSQL`.

use crate::clock::DatabaseClock;
use crate::config::Database;
use anyhow::{Context as _, bail};
use chat_app::SystemClock;
use chat_domain::{Clock, EpochStore, RealtimeStore};
use chat_postgres::{PostgresStatus, PostgresStore};
use chat_sqlite::{Claim, SqliteConfig, SqliteStatus, SqliteStore};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One of the two databases. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Store {
    /// `SQLite`.
    File(SqliteStore),
    /// `PostgreSQL`.
    Server(PostgresStore, Arc<DatabaseClock>),
}

/// The state of the database, for metrics.
pub(crate) enum StoreStatus {
    /// `SQLite`.
    File(SqliteStatus),
    /// `PostgreSQL`.
    Server(PostgresStatus),
}

impl Store {
    /// Opens the database and migrates it. Waits for a server that is not reachable yet.
    pub(crate) async fn open(database: &Database) -> anyhow::Result<Self> {
        match database {
            Database::File(file) => {
                let path = file.path().to_owned();
                let shown = path.display().to_string();
                let opened = tokio::task::spawn_blocking(move || SqliteStore::open(&SqliteConfig::at(path))).await?;
                Ok(Self::File(opened.with_context(|| format!("cannot open the database {shown} (DATABASE_URL)"))?))
            }
            Database::Server(config) => {
                let opened = PostgresStore::open(config).await;
                let store = opened.context("cannot open the database (DATABASE_URL)")?;
                let asked = Instant::now();
                let time = store.ping().await.context("cannot read the time from the database (DATABASE_URL)")?;
                Ok(Self::Server(store, Arc::new(DatabaseClock::measured(time, asked))))
            }
        }
    }

    /// Opens a database for an operator's command. Fails if it does not exist.
    pub(crate) async fn open_existing(database: &Database) -> anyhow::Result<Self> {
        Self::require_existing(database).await?;
        Self::open(database).await
    }

    /// Fails if the database does not exist, before an operator's command makes one: the command runs in the wrong
    /// directory or with the wrong settings.
    pub(crate) async fn require_existing(database: &Database) -> anyhow::Result<()> {
        let missing = match database {
            Database::File(file) => {
                let is_missing = !std::fs::metadata(file.path()).is_ok_and(|found| found.len() > 0);
                is_missing.then(|| std::path::absolute(file.path()).unwrap_or_else(|_| file.path().to_owned()))
            }
            Database::Server(config) => {
                let exists = PostgresStore::exists(config).await;
                let exists = exists.context("cannot open the database (DATABASE_URL)")?;
                (!exists).then(|| "this address".into())
            }
        };
        if let Some(place) = missing {
            bail!(
                "no database at {}: check DATABASE_URL, and the directory in which you run this command. \
                 `chat-server serve` and `chat-server migrate` make a new database",
                place.display()
            );
        }
        Ok(())
    }

    /// Migrates the database and closes it. Returns the names of the migrations that ran.
    pub(crate) async fn migrate(database: &Database) -> anyhow::Result<Vec<String>> {
        match database {
            Database::File(file) => {
                let path = file.path();
                SqliteStore::migrate(path).with_context(|| format!("cannot migrate {}", path.display()))
            }
            Database::Server(config) => {
                PostgresStore::migrate(&config.url).await.context("cannot migrate the database (DATABASE_URL)")
            }
        }
    }

    /// The handle that use cases take.
    pub(crate) fn handle(&self) -> Arc<dyn chat_domain::Store> {
        match self {
            Self::File(store) => Arc::new(store.clone()),
            Self::Server(store, _) => Arc::new(store.clone()),
        }
    }

    /// The part that realtime delivery reads.
    pub(crate) fn realtime(&self) -> Arc<dyn RealtimeStore> {
        match self {
            Self::File(store) => Arc::new(store.clone()),
            Self::Server(store, _) => Arc::new(store.clone()),
        }
    }

    /// The epoch of the database.
    pub(crate) fn epochs(&self) -> &dyn EpochStore {
        match self {
            Self::File(store) => store,
            Self::Server(store, _) => store,
        }
    }

    /// The clock that all servers of the database use: the database server's, or for a file this machine's.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        match self {
            Self::File(_) => Arc::new(SystemClock),
            Self::Server(_, clock) => clock.clone(),
        }
    }

    /// The exclusive right to serve this database, to be held while serving. Only one server may serve a file.
    pub(crate) fn claim(database: &Database) -> anyhow::Result<Option<Claim>> {
        match database {
            Database::File(file) => {
                Ok(Some(Claim::take(file.path()).context("cannot serve the database (DATABASE_URL)")?))
            }
            Database::Server(_) => Ok(None),
        }
    }

    /// Whether the database answers within this time and, for a file, accepts writes. A server's answer also sets the
    /// clock.
    pub(crate) async fn answers(&self, patience: Duration) -> bool {
        match self {
            Self::File(store) => matches!(tokio::time::timeout(patience, store.check_writes()).await, Ok(Ok(()))),
            Self::Server(store, clock) => {
                let asked = Instant::now();
                let Ok(Ok(time)) = tokio::time::timeout(patience, store.ping()).await else { return false };
                clock.correct(time, asked);
                true
            }
        }
    }

    /// The number of reads that run at once.
    pub(crate) fn readers(&self) -> usize {
        match self {
            Self::File(_) => SqliteConfig::DEFAULT_READERS,
            Self::Server(store, _) => store.status().pool.limit,
        }
    }

    /// The state of the database, for metrics.
    pub(crate) fn status(&self) -> StoreStatus {
        match self {
            Self::File(store) => StoreStatus::File(store.status()),
            Self::Server(store, _) => StoreStatus::Server(store.status()),
        }
    }

    /// Stores what is queued, then closes the database.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        match self {
            Self::File(store) => {
                tokio::task::spawn_blocking(move || store.close()).await.context("closing the database failed")
            }
            Self::Server(store, _) => {
                store.close().await;
                Ok(())
            }
        }
    }
}
