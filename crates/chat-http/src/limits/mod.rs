//! Rate limits (contract §5, Rate limits): one bucket per user and kind of work for REST and sockets together; per
//! address if there is no user.
//!
//! | limit | counts | per | where |
//! | --- | --- | --- | --- |
//! | `registrations` | valid `POST /auth/register` requests | address | `limited` |
//! | `sends` | messages over REST and sockets | user | `limited`, `crate::commands` |
//! | `signals` | typing, presence and calls over sockets | user | `crate::commands` |
//! | `requests` | every other request, every other frame of a socket | user, else address | both |
//! | `connects` | attempts to open a socket | address | `crate::gateway`, `limited` |
//!
//! Everything else has a budget per connection (`crate::server::traffic`, [`crate::HttpSettings::frame_quota`]); a
//! connection that is closed for exceeding it costs its address `connects`.
//!
//! The login use case counts failed logins, because only it knows of them. Health checks and documents are not limited.
//!
//! **To add a limit**: a variant of `Limit`, a field of [`Quotas`], and a setting in `chat-server`.

mod bucket;
mod rest;

pub(crate) use bucket::{BucketState, EXPOSED, documented_headers, whole_seconds};
#[cfg(test)]
pub(crate) use rest::kind_of;
pub(crate) use rest::{RequestKind, are_on, limited};

use crate::ApiError;
use chat_domain::UserId;
use chat_domain::rate_limits::{LimitKey, LimitedAddress, Quota, RateLimiter};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// How many `connects` of its address it costs when a connection is closed for flooding.
const FLOOD_COST: u32 = 20;

/// The quota of each limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Accounts created from one address.
    pub registrations: Quota,
    /// Messages of one user.
    pub sends: Quota,
    /// All other requests and commands of one user, or of one address without a user.
    pub requests: Quota,
    /// Typing, presence and calls of one user.
    pub signals: Quota,
    /// Sockets opened from one address.
    pub connects: Quota,
}

impl Default for Quotas {
    /// The quotas of the contract (§5).
    fn default() -> Self {
        const SECOND: Duration = Duration::from_secs(1);
        let per_second = |rate: u32, burst: u32| Quota::new(burst, SECOND * (burst / rate));
        Self {
            registrations: Quota::new(20, Duration::from_hours(1)),
            sends: per_second(50, 500),
            requests: per_second(100, 1_000),
            signals: per_second(10, 50),
            connects: per_second(20, 300),
        }
    }
}

/// The kinds of work that are counted separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    Registrations,
    Sends,
    Requests,
    Signals,
    Connects,
}

/// The user or address for which work is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subject {
    User(UserId),
    /// `None`: a listener without addresses cannot distinguish its clients, so nothing is counted.
    Address(Option<IpAddr>),
}

/// The rate limits of this server. Off by default.
#[derive(Default)]
pub struct Limits(Option<Counting>);

struct Counting {
    limiter: Arc<dyn RateLimiter>,
    quotas: Quotas,
    spares_loopback: bool,
}

impl Limits {
    /// Turns all limits off, for load tests and tools.
    pub const fn off() -> Self {
        Self(None)
    }

    /// Turns these limits on. `spares_loopback` exempts this machine's own addresses from the limits per address, for
    /// development. It does not exempt clients behind a proxy on the same machine, because the address that the proxy
    /// names counts.
    pub const fn new(limiter: Arc<dyn RateLimiter>, quotas: Quotas, spares_loopback: bool) -> Self {
        Self(Some(Counting { limiter, quotas, spares_loopback }))
    }

    pub(crate) const fn are_off(&self) -> bool {
        self.0.is_none()
    }

    /// Counts one more. Returns the state of the bucket if the request was counted, or an error if the bucket is empty.
    pub(crate) async fn take(&self, limit: Limit, subject: Subject) -> Result<Option<BucketState>, ApiError> {
        let Some((counting, key)) = self.counted(limit, subject) else { return Ok(None) };
        let quota = counting.quotas.of(limit);
        let verdict = counting.limiter.take(&key, quota, 1).await;
        let bucket = BucketState::new(quota, verdict);
        if verdict.is_allowed { Ok(Some(bucket)) } else { Err(ApiError::throttled(limit.refusal(), bucket)) }
    }

