use super::AuthError;
use crate::UsersError;
use crate::core::Core;
use chat_domain::SessionId;
use chat_domain::auth::AttemptSource;
use chat_domain::rate_limits::{LimitKey, LimitedAddress, Quota, Verdict};
use chat_domain::users::User;
use std::time::Duration;

/// The name under which failed attempts are counted.
const NAME: &str = "logins";

/// How many wrong passwords are allowed, at sign-in and wherever else a password is checked (contract §5). Never
/// counted per account alone: that would lock victims out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginLimits {
    /// For one account from one address.
    pub per_account_and_address: Quota,
    /// From one address, whatever the accounts.
    pub per_address: Quota,
    /// Whether the latter leaves out this very machine: for development.
    pub exempt_loopback: bool,
}

impl Default for LoginLimits {
    /// 10 and 100 in 15 minutes, from anywhere.
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
    /// The counters of an attempt. The account is what the client calls it: to count the email and the username of one
    /// account together would tell that they belong together, and to count only accounts that exist would tell which
    /// do. Whoever is signed in knows both: their attempts count under each.
    fn counters(&self, source: &AttemptSource, own: Option<OwnAccount<'_>>) -> Vec<(LimitKey, Quota)> {
        let address = source.address_key();
        let pair = |account: &str| {
            let key = LimitKey::new(NAME, format_args!("{address}/{account}"));
            (key, self.per_account_and_address)
        };
        let mut counters = vec![pair(source.account())];
        if let Some(OwnAccount { user, session }) = own {
            counters.extend([pair(&user.email.key()), pair(&user.username.key())]);
            // A stolen session must not guess more by changing its address; the victim's own sessions are not affected.
            counters.push((LimitKey::new(NAME, format_args!("session/{session}")), self.per_account_and_address));
        }
        if !(self.exempt_loopback && source.address().is_some_and(LimitedAddress::is_loopback)) {
            counters.push((LimitKey::new(NAME, address), self.per_address));
        }
        counters
    }
}

/// The account of one who is signed in, and the session.
#[derive(Clone, Copy)]
pub(crate) struct OwnAccount<'a> {
    pub(crate) user: &'a User,
    pub(crate) session: SessionId,
}

/// The tokens that an attempt has taken.
pub(crate) struct Counted(Vec<(LimitKey, Quota)>);

/// An attempt over its limit.
pub(crate) struct TooMany {
    quota: Quota,
    verdict: Verdict,
}

impl From<TooMany> for AuthError {
    fn from(TooMany { quota, verdict }: TooMany) -> Self {
        Self::TooManyAttempts { quota, verdict }
    }
}

impl From<TooMany> for UsersError {
    fn from(TooMany { quota, verdict }: TooMany) -> Self {
        Self::TooManyAttempts { quota, verdict }
    }
}

impl Core {
    /// Counts an attempt before it is made, so that many at once are no way around; of one who is signed
    /// in, also for their session. An attempt that is refused by one counter counts towards none.
    pub(crate) async fn count_attempt(
        &self,
        source: &AttemptSource,
        own: Option<OwnAccount<'_>>,
    ) -> Result<Counted, TooMany> {
        let mut counted = Counted(Vec::new());
        let counters = self.settings.login_limits.map(|limits| limits.counters(source, own));
        for (key, quota) in counters.into_iter().flatten() {
            let verdict = self.rate_limiter.take(&key, quota, 1).await;
            if !verdict.is_allowed {
                self.uncount_attempt(counted).await;
                return Err(TooMany { quota, verdict });
            }
            counted.0.push((key, quota));
        }
        Ok(counted)
    }

    /// The attempt did not fail for its password, hence does not count.
    pub(crate) async fn uncount_attempt(&self, Counted(counters): Counted) {
        for (key, quota) in counters {
            self.rate_limiter.give_back(&key, quota, 1).await;
        }
    }
}
