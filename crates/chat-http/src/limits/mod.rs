//! How often somebody may do something (contract §5, Rate limits): one bucket per user and kind of work, whichever way
//! the work comes in; per address where there is no user.
//!
//! | limit | counts | whom | where |
//! | --- | --- | --- | --- |
//! | `registrations` | `POST /auth/register` that could be understood | address | `limited` |
//! | `sends` | messages over REST and sockets | user | `limited`, `Limits::frame` |
//! | `signals` | typing, presence and calls over sockets | user | `Limits::frame` |
//! | `requests` | every other request, every other frame of a socket | user, else address | both |
//! | `connects` | sockets that ask to be opened | address | `crate::gateway`, `limited` |
//!
//! What none of these counts is bounded per connection (`crate::server::traffic`,
//! [`crate::HttpSettings::frame_quota`]); a connection that is closed for it costs its address `connects`.
//!
//! Failed logins are the use case's to count, which alone knows of them. Health checks and documents are not limited.
//!
//! **To add a limit**: a variant of `Limit`, a field of [`Quotas`], and a setting in `chat-server`.

mod commands;
mod rest;
mod standing;

pub(crate) use rest::{are_on, limited};
pub(crate) use standing::{EXPOSED, Standing, documented_headers, whole_seconds};

use crate::ApiError;
use chat_domain::UserId;
use chat_domain::rate_limits::{LimitKey, LimitedAddress, Quota, RateLimiter};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// How many connections of its address a connection costs that is closed because it sends too much.
const FLOOD_COST: u32 = 20;

/// How much of each is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Accounts made from one address.
    pub registrations: Quota,
    /// Messages of one user.
    pub sends: Quota,
    /// Everything else of one user, or without one of an address.
    pub requests: Quota,
    /// Typing, presence and calls of one user.
    pub signals: Quota,
    /// Sockets opened from one address.
    pub connects: Quota,
}

impl Default for Quotas {
    /// The contract's (§5).
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

/// What is counted apart from everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    Registrations,
    Sends,
    Requests,
    Signals,
    Connects,
}

/// Whom it is counted for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subject {
    User(UserId),
    /// `None`: a listener without addresses, behind which there is no telling who is who. Nothing is counted then.
    Address(Option<IpAddr>),
}

/// The limits of this server. Off unless somebody turns them on.
#[derive(Default)]
pub struct Limits(Option<Counting>);

struct Counting {
    limiter: Arc<dyn RateLimiter>,
    quotas: Quotas,
    spares_loopback: bool,
}

impl Limits {
    /// Everything is allowed, for load tests and tools.
    pub const fn off() -> Self {
        Self(None)
    }

    /// These limits. `spares_loopback` leaves this machine's own addresses out of all that is counted per address, as
    /// development wants it; a proxy on the same machine is not spared by it, since what counts is the address that it
    /// names.
    pub const fn new(limiter: Arc<dyn RateLimiter>, quotas: Quotas, spares_loopback: bool) -> Self {
        Self(Some(Counting { limiter, quotas, spares_loopback }))
    }

    pub(crate) const fn are_off(&self) -> bool {
        self.0.is_none()
    }

    /// Counts one more; tells how the bucket stands where it was counted, and refuses where it is empty.
    pub(crate) async fn take(&self, limit: Limit, subject: Subject) -> Result<Option<Standing>, ApiError> {
        let Some((counting, key)) = self.counted(limit, subject) else { return Ok(None) };
        let quota = counting.quotas.of(limit);
        let verdict = counting.limiter.take(&key, quota, 1).await;
        let standing = Standing::new(quota, verdict);
        if verdict.is_allowed { Ok(Some(standing)) } else { Err(ApiError::throttled(limit.refusal(), standing)) }
    }

    /// It does not count after all.
    pub(crate) async fn give_back(&self, limit: Limit, subject: Subject) {
        if let Some((counting, key)) = self.counted(limit, subject) {
            counting.limiter.give_back(&key, counting.quotas.of(limit), 1).await;
        }
    }

    /// A socket asks to be opened.
    pub(crate) async fn connect(&self, address: Option<IpAddr>) -> Result<(), ApiError> {
        self.take(Limit::Connects, Subject::Address(address)).await.map(drop)
    }

    /// A connection of this address was closed because it sent too much: that costs as much as [`FLOOD_COST`]
    /// connections.
    pub(crate) async fn penalize(&self, address: Option<IpAddr>) {
        let Some((counting, key)) = self.counted(Limit::Connects, Subject::Address(address)) else { return };
        let quota = counting.quotas.of(Limit::Connects);
        // A bucket that holds less is emptied.
        let left = counting.limiter.take(&key, quota, 0).await.remaining;
        counting.limiter.take(&key, quota, left.min(FLOOD_COST)).await;
    }

    /// Refuses what no other limit counts to new connections of an address, while it has been penalized so often that
    /// one more would find its bucket of `connects` empty.
    pub(crate) async fn check_offender(&self, address: Option<IpAddr>) -> Result<(), ApiError> {
        let Some((counting, key)) = self.counted(Limit::Connects, Subject::Address(address)) else { return Ok(()) };
        let quota = counting.quotas.of(Limit::Connects);
        let verdict = counting.limiter.take(&key, quota, 0).await;
        let missing = FLOOD_COST.min(quota.burst() / 2).max(1).saturating_sub(verdict.remaining);
        if missing == 0 {
            return Ok(());
        }
        let retry_after = Duration::from_micros(quota.micros_per_token()) * missing;
        let standing = Standing { retry_after: Some(retry_after), ..Standing::new(quota, verdict) };
        Err(ApiError::throttled(Limit::Connects.refusal(), standing))
    }

    /// Whether nothing is counted that comes from this address.
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
    /// Names the buckets, also in Redis.
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
