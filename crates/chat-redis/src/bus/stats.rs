use std::sync::atomic::{AtomicU64, Ordering};

/// What the bus has done since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BusStats {
    /// Packets handed to Redis.
    pub published: u64,
    /// Packets that were not: the queue was full, or Redis away. Those that were durable are repaired from the store.
    pub dropped: u64,
    /// Packets of other nodes that arrived.
    pub received: u64,
    /// Of those, the ones that somebody here needed.
    pub delivered: u64,
    /// Packets that could not be read, or that waited in vain for this node to keep up.
    pub refused: u64,
    /// How often something may have been missed.
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
