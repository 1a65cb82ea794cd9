//! Connections for everything except sends.

use crate::PostgresConfig;
use crate::connect::Connector;
use crate::status::PoolStatus;
use chat_domain::{BoxError, StoreError};
use deadpool::Runtime;
use deadpool::managed::{BuildError, PoolError, TimeoutType};
use diesel::ConnectionError;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// A connection that returns to the pool on drop, or is closed if it is broken or in a transaction.
pub(crate) type PooledConnection = Object<AsyncPgConnection>;

/// A bounded number of connections, and of waiting calls. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pool {
    connections: diesel_async::pooled_connection::deadpool::Pool<AsyncPgConnection>,
    waiting_room: Arc<Semaphore>,
}

impl Pool {
    pub(crate) fn new(connector: Connector, config: &PostgresConfig) -> Result<Self, BuildError> {
        let mut manager = ManagerConfig::default();
        // The socket shows whether a connection is broken: no query is needed.
        manager.recycling_method = RecyclingMethod::Fast;
        manager.custom_setup = Box::new(move |_| {
            let connector = connector.clone();
            Box::pin(async move {
                connector.connect().await.map_err(|fault| ConnectionError::BadConnection(fault.source.to_string()))
            })
        });
        // The connector knows the address; a copy in the manager would be one more place with a password.
        let manager = AsyncDieselConnectionManager::new_with_config("", manager);
        let connections = diesel_async::pooled_connection::deadpool::Pool::builder(manager)
            .max_size(config.pool_size.max(1))
            .wait_timeout(Some(config.wait_timeout))
            .create_timeout(Some(config.connect_timeout * 2))
            .runtime(Runtime::Tokio1)
            .build()?;
        let waiting_room = Arc::new(Semaphore::new(config.pool_queue.max(1)));
        Ok(Self { connections, waiting_room })
    }

    /// A connection that works as far as this node knows.
    pub(crate) async fn get(&self) -> Result<PooledConnection, StoreError> {
        let _place = self.waiting_room.try_acquire().map_err(|_| StoreError::Overloaded)?;
        self.get_for_many().await
    }

    /// Like [`Self::get`], without a place in the queue, for calls that are bounded in another way.
    pub(crate) async fn get_for_many(&self) -> Result<PooledConnection, StoreError> {
        self.connections.get().await.map_err(|error| match error {
            PoolError::Timeout(TimeoutType::Wait) => StoreError::Overloaded,
            PoolError::Timeout(_) => StoreError::Unavailable(BoxError::from("the database did not answer in time")),
            PoolError::Backend(error) => StoreError::Unavailable(error.to_string().into()),
            PoolError::Closed => StoreError::Unavailable(BoxError::from("the store is closed")),
            error @ (PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_)) => {
                StoreError::Failed(error.to_string().into())
            }
        })
    }

    pub(crate) fn status(&self) -> PoolStatus {
        let status = self.connections.status();
        PoolStatus { limit: status.max_size, open: status.size, idle: status.available, waiting: status.waiting }
    }

    pub(crate) fn close(&self) {
        self.connections.close();
    }
}
