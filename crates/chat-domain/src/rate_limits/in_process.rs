use super::{Bucket, LimitKey, Quota, RateLimiter, Verdict};
use crate::{Clock, Timestamp};
use async_trait::async_trait;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

/// The number of parts over which the buckets are spread, so that threads seldom wait for each other.
const SHARDS: usize = 16;

/// The number of buckets that one generation of one part stores.
const GENERATION: usize = 65_536 / SHARDS;

/// The counters of a single node, or of a node that has lost its connection to the shared ones. Bounded: beyond about
/// twice 65,536 buckets, those used longest ago are dropped, and are then full again.
pub struct InProcessRateLimiter {
    clock: Arc<dyn Clock>,
    hasher: RandomState,
    shards: [Mutex<Buckets>; SHARDS],
}

#[derive(Default)]
struct Buckets {
    young: HashMap<LimitKey, Bucket>,
    old: HashMap<LimitKey, Bucket>,
}

impl InProcessRateLimiter {
    /// Creates counters with all buckets full.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, hasher: RandomState::new(), shards: Default::default() }
    }

    fn with<T>(&self, key: &LimitKey, act: impl FnOnce(&mut Bucket, Timestamp) -> T) -> T {
        let now = self.clock.now();
        let hash = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        let mut buckets = self.shards[hash].lock().unwrap_or_else(PoisonError::into_inner);
        buckets.with(key, now, |bucket| act(bucket, now))
    }
}

impl Buckets {
    fn with<T>(&mut self, key: &LimitKey, now: Timestamp, act: impl FnOnce(&mut Bucket) -> T) -> T {
        if let Some(known) = self.young.get_mut(key) {
            return act(known);
        }
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        let mut bucket = self.old.remove(key).unwrap_or(Bucket::full(now));
        let outcome = act(&mut bucket);
        self.young.insert(key.clone(), bucket);
        outcome
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
        let busy_may = |buckets: &mut Buckets| buckets.with(&busy, now, |bucket| bucket.take(quota, 1, now).is_allowed);
        assert!(busy_may(&mut buckets));
        for number in 0..5 * GENERATION {
            buckets.with(&LimitKey::new("sends", number), now, |_| ());
            if number % (GENERATION / 4) == 0 {
                assert!(!busy_may(&mut buckets));
            }
        }
        assert!(buckets.young.len() + buckets.old.len() <= 2 * GENERATION);
    }
}
