use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Limits how often a message is logged, and counts the suppressed ones.
#[derive(Debug)]
pub(crate) struct Throttle {
    began: Instant,
    every: Duration,
    /// The time of the next message, in milliseconds since `began`.
    next: AtomicU64,
    unsaid: AtomicU64,
}

impl Throttle {
    pub(crate) fn once_a_second() -> Self {
        Self::new(Duration::from_secs(1))
    }

    pub(crate) fn new(every: Duration) -> Self {
        Self { began: Instant::now(), every, next: AtomicU64::new(0), unsaid: AtomicU64::new(0) }
    }

    /// If a message may be logged now, the number of occurrences since the last one, including these; otherwise `None`.
    pub(crate) fn admit(&self, count: u64) -> Option<u64> {
        let count = self.unsaid.fetch_add(count, Ordering::Relaxed) + count;
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let next = self.next.load(Ordering::Relaxed);
        let after = now.saturating_add(u64::try_from(self.every.as_millis()).unwrap_or(u64::MAX));
        if now < next || self.next.compare_exchange(next, after, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return None;
        }
        self.unsaid.fetch_sub(count, Ordering::Relaxed);
        Some(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_unsaid_is_counted_with_what_is_said_next() {
        let never_again = Throttle::new(Duration::from_hours(1));
        assert_eq!((never_again.admit(1), never_again.admit(2), never_again.admit(3)), (Some(1), None, None));
        let always = Throttle::new(Duration::ZERO);
        assert_eq!((always.admit(1), always.admit(2)), (Some(1), Some(2)));
        never_again.next.store(0, Ordering::Relaxed);
        assert_eq!(never_again.admit(1), Some(6));
    }
}