    /// Takes the last count back.
    pub(crate) async fn give_back(&self, limit: Limit, subject: Subject) {
        if let Some((counting, key)) = self.counted(limit, subject) {
            counting.limiter.give_back(&key, counting.quotas.of(limit), 1).await;
        }
    }

    /// Counts an attempt to open a socket.
    pub(crate) async fn connect(&self, address: Option<IpAddr>) -> Result<(), ApiError> {
        self.take(Limit::Connects, Subject::Address(address)).await.map(drop)
    }

    /// Charges an address for a connection that was closed for flooding: it costs as much as [`FLOOD_COST`]
    /// connections.
    pub(crate) async fn penalize(&self, address: Option<IpAddr>) {
        let Some((counting, key)) = self.counted(Limit::Connects, Subject::Address(address)) else { return };
        let quota = counting.quotas.of(Limit::Connects);
        // If the bucket holds less, it is emptied.
        let left = counting.limiter.take(&key, quota, 0).await.remaining;
        counting.limiter.take(&key, quota, left.min(FLOOD_COST)).await;
    }

    /// Rejects otherwise unlimited requests on new connections of an address that has been penalized so often that one
    /// more penalty would empty its bucket of `connects`.
    pub(crate) async fn check_offender(&self, address: Option<IpAddr>) -> Result<(), ApiError> {
        let Some((counting, key)) = self.counted(Limit::Connects, Subject::Address(address)) else { return Ok(()) };
        let quota = counting.quotas.of(Limit::Connects);
        let verdict = counting.limiter.take(&key, quota, 0).await;
        let missing = FLOOD_COST.min(quota.burst() / 2).max(1).saturating_sub(verdict.remaining);
        if missing == 0 {
            return Ok(());
        }
        let retry_after = Duration::from_micros(quota.micros_per_token()) * missing;
        let bucket = BucketState { retry_after: Some(retry_after), ..BucketState::new(quota, verdict) };
        Err(ApiError::throttled(Limit::Connects.refusal(), bucket))
    }

    /// Whether nothing from this address is counted.
    pub(crate) fn spares(&self, address: Option<IpAddr>) -> bool {
        let Some(counting) = &self.0 else { return true };
        counting.spares_loopback && address.is_some_and(|address| LimitedAddress::of(address).is_loopback())
    }

    fn counted(&self, limit: Limit, subject: Subject) -> Option<(&Counting, LimitKey)> {
        let counting = self.0.as_ref()?;
        let key = match subject {
            Subject::User(user) => LimitKey::new(limit.name(), user),
            Subject::Address(address) => {
                let address = LimitedAddress::of(address?);
                if counting.spares_loopback && address.is_loopback() {
                    return None;
                }
                LimitKey::new(limit.name(), address)
            }
        };
        Some((counting, key))
    }
}

impl Quotas {
    const fn of(&self, limit: Limit) -> Quota {
        match limit {
            Limit::Registrations => self.registrations,
            Limit::Sends => self.sends,
            Limit::Requests => self.requests,
            Limit::Signals => self.signals,
            Limit::Connects => self.connects,
        }
    }
}

impl Limit {
    /// The name of the bucket, also in Redis.
    const fn name(self) -> &'static str {
        match self {
            Self::Registrations => "registrations",
            Self::Sends => "sends",
            Self::Requests => "requests",
            Self::Signals => "signals",
            Self::Connects => "connects",
        }
    }

    const fn refusal(self) -> &'static str {
        match self {
            Self::Registrations => "Too many accounts were made from this address, please try again later",
            Self::Sends => "You are sending too fast, please slow down",
            Self::Requests => "There were too many requests, please slow down",
            Self::Signals => "There were too many signals, please slow down",
            Self::Connects => "There were too many connections from this address, please try again later",
        }
    }
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Limits").field(&self.0.as_ref().map(|counting| counting.quotas)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_contract_s() {
        let told = |quota: Quota| (quota.burst(), quota.micros_per_token());
        let quotas = Quotas::default();
        assert_eq!(told(quotas.registrations), (20, 180_000_000));
        assert_eq!(told(quotas.sends), (500, 20_000));
        assert_eq!(told(quotas.requests), (1_000, 10_000));
        assert_eq!(told(quotas.signals), (50, 100_000));
        assert_eq!(told(quotas.connects), (300, 50_000));
    }
}
