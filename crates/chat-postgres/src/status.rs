/// What the store is doing, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostgresStatus {
    /// Connections for everything but sends.
    pub pool: PoolStatus,
    /// Calls that share queries.
    pub batches: BatchStatus,
    /// The writers of sends.
    pub sends: SendStatus,
}

/// Connections for everything but sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStatus {
    /// How many there may be.
    pub limit: usize,
    /// How many there are.
    pub open: usize,
    /// How many of them nobody uses.
    pub idle: usize,
    /// How many calls wait for one.
    pub waiting: usize,
}

/// Calls that many clients make at once, of all kinds together. Counters count from the store's opening.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BatchStatus {
    /// How many calls wait for a query to share.
    pub waiting: usize,
    /// How many calls were taken for a query; by `batches`, how many share one.
    pub calls: u64,
    /// How many shared queries were run: a statement each, or, of changes, up to five.
    pub batches: u64,
    /// How many of those failed, so that they were halved or their calls refused.
    pub failed_batches: u64,
}

/// The writers of sends. Counters count from the store's opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendStatus {
    /// How many sends wait for a writer.
    pub queued: usize,
    /// How many sends the queue holds.
    pub limit: usize,
    /// How many sends were taken from the queue; by `batches`, how many share a commit.
    pub taken: u64,
    /// How many shared transactions were tried.
    pub batches: u64,
    /// How many of those failed, so that their sends ran singly or were refused.
    pub failed_batches: u64,
}
