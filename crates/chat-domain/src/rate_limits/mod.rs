//! Rate limits: token buckets (contract §5, Rate limits).

mod address;
mod bucket;
mod in_process;

pub use address::LimitedAddress;
pub use bucket::Bucket;
pub use in_process::InProcessRateLimiter;

use crate::Timestamp;
use async_trait::async_trait;
use std::time::Duration;

/// A quota: `burst` tokens at once, and `burst` tokens refill evenly within `refill`.
///
/// "50 a second, 500 at once" is `Quota::new(500, Duration::from_secs(10))`, "10 per 15 minutes" is `Quota::new(10,
/// Duration::from_mins(15))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    burst: u32,
    refill: Duration,
}

impl Quota {
    /// The maximum number of tokens of a bucket.
    pub const MAX_BURST: u32 = 1_000_000;
    /// The maximum refill time of a bucket.
    pub const MAX_REFILL: Duration = Duration::from_hours(7 * 24);

    /// Creates a quota with at least one token, and at least a microsecond per token. Values out of range become the
    /// nearest allowed ones.
    pub fn new(burst: u32, refill: Duration) -> Self {
        let burst = burst.clamp(1, Self::MAX_BURST);
        Self { burst, refill: refill.clamp(Duration::from_micros(u64::from(burst)), Self::MAX_REFILL) }
    }

    /// The number of tokens in a full bucket.
    pub const fn burst(self) -> u32 {
        self.burst
    }

    /// The time in which an empty bucket becomes full.
    pub const fn refill(self) -> Duration {
        self.refill
    }

    /// The time in which one token refills, in whole microseconds, at least one.
    pub fn micros_per_token(self) -> u64 {
        u64::try_from(self.refill.as_micros()).unwrap_or(u64::MAX) / u64::from(self.burst)
    }
}

/// The key of a bucket: the name of a limit and its subject (`sends`, a user; `connects`, an address).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LimitKey(String);

impl LimitKey {
    /// Creates a key. Each combination of name and subject has its own bucket.
    pub fn new(name: &'static str, subject: impl std::fmt::Display) -> Self {
        Self(format!("{name}:{subject}"))
    }

    /// Returns name and subject, joined by a colon.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The decision of a rate limiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the tokens were available and were taken. If not, none was taken.
    pub is_allowed: bool,
    /// The number of whole tokens left.
    pub remaining: u32,
    /// The time until the same would be allowed; zero if it was.
    pub retry_after: Duration,
    /// The time until the bucket is full.
    pub full_after: Duration,
}

impl Verdict {
    /// Creates the verdict from the missing microseconds until the bucket is full, with `cost` already taken if it was
    /// allowed.
    pub fn new(quota: Quota, cost: u32, is_allowed: bool, missing_micros: u64) -> Self {
        let per_token = quota.micros_per_token();
        let capacity = per_token * u64::from(quota.burst);
        let wanted = missing_micros + per_token * u64::from(cost);
        Self {
            is_allowed,
            remaining: u32::try_from(capacity.saturating_sub(missing_micros) / per_token).unwrap_or(u32::MAX),
            retry_after: Duration::from_micros(if is_allowed { 0 } else { wanted.saturating_sub(capacity) }),
            full_after: Duration::from_micros(missing_micros),
        }
    }
}

/// Counts for all nodes together. Never fails: while the shared counters are unavailable, this node counts for itself.
#[async_trait]
pub trait RateLimiter: Send + Sync {
    /// Takes `cost` tokens out of the bucket of this key, all or none. A cost of zero takes nothing and returns the
    /// state of the bucket; a cost above the burst is never allowed. All callers of one key must pass the same quota.
    async fn take(&self, key: &LimitKey, quota: Quota, cost: u32) -> Verdict;

    /// Returns tokens that were taken for something that does not count after all: a successful login.
    async fn give_back(&self, key: &LimitKey, quota: Quota, cost: u32);
}

/// Returns how far in the future an instant is, in microseconds: at most a full refill, even if the clock stepped.
fn ahead(of: Timestamp, now: Timestamp, quota: Quota) -> u64 {
    let most = quota.micros_per_token() * u64::from(quota.burst);
    u64::try_from(of.since(now).as_micros()).unwrap_or(u64::MAX).min(most)
}
