use super::{Bucket, LimitKey, Quota, RateLimiter, Verdict};
use crate::{Clock, Timestamp};
use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many buckets one generation remembers.
const GENERATION: usize = 65_536;

/// The counters of a single node, and of a node that has lost sight of the others. Bounded: beyond twice 65,536 buckets
/// those used longest ago are forgotten, that is, full again.
pub struct InProcessRateLimiter {
    clock: Arc<dyn Clock>,
    buckets: Mutex<Buckets>,
}

#[derive(Default)]
struct Buckets {
    young: HashMap<LimitKey, Bucket>,
    old: HashMap<LimitKey, Bucket>,
}

impl InProcessRateLimiter {
    /// Every bucket is full.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, buckets: Mutex::default() }
    }

    fn with<T>(&self, key: &LimitKey, act: impl FnOnce(&mut Bucket, Timestamp) -> T) -> T {
        let now = self.clock.now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        act(buckets.bucket(key, now), now)
    }
}

impl Buckets {
    fn bucket(&mut self, key: &LimitKey, now: Timestamp) -> &mut Bucket {
        if self.young.len() >= GENERATION && !self.young.contains_key(key) {
            self.old = std::mem::take(&mut self.young);
        }
        let old = &mut self.old;
        self.young.entry(key.clone()).or_insert_with(|| old.remove(key).unwrap_or(Bucket::full(now)))
    }
}

#[async_trait]
impl RateLimiter for InProcessRateLimiter {
    async fn take(&self, key: &LimitKey, quota: Quota, cost: u32) -> Verdict {
        self.with(key, |bucket, now| bucket.take(quota, cost, now))
    }

    async fn give_back(&self, key: &LimitKey, quota: Quota, cost: u32) {
        self.with(key, |bucket, now| bucket.give_back(quota, cost, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_buckets_in_use_are_remembered_and_their_number_is_bounded() {
        let mut buckets = Buckets::default();
        let (now, quota) = (Timestamp::default(), Quota::new(1, Duration::from_hours(1)));
        let busy = LimitKey::new("sends", "busy");
        assert!(buckets.bucket(&busy, now).take(quota, 1, now).is_allowed);
        for number in 0..200_000 {
            buckets.bucket(&LimitKey::new("sends", number), now);
            if number % 10_000 == 0 {
                assert!(!buckets.bucket(&busy, now).take(quota, 1, now).is_allowed);
            }
        }
        assert!(buckets.young.len() + buckets.old.len() <= 2 * GENERATION);
    }
}
