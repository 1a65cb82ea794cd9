use std::sync::atomic::{AtomicU64, Ordering};

/// What realtime on this node has done, counted from its start. Relaxed: numbers for a graph, added to once per event
/// or per batch.
#[derive(Debug, Default)]
pub struct RealtimeStats {
    /// Events handed to send queues, one per connection and event.
    pub deliveries: Counter,
    /// Durable changes that passed in order.
    pub changes: Counter,
    /// Readings of the change log that filled a hole.
    pub repairs: Counter,
    /// Changes that those readings brought.
    pub repaired_changes: Counter,
    /// Changes that the log should have and has not: delivered without them, after many readings.
    pub abandoned_changes: Counter,
    /// Comparisons of the newest numbers with the store that succeeded.
    pub tail_checks: Counter,
    /// Comparisons that failed.
    pub failed_tail_checks: Counter,
    /// Users whose coming into a conversation the bus had lost.
    pub found_joiners: Counter,
    /// Connections that began without saying what they have.
    pub fresh_starts: Counter,
    /// Connections that said what they have and got all that they missed.
    pub full_resumes: Counter,
    /// Connections that said what they have and have to page through some of it.
    pub limited_resumes: Counter,
    /// Connections that were closed because too much waited for them.
    pub slow_readers: Counter,
    /// How often more events waited for a worker thread than may, so that all of its connections were told to come
    /// back.
    pub overfull_inboxes: Counter,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    /// The number now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What waits in the send queues of this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueStats {
    /// Bytes, over all connections.
    pub bytes: u64,
    /// Bytes of the connection with the most.
    pub largest: u64,
    /// Connections for which something waits.
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
