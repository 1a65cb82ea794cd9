use super::{AuthError, LoginIdentity};
use crate::core::Core;
use chat_domain::rate_limits::{LimitKey, LimitedAddress, Quota};
use std::time::Duration;

/// What all those count as whose address is not known.
const NOBODY_KNOWS_WHERE: &str = "unknown";

/// How many failed sign-ins are put up with (contract §5). Never counted per account alone: that would lock victims out.
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
    /// What an attempt counts towards. The account is what the client calls it: to count the email and the username of one account together would
    /// tell that they belong together, and to count only accounts that exist would tell which do.
    fn counters(&self, identity: &LoginIdentity, address: Option<&str>) -> Vec<(LimitKey, Quota)> {
        let address = address.and_then(LimitedAddress::parse);
        let subject = address.map_or_else(|| NOBODY_KNOWS_WHERE.into(), |address| address.to_string());
        let account = match identity {
            LoginIdentity::Email(email) => email.key(),
            LoginIdentity::Username(username) => username.key(),
        };
        let mut counters =
            vec![(LimitKey::new("logins", format_args!("{subject}/{account}")), self.per_account_and_address)];
        if !(self.exempt_loopback && address.is_some_and(LimitedAddress::is_loopback)) {
            counters.push((LimitKey::new("logins", subject), self.per_address));
        }
        counters
    }
}

/// The tokens that an attempt has taken.
pub(super) struct Counted(Vec<(LimitKey, Quota)>);

impl Core {
    /// Counts an attempt before it is made, so that many at once are no way around. An attempt that is refused by one counter counts towards none.
    pub(super) async fn count_login(
        &self,
        identity: &LoginIdentity,
        address: Option<&str>,
    ) -> Result<Counted, AuthError> {
        let mut counted = Counted(Vec::new());
        let counters = self.settings.login_limits.map(|limits| limits.counters(identity, address));
        for (key, quota) in counters.into_iter().flatten() {
            let verdict = self.rate_limiter.take(&key, quota, 1).await;
            if !verdict.is_allowed {
                self.uncount_login(counted).await;
                return Err(AuthError::TooManyAttempts { quota, verdict });
            }
            counted.0.push((key, quota));
        }
        Ok(counted)
    }

    /// The attempt did not fail for its password, hence does not count.
    pub(super) async fn uncount_login(&self, Counted(counters): Counted) {
        for (key, quota) in counters {
            self.rate_limiter.give_back(&key, quota, 1).await;
        }
    }
}
