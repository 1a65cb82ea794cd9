use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of realtime delivery on this node since its start. They use relaxed ordering, since they are only shown in
/// graphs, and are updated once per event or per batch.
#[derive(Debug, Default)]
pub struct RealtimeStats {
    /// Events handed to send queues, counted once per connection and event.
    pub deliveries: Counter,
    /// Durable changes that passed through fan-out in order.
    pub changes: Counter,
    /// Readings of the change log that filled a gap.
    pub repairs: Counter,
    /// Changes found by those readings.
    pub repaired_changes: Counter,
    /// Changes that the log should have and does not have: after many readings, later changes were delivered without
    /// them.
    pub abandoned_changes: Counter,
    /// Changes of kinds that this release does not know. Clients received only their `pos`.
    pub unknown_changes: Counter,
    /// Comparisons of the newest numbers with the store that succeeded.
    pub tail_checks: Counter,
    /// Comparisons of the newest numbers with the store that failed.
    pub failed_tail_checks: Counter,
    /// Users who joined a conversation and whose join the bus had lost.
    pub found_joiners: Counter,
    /// Connections that started without positions.
    pub fresh_starts: Counter,
    /// Connections that sent positions and received all missed events.
    pub full_resumes: Counter,
    /// Connections that sent positions and must page through some conversations.
    pub limited_resumes: Counter,
    /// Connections closed because their send queue was full.
    pub slow_readers: Counter,
    /// How often too many events waited for a worker thread, so that all of its connections were closed to reconnect
    /// and resume.
    pub overfull_inboxes: Counter,
}

/// A counter that only increases.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    /// Returns the current value.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The data that waits in the send queues of this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueStats {
    /// The total of all connections, in bytes.
    pub bytes: u64,
    /// The largest queue of one connection, in bytes.
    pub largest: u64,
    /// The number of connections with waiting data.
    pub waiting: u64,
}

impl QueueStats {
    pub(crate) fn count(&mut self, bytes: u64) {
        self.bytes += bytes;
        self.largest = self.largest.max(bytes);
        self.waiting += u64::from(bytes > 0);
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            bytes: self.bytes + other.bytes,
            largest: self.largest.max(other.largest),
            waiting: self.waiting + other.waiting,
        }
    }
}
