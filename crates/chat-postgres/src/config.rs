use crate::OpenError;
use crate::address::Address;
use std::fmt;
use std::time::Duration;

/// Where the database is, and how much may wait for it.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresConfig {
    /// `postgres://user:password@host:port/database?sslmode=...`; see [`crate`] for `sslmode`. Several hosts, separated
    /// by commas, are tried in order; the first that accepts writes is used.
    pub url: String,
    /// How many connections serve everything but sends. At least one.
    pub pool_size: usize,
    /// How many calls may wait for one of these connections; one more is answered with `Overloaded`. At least one.
    pub pool_queue: usize,
    /// How many calls of each of the kinds that share queries may wait, whatever the pool; one more is answered with
    /// `Overloaded`. They are what each client needs who comes or goes, so this bounds how many come at once. At least
    /// one.
    pub batch_queue: usize,
    /// How long a call waits for a connection or for a query to share, and a send for a writer, before it is answered
    /// with `Overloaded`. Looked at when a query or a writer takes what waits.
    pub wait_timeout: Duration,
    /// How many tasks store sends, each with a connection of its own. At least one.
    pub writers: usize,
    /// How many sends may wait for a writer; one more is answered with `Overloaded`. At least one.
    pub write_queue: usize,
    /// How long the making of one connection may take.
    pub connect_timeout: Duration,
    /// How long the server works on one statement, waiting for locks included, before it gives up and undoes it.
    pub statement_timeout: Duration,
    /// How long [`crate::PostgresStore::open`] waits for a server that is not there yet.
    pub start_timeout: Duration,
}

impl PostgresConfig {
    /// Connections for everything but sends, by default.
    pub const DEFAULT_POOL_SIZE: usize = 10;
    /// Calls waiting for a connection, by default.
    pub const DEFAULT_POOL_QUEUE: usize = 1_024;
    /// Waiting calls of one kind that share queries, by default: every client that one node serves may come at once.
    pub const DEFAULT_BATCH_QUEUE: usize = 65_536;
    /// Waiting for a connection, a query or a writer, by default.
    pub const DEFAULT_WAIT_TIMEOUT: Duration = Duration::from_secs(5);
    /// Writers, by default: while one waits for the disk, the other gathers.
    pub const DEFAULT_WRITERS: usize = 2;
    /// Waiting sends, by default: at ten thousand a second, under half a second.
    pub const DEFAULT_WRITE_QUEUE: usize = 4_096;
    /// Making a connection, by default.
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
    /// One statement, by default.
    pub const DEFAULT_STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);
    /// Waiting for the server at start, by default.
    pub const DEFAULT_START_TIMEOUT: Duration = Duration::from_mins(1);

    /// The defaults, for the database at this address.
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

    /// Whether the address can be read; nothing is connected.
    pub fn check_address(&self) -> Result<(), OpenError> {
        Address::parse(&self.url).map(drop)
    }
}

impl fmt::Debug for PostgresConfig {
    /// The address holds a password and stays out of logs.
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
