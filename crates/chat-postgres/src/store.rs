use crate::batches::Batches;
use crate::connect::{ConnectFault, Connector};
use crate::database::Database;
use crate::fault::{Fault, MayConflict};
use crate::messages::Writers;
use crate::statement::cached_statement;
use crate::status::PostgresStatus;
use crate::time::timestamp;
use crate::{OpenError, PostgresConfig, migrate};
use chat_domain::{BoxError, StoreError, Timestamp};
use diesel::sql_types::BigInt;
use diesel_async::AsyncPgConnection;
use std::sync::Arc;
use std::time::Duration;

/// One state of the database for all that follows.
const BEGIN_READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// A server that still has the connection and works on nothing, stopped or behind a cut cable, is given up this long
/// after the time it has for a statement.
const GRACE: Duration = Duration::from_secs(5);

cached_statement!(
    /// The least of questions, and the server's time as our microseconds.
    ServerTime {} -> BigInt,
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
);

/// Every store port, on a `PostgreSQL` server that other nodes may use too. Cheap to clone; its tasks end with the last
/// clone, or with
/// [`PostgresStore::close`].
#[derive(Clone)]
pub struct PostgresStore {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    batches: Batches,
    writers: Writers,
}

impl PostgresStore {
    /// Waits for the server, checks its settings, brings its schema up to date and starts the writers. Connections,
    /// batches and writers live on the runtime that this is called from, which must outlive the store; the store itself
    /// may be used from any.
    pub async fn open(config: &PostgresConfig) -> Result<Self, OpenError> {
        let connector = Connector::new(config)?;
        for migration in migrate::migrate(&connector, config).await? {
            tracing::info!(migration, "the database was migrated");
        }
        let call_timeout = config.statement_timeout + GRACE;
        let database = Database::new(connector.clone(), config, call_timeout)
            .map_err(|error| OpenError::Unreachable(BoxError::from(error.to_string())))?;
        let batches = Batches::new(&database, config);
        let writers = Writers::start(&connector, config, call_timeout);
        Ok(Self { inner: Arc::new(Inner { database, batches, writers }) })
    }

    /// Whether the database has a schema of this server's, of whatever version. Waits for the server as
    /// [`PostgresStore::open`] does, and makes nothing.
    pub async fn exists(config: &PostgresConfig) -> Result<bool, OpenError> {
        migrate::has_schema(&Connector::new(config)?, config).await
    }

    /// Waits for the server at this address, for [`PostgresConfig::DEFAULT_START_TIMEOUT`] at most, checks its settings
    /// and brings its schema up to date. Returns the names of the migrations that were run.
    pub async fn migrate(url: &str) -> Result<Vec<String>, OpenError> {
        let config = PostgresConfig::at(url);
        migrate::migrate(&Connector::new(&config)?, &config).await
    }

    /// Whether the server answers now, by the way that calls take; its answer is the time by its clock.
    pub async fn ping(&self) -> Result<Timestamp, StoreError> {
        self.query(async |connection| {
            use diesel_async::RunQueryDsl;
            let micros: i64 = (ServerTime {}).get_result(connection).await.map_err(Fault::from)?;
            Ok::<_, Fault>(timestamp(micros))
        })
        .await
    }

    /// What waits and what is busy, for metrics.
    pub fn status(&self) -> PostgresStatus {
        let Inner { database, batches, writers } = &*self.inner;
        PostgresStatus { pool: database.status(), batches: batches.status(), sends: writers.status() }
    }

    /// Stores the sends that are queued, then ends the writers and the pool; calls that come later are answered with
    /// `Unavailable`.
    pub async fn close(&self) {
        self.inner.writers.close().await;
        self.inner.database.close();
    }

    pub(crate) fn writers(&self) -> &Writers {
        &self.inner.writers
    }

    /// The calls that many clients make at once.
    pub(crate) fn batches(&self) -> &Batches {
        &self.inner.batches
    }

    /// Runs a body in a transaction and answers once that is committed. A body that fails leaves no trace. Where the
    /// connection breaks between the commit and its answer, nobody knows whether it took place: `Unavailable`, as for
    /// any broken connection.
    pub(crate) async fn write<T, A, E>(
        &self,
        body: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, A> + Clone,
    ) -> Result<T, E>
    where
        A: Into<E> + MayConflict,
        E: From<StoreError>,
    {
        self.inner.database.transaction("BEGIN", body).await
    }

    /// Runs a body of several queries that all see one state of the database, with everything in it that was answered
    /// before.
    pub(crate) async fn read<T, A, E>(
        &self,
        body: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, A> + Clone,
    ) -> Result<T, E>
    where
        A: Into<E> + MayConflict,
        E: From<StoreError>,
    {
        self.inner.database.transaction(BEGIN_READING, body).await
    }

    /// Runs a body that needs no transaction around it: a single statement, or several of which each sees enough.
    pub(crate) async fn query<T, A, E>(
        &self,
        body: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, A> + Clone,
    ) -> Result<T, E>
    where
        A: Into<E> + MayConflict,
        E: From<StoreError>,
    {
        self.inner.database.query(body).await
    }
}

impl From<ConnectFault> for StoreError {
    fn from(fault: ConnectFault) -> Self {
        Self::Unavailable(fault.source)
    }
}
