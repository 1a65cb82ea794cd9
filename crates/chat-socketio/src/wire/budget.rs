use std::cell::Cell;
use std::future::Future as _;
use std::pin::pin;
use std::task::Context;
use std::time::{Duration, Instant};

/// The length, in bytes, from which a fragment of a message is not charged: the limit on the message's length bounds
/// the number of such fragments.
pub const FREE_FRAGMENT_BYTES: usize = 1_024;

/// How many frames, or requests, a connection may send that no other limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameQuota {
    /// How many at once, after a pause.
    pub burst: u32,
    /// The time after which one more is allowed.
    pub interval: Duration,
}

impl Default for FrameQuota {
    /// 20 per second, 200 at once.
    fn default() -> Self {
        Self { burst: 200, interval: Duration::from_millis(50) }
    }
}

/// What one connection has left of its [`FrameQuota`]: a token bucket of sixteen bytes, without a timer.
#[derive(Debug, Default)]
pub struct FrameBudget {
    /// When the budget is full again; `None` before the first frame.
    full_at: Cell<Option<Instant>>,
}

impl FrameBudget {
    /// A full budget.
    pub const fn new() -> Self {
        Self { full_at: Cell::new(None) }
    }

    /// Charges `cost` frames; returns `false` and charges nothing if fewer are left. Then the connection should be
    /// closed.
    #[must_use]
    pub fn take(&self, cost: u32, quota: FrameQuota, now: Instant) -> bool {
        let used = self.full_at.get().map_or(Duration::ZERO, |full_at| full_at.saturating_duration_since(now));
        let wanted = used.saturating_add(quota.interval.saturating_mul(cost));
        let fits = wanted <= quota.interval.saturating_mul(quota.burst);
        if fits {
            self.full_at.set(now.checked_add(wanted));
        }
        fits
    }
}

/// Lets the thread's other tasks, sockets and timers run before the calling task is polled again. The caller then
/// returns [`std::task::Poll::Pending`].
pub fn yield_to_others(context: &mut Context<'_>) {
    // The first poll passes the waker to the scheduler, which wakes it after the other tasks have run.
    let _ = pin!(tokio::task::yield_now()).poll(context);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_one_frame_per_interval() {
        let (quota, start) = (FrameQuota::default(), Instant::now());
        let budget = FrameBudget::new();
        assert_eq!((0..1_000).filter(|_| budget.take(1, quota, start)).count(), 200);
        assert!(!budget.take(1, quota, start + Duration::from_millis(49)));
        assert!(budget.take(1, quota, start + Duration::from_millis(50)));
        assert!(!budget.take(3, quota, start + Duration::from_millis(150)), "a partial charge is not possible");
        assert!(budget.take(2, quota, start + Duration::from_millis(150)));
    }

    #[test]
    fn a_client_that_pings_every_second_for_a_day_is_never_refused() {
        let (quota, start) = (FrameQuota::default(), Instant::now());
        let budget = FrameBudget::new();
        assert!((0..86_400).all(|second| budget.take(1, quota, start + Duration::from_secs(second))));
    }
}
