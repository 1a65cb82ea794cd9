/// The state of the store, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostgresStatus {
    /// Connections for everything except sends.
    pub pool: PoolStatus,
    /// Calls that share queries.
    pub batches: BatchStatus,
    /// The writers of sends.
    pub sends: SendStatus,
}

/// Connections for everything except sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStatus {
    /// The most connections.
    pub limit: usize,
    /// The open connections.
    pub open: usize,
    /// The open connections that are not in use.
    pub idle: usize,
    /// The calls that wait for a connection.
    pub waiting: usize,
}

/// Calls that many clients make at once, of all kinds together. Counters start when the store is opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BatchStatus {
    /// The calls that wait for a shared query.
    pub waiting: usize,
    /// The calls taken for a query; divided by `batches`, the mean number per query.
    pub calls: u64,
    /// The shared queries: one statement each, or up to five for changes.
    pub batches: u64,
    /// The shared queries that failed, so that they were halved or their calls failed.
    pub failed_batches: u64,
}

/// The writers of sends. Counters start when the store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendStatus {
    /// The sends that wait for a writer.
    pub queued: usize,
    /// The limit of waiting sends.
    pub limit: usize,
    /// The sends taken from the queue; divided by `batches`, the mean number per commit.
    pub taken: u64,
    /// The shared transactions that were tried.
    pub batches: u64,
    /// The shared transactions that failed, so that their sends ran one by one or failed.
    pub failed_batches: u64,
}
