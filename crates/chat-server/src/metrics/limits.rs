use async_trait::async_trait;
use chat_domain::rate_limits::{LimitKey, Quota, RateLimiter, Verdict};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The first parts of the keys of limits.
const NAMES: [&str; 6] = ["registrations", "logins", "sends", "requests", "signals", "connects"];

/// Counts rejections, by limit. The atomics are relaxed: the numbers are for graphs.
#[derive(Debug, Default)]
pub(crate) struct LimitStats([AtomicU64; NAMES.len()]);

impl LimitStats {
    /// The counts, by limit.
    pub(super) fn read(&self) -> [(&'static str, u64); NAMES.len()] {
        std::array::from_fn(|index| (NAMES[index], self.0[index].load(Ordering::Relaxed)))
    }

    fn count(&self, key: &LimitKey) {
        let name = key.as_str().split(':').next();
        if let Some(index) = NAMES.iter().position(|known| Some(*known) == name) {
            self.0[index].fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Rate limits that count their rejections.
pub(crate) struct CountedLimits {
    inner: Arc<dyn RateLimiter>,
    stats: Arc<LimitStats>,
}

impl CountedLimits {
    /// Wraps these limits. The second value holds the counts.
    pub(crate) fn around(inner: Arc<dyn RateLimiter>) -> (Arc<Self>, Arc<LimitStats>) {
        let stats = Arc::new(LimitStats::default());
        (Arc::new(Self { inner, stats: stats.clone() }), stats)
    }
}

#[async_trait]
impl RateLimiter for CountedLimits {
    async fn take(&self, key: &LimitKey, quota: Quota, cost: u32) -> Verdict {
        let verdict = self.inner.take(key, quota, cost).await;
        if !verdict.is_allowed {
            self.stats.count(key);
        }
        verdict
    }

    async fn give_back(&self, key: &LimitKey, quota: Quota, cost: u32) {
        self.inner.give_back(key, quota, cost).await;
    }
}
