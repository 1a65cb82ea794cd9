use super::{Quota, Verdict, ahead};
use crate::Timestamp;
use std::time::Duration;

/// A token bucket, stored as the time at which it will be full. An unknown bucket is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    full_at: Timestamp,
}

impl Bucket {
    /// Creates a full bucket.
    pub const fn full(now: Timestamp) -> Self {
        Self { full_at: now }
    }

    /// Whether it is full, so that it need not be stored.
    pub fn is_full(self, now: Timestamp) -> bool {
        self.full_at <= now
    }

    /// See [`super::RateLimiter::take`].
    pub fn take(&mut self, quota: Quota, cost: u32, now: Timestamp) -> Verdict {
        let per_token = quota.micros_per_token();
        let capacity = per_token * u64::from(quota.burst());
        let missing = ahead(self.full_at, now, quota);
        let wanted = missing + per_token * u64::from(cost);
        let is_allowed = wanted <= capacity;
        let missing = if is_allowed { wanted } else { missing };
        self.full_at = now.plus(Duration::from_micros(missing));
        Verdict::new(quota, cost, is_allowed, missing)
    }

    /// See [`super::RateLimiter::give_back`].
    pub fn give_back(&mut self, quota: Quota, cost: u32, now: Timestamp) {
        let given = quota.micros_per_token() * u64::from(cost);
        self.full_at = now.plus(Duration::from_micros(ahead(self.full_at, now, quota).saturating_sub(given)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::default().plus(Duration::from_millis(millis))
    }

    proptest! {
        #[test]
        fn no_window_allows_more_than_the_burst_and_what_refills_in_it(
            burst in 1_u32..20, refill in 1_u64..5_000, pauses in proptest::collection::vec(0_u64..600, 1..80),
        ) {
            let quota = Quota::new(burst, Duration::from_millis(refill));
            let mut bucket = Bucket::full(at(0));
            let (mut now, mut allowed) = (0, Vec::new());
            for pause in pauses {
                now += pause;
                let verdict = bucket.take(quota, 1, at(now));
                prop_assert!(verdict.remaining < burst || !verdict.is_allowed);
                prop_assert_eq!(verdict.is_allowed, verdict.retry_after.is_zero());
                if verdict.is_allowed { allowed.push(now); }
            }
            for (index, from) in allowed.iter().enumerate() {
                for (further, to) in allowed[index..].iter().enumerate() {
                    let refilled = (to - from) * 1_000 / quota.micros_per_token();
                    prop_assert!(further as u64 <= u64::from(burst) + refilled);
                }
            }
        }

        #[test]
        fn what_is_refused_is_allowed_after_the_time_that_was_named(
            burst in 1_u32..20, cost in 1_u32..20, taken in 0_u32..20
        ) {
            let quota = Quota::new(burst, Duration::from_secs(7));
            let mut bucket = Bucket::full(at(0));
            for _ in 0..taken { bucket.take(quota, 1, at(0)); }
            let before = bucket;
            let verdict = bucket.take(quota, cost, at(0));
            if !verdict.is_allowed && cost <= burst {
                prop_assert_eq!(bucket, before);
                let then = at(0).plus(verdict.retry_after);
                prop_assert!(!bucket.clone().take(quota, cost, then.minus(Duration::from_micros(1))).is_allowed);
                prop_assert!(bucket.take(quota, cost, then).is_allowed);
            }
            prop_assert!(verdict.is_allowed || taken + cost > burst);
        }
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let quota = Quota::new(2, Duration::from_mins(1));
        let mut bucket = Bucket::full(at(0));
        assert!(bucket.take(quota, 2, at(0)).is_allowed && !bucket.take(quota, 1, at(0)).is_allowed);
        bucket.give_back(quota, 1, at(0));
        assert_eq!(bucket.take(quota, 1, at(0)).remaining, 0);
        bucket.give_back(quota, 100, at(0));
        assert!(bucket.is_full(at(0)), "never more than full");
        assert!(!bucket.take(quota, 3, at(0)).is_allowed, "more than there ever is");
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_lock_anybody_out_for_longer_than_a_refill() {
        let quota = Quota::new(2, Duration::from_secs(2));
        let mut bucket = Bucket::full(at(1_000_000));
        assert_eq!(bucket.take(quota, 1, at(0)).retry_after, Duration::from_secs(1));
    }
}
