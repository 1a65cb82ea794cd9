use crate::OpenError;
use crate::address::Address;
use std::fmt;
use std::time::Duration;

/// The address of the database, and the limits of its queues.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresConfig {
    /// `postgres://user:password@host:port/database?sslmode=...`; see [`crate`] for `sslmode`. Several hosts, separated
    /// by commas, are tried in order; the first that accepts writes is used.
    pub url: String,
    /// The number of connections for everything except sends. At least 1.
    pub pool_size: usize,
    /// How many calls may wait for one of these connections; further ones get `Overloaded`. At least 1.
    pub pool_queue: usize,
    /// How many calls of each kind that shares queries may wait, independent of the pool; further ones get
    /// `Overloaded`. Clients make these calls when they connect or disconnect, so this limits how many do so at once.
    /// At least 1.
    pub batch_queue: usize,
    /// How long a call waits for a connection or a shared query, and a send for a writer, before it gets `Overloaded`.
    /// Checked when a query or a writer takes the waiting calls.
    pub wait_timeout: Duration,
    /// The number of tasks that store sends, each with its own connection. At least 1.
    pub writers: usize,
    /// How many sends may wait for a writer; further ones get `Overloaded`. At least 1.
    pub write_queue: usize,
    /// How long one connection attempt may take.
    pub connect_timeout: Duration,
    /// How long one statement may run, including waits for locks, before the server cancels it.
    pub statement_timeout: Duration,
    /// How long [`crate::PostgresStore::open`] waits for a server that is not reachable yet.
    pub start_timeout: Duration,
}

impl PostgresConfig {
    /// The default of `pool_size`.
    pub const DEFAULT_POOL_SIZE: usize = 10;
    /// The default of `pool_queue`.
    pub const DEFAULT_POOL_QUEUE: usize = 1_024;
    /// The default of `batch_queue`: all clients of a node may connect at once.
    pub const DEFAULT_BATCH_QUEUE: usize = 65_536;
    /// The default of `wait_timeout`.
    pub const DEFAULT_WAIT_TIMEOUT: Duration = Duration::from_secs(5);
    /// The default of `writers`: while one waits for the disk, the other collects sends.
    pub const DEFAULT_WRITERS: usize = 2;
    /// The default of `write_queue`: less than half a second at ten thousand sends per second.
    pub const DEFAULT_WRITE_QUEUE: usize = 4_096;
    /// The default of `connect_timeout`.
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
    /// The default of `statement_timeout`.
    pub const DEFAULT_STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);
    /// The default of `start_timeout`.
    pub const DEFAULT_START_TIMEOUT: Duration = Duration::from_mins(1);

    /// The default configuration for the database at this address.
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            pool_size: Self::DEFAULT_POOL_SIZE,
            pool_queue: Self::DEFAULT_POOL_QUEUE,
            batch_queue: Self::DEFAULT_BATCH_QUEUE,
            wait_timeout: Self::DEFAULT_WAIT_TIMEOUT,
            writers: Self::DEFAULT_WRITERS,
            write_queue: Self::DEFAULT_WRITE_QUEUE,
            connect_timeout: Self::DEFAULT_CONNECT_TIMEOUT,
            statement_timeout: Self::DEFAULT_STATEMENT_TIMEOUT,
            start_timeout: Self::DEFAULT_START_TIMEOUT,
        }
    }

    /// Checks that the address is valid, without connecting.
    pub fn check_address(&self) -> Result<(), OpenError> {
        Address::parse(&self.url).map(drop)
    }
}

impl fmt::Debug for PostgresConfig {
    /// The address contains a password, so logs do not show it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PostgresConfig")
            .field("pool_size", &self.pool_size)
            .field("pool_queue", &self.pool_queue)
            .field("batch_queue", &self.batch_queue)
            .field("wait_timeout", &self.wait_timeout)
            .field("writers", &self.writers)
            .field("write_queue", &self.write_queue)
            .field("connect_timeout", &self.connect_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("start_timeout", &self.start_timeout)
            .finish_non_exhaustive()
    }
}
