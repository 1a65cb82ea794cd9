use crate::batches::Batches;
use crate::connect::{ConnectFault, Connector};
use crate::database::Database;
use crate::fault::{Fault, MayConflict};
use crate::messages::Writers;
use crate::statement::cached_statement;
use crate::status::PostgresStatus;
use crate::time::timestamp;
use crate::{OpenError, PostgresConfig, migrate};
use chat_domain::{BoxError, Committable, CommittedSink, Committing, SinkSlot, StoreError, Timestamp};
use diesel::sql_types::BigInt;
use diesel_async::AsyncPgConnection;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// All following queries see one state of the database.
const BEGIN_READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// How long after the statement timeout a call waits for a server that keeps the connection but does not work, because
/// it is stopped or behind a cut cable.
const GRACE: Duration = Duration::from_secs(5);

cached_statement!(
    /// The smallest query: the server's time in microseconds since the Unix epoch.
    ServerTime {} -> BigInt,
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
);

/// Every store port, on a `PostgreSQL` server that several nodes may share. Cheap to clone. Its tasks end with the last
/// clone or with [`PostgresStore::close`].
#[derive(Clone)]
pub struct PostgresStore {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    batches: Batches,
    writers: Writers,
    sink: Arc<SinkSlot>,
}

impl PostgresStore {
    /// Waits for the server, checks its settings, migrates its schema and starts the writers. Connections, batches and
    /// writers live on the caller's runtime, which must outlive the store; the store itself may be used from any
    /// runtime.
    pub async fn open(config: &PostgresConfig) -> Result<Self, OpenError> {
        let connector = Connector::new(config)?;
        for migration in migrate::migrate(&connector, config).await? {
            tracing::info!(migration, "migrated the database");
        }
        let call_timeout = config.statement_timeout + GRACE;
        let database = Database::new(connector.clone(), config, call_timeout)
            .map_err(|error| OpenError::Unreachable(BoxError::from(error.to_string())))?;
        let batches = Batches::new(&database, config);
        let sink = Arc::<SinkSlot>::default();
        let writers = Writers::start(&connector, config, call_timeout, &sink);
        Ok(Self { inner: Arc::new(Inner { database, batches, writers, sink }) })
    }

    /// Whether the database has this server's schema, of any version. Waits for the server like
    /// [`PostgresStore::open`], and creates nothing.
    pub async fn exists(config: &PostgresConfig) -> Result<bool, OpenError> {
        migrate::has_schema(&Connector::new(config)?, config).await
    }

    /// Waits at most [`PostgresConfig::DEFAULT_START_TIMEOUT`] for the server at this address, checks its settings and
    /// migrates its schema. Returns the names of the migrations that ran.
    pub async fn migrate(url: &str) -> Result<Vec<String>, OpenError> {
        let config = PostgresConfig::at(url);
        migrate::migrate(&Connector::new(&config)?, &config).await
    }

    /// Asks the server for its time, in the same way as calls do.
    pub async fn ping(&self) -> Result<Timestamp, StoreError> {
        self.query(async |connection| {
            use diesel_async::RunQueryDsl;
            let micros: i64 = (ServerTime {}).get_result(connection).await.map_err(Fault::from)?;
            Ok::<_, Fault>(timestamp(micros))
        })
        .await
    }

    /// The queues and connections, for metrics.
    pub fn status(&self) -> PostgresStatus {
        let Inner { database, batches, writers, .. } = &*self.inner;
        PostgresStatus { pool: database.status(), batches: batches.status(), sends: writers.status() }
    }

    /// Stores the queued sends, then ends the writers and the pool. Later calls get `Unavailable`.
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

    /// Runs a body in a transaction and returns after the commit. A body that fails changes nothing. If the connection
    /// breaks between the commit and its answer, the result is unknown: `Unavailable`, as for every broken connection.
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

    /// Like [`Self::write`], for a body that makes durable changes. The sink gets them after the commit, before this
    /// returns.
    pub(crate) async fn change<T, A, E>(
        &self,
        body: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, A> + Clone,
    ) -> Result<T, E>
    where
        T: Committable,
        A: Into<E> + MayConflict,
        E: From<StoreError>,
    {
        let value: Result<T, E> = self.write(body).await;
        if let Ok(value) = &value {
            let mut changes = Vec::new();
            value.add_changes(&mut changes);
            drop(self.inner.sink.committed(changes));
        }
        value
    }

    /// Runs a body of several queries that see one state of the database, including everything committed before the
    /// call.
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

    /// Runs a body that needs no transaction: a single statement, or several that need not see the same state.
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

impl Committing for PostgresStore {
    fn publish_to(&self, sink: Weak<dyn CommittedSink>) {
        self.inner.sink.set(sink);
    }
}

impl From<ConnectFault> for StoreError {
    fn from(fault: ConnectFault) -> Self {
        Self::Unavailable(fault.source)
    }
}
