//! Calls on pooled connections, and their time limits.

use crate::PostgresConfig;
use crate::connect::Connector;
use crate::fault::{Fault, MayConflict, Stored};
use crate::pool::{Pool, PooledConnection};
use crate::status::PoolStatus;
use chat_domain::{BoxError, StoreError};
use deadpool::managed::BuildError;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How often a transaction is repeated after the server aborted it because of another one. The lock order (see
/// [`crate`]) leaves few such cases: two accounts or groups that exchange names at the same moment.
pub(crate) const MAX_REPEATS: u32 = 4;

/// The pause before the first repetition; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(5);

/// The pool, and the time limit of a call on one of its connections. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Database {
    pool: Pool,
    call_timeout: Duration,
}

impl Database {
    pub(crate) fn new(
        connector: Connector,
        config: &PostgresConfig,
        call_timeout: Duration,
    ) -> Result<Self, BuildError> {
        Ok(Self { pool: Pool::new(connector, config)?, call_timeout })
    }

    /// Runs a body that needs no transaction. At most one of its statements writes, so that the body can be repeated if
    /// the server aborts that statement because of another transaction.
    pub(crate) async fn query<T, A, E>(
        &self,
        body: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, A> + Clone,
    ) -> Result<T, E>
    where
        A: Into<E> + MayConflict,
        E: From<StoreError>,
    {
        let mut repeats = Repeats::default();
        loop {
            let mut connection = self.pool.get().await?;
            match timeout(self.call_timeout, body.clone()(&mut connection)).await {
                Ok(Err(error)) if error.is_conflict() && repeats.is_left() => {
                    drop(connection);
                    repeats.pause().await;
                }
                Ok(outcome) => return outcome.map_err(Into::into),
                Err(_) => return Err(silent(connection).into()),
            }
        }
    }

    /// Like [`Self::query`], for many callers at once. These callers wait in a bounded queue of their own, so the query
    /// takes no place in the pool's queue and is never refused as overloaded. A connection that breaks during the query
    /// is not reused.
    pub(crate) async fn query_for_many<T>(
        &self,
        body: impl AsyncFnOnce(&mut AsyncPgConnection) -> Stored<T>,
    ) -> Result<T, StoreError> {
        let mut connection = self.pool.get_for_many().await?;
        match timeout(self.call_timeout, body(&mut connection)).await {
            Ok(Err(fault)) if fault.is_of_connection() => {
                drop(PooledConnection::take(connection));
                Err(fault.into())
            }
            Ok(outcome) => outcome.map_err(Into::into),
            Err(_) => Err(silent(connection)),
        }
    }

    /// Runs a body in a transaction that starts with `begin`, and returns after the commit. A body that fails changes
    /// nothing. If the server aborts the transaction because of another one, the body runs again, in a new transaction.
    pub(crate) async fn transaction<T, A, E>(
        &self,
        begin: &str,
        body: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, A> + Clone,
    ) -> Result<T, E>
    where
        A: Into<E> + MayConflict,
        E: From<StoreError>,
    {
        let mut repeats = Repeats::default();
        loop {
            let mut connection = self.pool.get().await?;
            match timeout(self.call_timeout, run_in_transaction(&mut connection, begin, body.clone())).await {
                Ok(Err(undone)) if undone.is_conflict() && repeats.is_left() => {
                    drop(connection);
                    repeats.pause().await;
                }
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(Undone::Refused(refusal))) => return Err(refusal.into()),
                Ok(Err(Undone::Failed(fault))) => return Err(StoreError::from(fault).into()),
                Err(_) => return Err(silent(connection).into()),
            }
        }
    }

    pub(crate) fn status(&self) -> PoolStatus {
        self.pool.status()
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }
}

/// Why a transaction was rolled back.
enum Undone<A> {
    /// Its body returned this error.
    Refused(A),
    /// It could not begin or commit.
    Failed(Fault),
}

impl<A: MayConflict> MayConflict for Undone<A> {
    fn is_conflict(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.is_conflict(),
            Self::Failed(fault) => fault.is_conflict(),
        }
    }
}

async fn run_in_transaction<T, A>(
    connection: &mut PooledConnection,
    begin: &str,
    body: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, A>,
) -> Result<T, Undone<A>> {
    let failed = |error| Undone::Failed(Fault::Database(error));
    AnsiTransactionManager::begin_transaction_sql(&mut **connection, begin).await.map_err(failed)?;
    match body(&mut *connection).await {
        Ok(value) => {
            AnsiTransactionManager::commit_transaction(&mut **connection).await.map_err(failed)?;
            Ok(value)
        }
        Err(refusal) => {
            if let Err(error) = AnsiTransactionManager::rollback_transaction(&mut **connection).await {
                // The pool discards the connection, and the server then rolls back the transaction.
                tracing::debug!(%error, "cannot roll back a transaction");
            }
            Err(Undone::Refused(refusal))
        }
    }
}

/// The repetitions of one call.
#[derive(Default)]
struct Repeats(u32);

impl Repeats {
    const fn is_left(&self) -> bool {
        self.0 < MAX_REPEATS
    }

    /// Lets the other transaction finish first.
    async fn pause(&mut self) {
        tracing::debug!(repeats = self.0, "a transaction conflicted with another one and is repeated");
        sleep(FIRST_PAUSE * 2_u32.pow(self.0)).await;
        self.0 += 1;
    }
}

/// Discards a connection with an overdue answer: the next call would wait for that answer.
fn silent(connection: PooledConnection) -> StoreError {
    drop(PooledConnection::take(connection));
    StoreError::Unavailable(BoxError::from("the database did not answer"))
}
