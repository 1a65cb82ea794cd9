use crate::core::Core;
use chat_domain::auth::AttemptSource;
use chat_domain::rate_limits::{LimitKey, LimitedAddress, Quota};
use chat_domain::users::User;
use chat_domain::{Refusal, SessionId};
use std::time::Duration;

/// The name of the limit that counts failed attempts.
const NAME: &str = "logins";

/// The limits on wrong passwords, at sign-in and wherever else a password is checked (contract §5). There is no limit
/// per account alone, which would let an attacker lock the user out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginLimits {
    /// For one account from one address.
    pub per_account_and_address: Quota,
    /// From one address, for all accounts.
    pub per_address: Quota,
    /// Whether `per_address` exempts loopback addresses: for development.
    pub exempt_loopback: bool,
}

impl Default for LoginLimits {
    /// 10 and 100 in 15 minutes, without an exemption.
    fn default() -> Self {
        let period = Duration::from_mins(15);
        Self {
            per_account_and_address: Quota::new(10, period),
            per_address: Quota::new(100, period),
            exempt_loopback: false,
        }
    }
}

impl LoginLimits {
    /// The counters of an attempt. The account is what the client sent: counting the email and the username of one
    /// account together would reveal that they belong together, and counting only existing accounts would reveal which
    /// exist. A signed-in user knows both, so their attempts count under each.
    fn counters(&self, source: &AttemptSource, own: Option<OwnAccount<'_>>) -> Vec<(LimitKey, Quota)> {
        let address = source.address_key();
        let pair = |account: &str| {
            let key = LimitKey::new(NAME, format_args!("{address}/{account}"));
            (key, self.per_account_and_address)
        };
        let mut counters = vec![pair(source.account())];
        if let Some(OwnAccount { user, session }) = own {
            counters.extend([pair(&user.email.key()), pair(&user.username.key())]);
            // A stolen session must not get more attempts by changing its address; the user's own sessions are not
            // affected.
            counters.push((LimitKey::new(NAME, format_args!("session/{session}")), self.per_account_and_address));
        }
        if !(self.exempt_loopback && source.address().is_some_and(LimitedAddress::is_loopback)) {
            counters.push((LimitKey::new(NAME, address), self.per_address));
        }
        counters
    }
}

/// The account and the session of a signed-in user.
#[derive(Clone, Copy)]
pub(crate) struct OwnAccount<'a> {
    pub(crate) user: &'a User,
    pub(crate) session: SessionId,
}

/// The tokens that an attempt has taken from its buckets.
pub(crate) struct Counted(Vec<(LimitKey, Quota)>);

impl Core {
    /// Counts an attempt before it is made, so that concurrent attempts cannot bypass the limit; for a signed-in user,
    /// also for the session. An attempt that one counter rejects counts in none.
    pub(crate) async fn count_attempt(
        &self,
        source: &AttemptSource,
        own: Option<OwnAccount<'_>>,
    ) -> Result<Counted, Refusal> {
        let mut counted = Counted(Vec::new());
        let counters = self.settings.login_limits.map(|limits| limits.counters(source, own));
        for (key, quota) in counters.into_iter().flatten() {
            let verdict = self.rate_limiter.take(&key, quota, 1).await;
            if !verdict.is_allowed {
                self.uncount_attempt(counted).await;
                return Err(Refusal::TooManyAttempts { quota, verdict });
            }
            counted.0.push((key, quota));
        }
        Ok(counted)
    }

    /// Gives the tokens back: the attempt did not fail because of its password.
    pub(crate) async fn uncount_attempt(&self, Counted(counters): Counted) {
        for (key, quota) in counters {
            self.rate_limiter.give_back(&key, quota, 1).await;
        }
    }
}
