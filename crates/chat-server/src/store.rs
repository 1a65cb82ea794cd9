//! The database behind the ports, whichever it is.

use crate::config::Database;
use anyhow::Context as _;
use chat_domain::ChangeLog;
use chat_domain::auth::SessionStore;
use chat_domain::conversations::{ConversationStore, GroupStore};
use chat_domain::messages::MessageStore;
use chat_domain::receipts::ReceiptStore;
use chat_domain::users::UserStore;
use chat_postgres::{PostgresStatus, PostgresStore};
use chat_sqlite::{SqliteConfig, SqliteStore};
use std::sync::Arc;
use std::time::Duration;

/// Both databases, as what wires them sees them. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Store {
    /// Embedded.
    File(SqliteStore),
    /// `PostgreSQL`.
    Server(PostgresStore),
}

/// One store, port by port.
pub(crate) struct StorePorts {
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) sessions: Arc<dyn SessionStore>,
    pub(crate) conversations: Arc<dyn ConversationStore>,
    pub(crate) groups: Arc<dyn GroupStore>,
    pub(crate) messages: Arc<dyn MessageStore>,
    pub(crate) receipts: Arc<dyn ReceiptStore>,
    pub(crate) changes: Arc<dyn ChangeLog>,
}

impl Store {
    /// Opens the database and brings it up to date; waits for a server that is not there yet.
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
                Ok(Self::Server(opened.context("cannot open the database (DATABASE_URL)")?))
            }
        }
    }

    /// Brings the database up to date and leaves it at that; the names of the migrations that were run.
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

    /// The ports.
    pub(crate) fn ports(&self) -> StorePorts {
        match self {
            Self::File(store) => ports_of(store),
            Self::Server(store) => ports_of(store),
        }
    }

    /// Whether the database answers within this time. A file always does.
    pub(crate) async fn answers(&self, patience: Duration) -> bool {
        match self {
            Self::File(_) => true,
            Self::Server(store) => matches!(tokio::time::timeout(patience, store.ping()).await, Ok(Ok(()))),
        }
    }

    /// How many reads run at once.
    pub(crate) fn readers(&self) -> usize {
        match self {
            Self::File(_) => SqliteConfig::DEFAULT_READERS,
            Self::Server(store) => store.status().pool.limit,
        }
    }

    /// Queues and connections, of a database that has them.
    pub(crate) fn status(&self) -> Option<PostgresStatus> {
        match self {
            Self::File(_) => None,
            Self::Server(store) => Some(store.status()),
        }
    }

    /// Stores what is queued, and ends.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        match self {
            Self::File(store) => {
                tokio::task::spawn_blocking(move || store.close()).await.context("the database did not close")
            }
            Self::Server(store) => {
                store.close().await;
                Ok(())
            }
        }
    }
}

fn ports_of<S>(store: &S) -> StorePorts
where
    S: UserStore
        + SessionStore
        + ConversationStore
        + GroupStore
        + MessageStore
        + ReceiptStore
        + ChangeLog
        + Clone
        + 'static,
{
    let store = Arc::new(store.clone());
    StorePorts {
        users: store.clone(),
        sessions: store.clone(),
        conversations: store.clone(),
        groups: store.clone(),
        messages: store.clone(),
        receipts: store.clone(),
        changes: store,
    }
}
