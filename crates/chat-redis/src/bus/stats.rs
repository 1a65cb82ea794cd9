use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of the bus since its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BusStats {
    /// Packets sent to Redis.
    pub published: u64,
    /// Packets that were not sent: the queue was full, or Redis unreachable. Durable events among them are repaired
    /// from the store.
    pub dropped: u64,
    /// Packets received from other nodes.
    pub received: u64,
    /// Received packets that a connection of this node needed.
    pub delivered: u64,
    /// Packets that were invalid, or waited too long for this node to process them.
    pub refused: u64,
    /// How often packets may have been lost.
    pub gaps: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) published: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) received: AtomicU64,
    pub(super) delivered: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) gaps: AtomicU64,
}

impl Counters {
    pub(super) fn read(&self) -> BusStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        BusStats {
            published: read(&self.published),
            dropped: read(&self.dropped),
            received: read(&self.received),
            delivered: read(&self.delivered),
            refused: read(&self.refused),
            gaps: read(&self.gaps),
        }
    }
}

pub(super) fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}
