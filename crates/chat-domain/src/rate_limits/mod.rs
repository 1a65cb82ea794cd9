//! How often somebody may do something: token buckets (contract §5, Rate limits).

mod address;
mod bucket;
mod in_process;

pub use address::LimitedAddress;
pub use bucket::Bucket;
pub use in_process::InProcessRateLimiter;

use crate::Timestamp;
use async_trait::async_trait;
use std::time::Duration;

/// How much of something is allowed: `burst` at once, and `burst` tokens refill evenly within `refill`.
///
/// "50 a second, 500 at once" is `Quota::new(500, Duration::from_secs(10))`,
/// "10 per 15 minutes" is `Quota::new(10, Duration::from_mins(15))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    burst: u32,
    refill: Duration,
}

impl Quota {
    /// The most tokens of a bucket.
    pub const MAX_BURST: u32 = 1_000_000;
    /// The longest that a bucket may take to refill.
    pub const MAX_REFILL: Duration = Duration::from_hours(7 * 24);

    /// At least one token, and at least a microsecond for each; values out of bounds become the nearest within.
    pub fn new(burst: u32, refill: Duration) -> Self {
        let burst = burst.clamp(1, Self::MAX_BURST);
        Self { burst, refill: refill.clamp(Duration::from_micros(u64::from(burst)), Self::MAX_REFILL) }
    }

    /// How many tokens a full bucket holds.
    pub const fn burst(self) -> u32 {
        self.burst
    }

    /// How long an empty bucket takes to be full.
    pub const fn refill(self) -> Duration {
        self.refill
    }

    /// How long one token takes to come back, in whole microseconds, at least one.
    pub fn micros_per_token(self) -> u64 {
        u64::try_from(self.refill.as_micros()).unwrap_or(u64::MAX) / u64::from(self.burst)
    }
}

/// What is counted: a name of ours and whoever it is counted for (`sends`, a user; `connects`, an address).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LimitKey(String);

impl LimitKey {
    /// Two names make two buckets, and so do two subjects.
    pub fn new(name: &'static str, subject: impl std::fmt::Display) -> Self {
        Self(format!("{name}:{subject}"))
    }

    /// Both, joined by a colon.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether it may be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the tokens were there, and were taken. Where not, none was taken.
    pub is_allowed: bool,
    /// How many whole tokens are left.
    pub remaining: u32,
    /// After how long the same would be allowed; zero where it was.
    pub retry_after: Duration,
    /// After how long the bucket will be full again.
    pub full_after: Duration,
}

impl Verdict {
    /// What it means that so many microseconds are missing until the bucket is full, `cost` taken where it was allowed.
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

/// Counts over all nodes. Never fails: where the shared counters are out of reach, this node counts for itself.
#[async_trait]
pub trait RateLimiter: Send + Sync {
    /// Takes `cost` tokens out of the bucket of this key, at once or not at all. A cost of zero takes nothing and tells
    /// how the bucket stands; one above the burst is never allowed. Every caller of one key gives the same quota.
    async fn take(&self, key: &LimitKey, quota: Quota, cost: u32) -> Verdict;

    /// Gives tokens back that were taken for something that does not count after all: a login that succeeded.
    async fn give_back(&self, key: &LimitKey, quota: Quota, cost: u32);
}

/// How far ahead an instant is, in microseconds: never further than a full refill, whatever became of the clock.
fn ahead(of: Timestamp, now: Timestamp, quota: Quota) -> u64 {
    let most = quota.micros_per_token() * u64::from(quota.burst);
    u64::try_from(of.since(now).as_micros()).unwrap_or(u64::MAX).min(most)
}
