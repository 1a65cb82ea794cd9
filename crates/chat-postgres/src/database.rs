//! Calls on pooled connections, and how long they may take.

use crate::PostgresConfig;
use crate::connect::Connector;
use crate::fault::{Fault, Stored};
use crate::pool::{Pool, PooledConnection};
use crate::status::PoolStatus;
use chat_domain::{BoxError, StoreError};
use deadpool::managed::BuildError;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager};
use std::time::Duration;
use tokio::time::timeout;

/// The pool, and how long a call may take on one of its connections. Cheap to clone.
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

    /// Runs a body that needs no transaction around it.
    pub(crate) async fn query<T, A, E>(
        &self,
        body: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, A>,
    ) -> Result<T, E>
    where
        A: Into<E>,
        E: From<StoreError>,
    {
        let mut connection = self.pool.get().await?;
        match timeout(self.call_timeout, body(&mut connection)).await {
            Ok(outcome) => outcome.map_err(Into::into),
            Err(_) => Err(silent(connection).into()),
        }
    }

    /// The same for many callers at once. Those who wait with it are bounded already, so that it takes no place in the
    /// pool's waiting room, and finds it full for nobody. A connection that breaks under it is not met again.
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

    /// Runs a body in a transaction that begins so, and answers once that is committed. A body that fails leaves no
    /// trace.
    pub(crate) async fn transaction<T, A, E>(
        &self,
        begin: &str,
        body: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, A>,
    ) -> Result<T, E>
    where
        A: Into<E>,
        E: From<StoreError>,
    {
        let mut connection = self.pool.get().await?;
        let whole = async {
            let failed = |error| E::from(StoreError::from(Fault::Database(error)));
            AnsiTransactionManager::begin_transaction_sql(&mut *connection, begin).await.map_err(failed)?;
            match body(&mut connection).await {
                Ok(value) => {
                    AnsiTransactionManager::commit_transaction(&mut *connection).await.map_err(failed)?;
                    Ok(value)
                }
                Err(refusal) => {
                    if let Err(error) = AnsiTransactionManager::rollback_transaction(&mut *connection).await {
                        // The pool throws the connection away, and the server then undoes the transaction.
                        tracing::debug!(%error, "a transaction could not be rolled back");
                    }
                    Err(refusal.into())
                }
            }
        };
        match timeout(self.call_timeout, whole).await {
            Ok(outcome) => outcome,
            Err(_) => Err(silent(connection).into()),
        }
    }

    pub(crate) fn status(&self) -> PoolStatus {
        self.pool.status()
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }
}

/// Throws away a connection on which an answer is overdue: whoever came next would wait behind it.
fn silent(connection: PooledConnection) -> StoreError {
    drop(PooledConnection::take(connection));
    StoreError::Unavailable(BoxError::from("the database does not answer"))
}
