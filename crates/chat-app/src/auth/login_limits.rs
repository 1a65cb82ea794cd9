use super::{AuthError, LoginIdentity};
use crate::core::Core;
use chat_domain::rate_limits::{LimitKey, Quota};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

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
        let address = Address::of(address);
        let account = match identity {
            LoginIdentity::Email(email) => email.key(),
            LoginIdentity::Username(username) => username.key(),
        };
        let mut counters = vec![(
            LimitKey::new("logins", format_args!("{}/{account}", address.subject)),
            self.per_account_and_address,
        )];
        if !(self.exempt_loopback && address.is_loopback) {
            counters.push((LimitKey::new("logins", address.subject), self.per_address));
        }
        counters
    }
}

/// Who is counted as one: an IPv4 address, or the /64 network that one IPv6 subscriber has to themselves.
struct Address {
    subject: String,
    is_loopback: bool,
}

impl Address {
    fn of(text: Option<&str>) -> Self {
        let Some(ip) = text.and_then(|text| text.parse::<IpAddr>().ok()).map(|ip| ip.to_canonical()) else {
            return Self { subject: "unknown".into(), is_loopback: false };
        };
        let subject = match ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).to_string(),
        };
        Self { subject, is_loopback: ip.is_loopback() }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_counted_with_what_its_holder_can_change_at_will() {
        let subject = |text| Address::of(Some(text)).subject;
        assert_eq!(subject("203.0.113.9"), subject("::ffff:203.0.113.9"));
        assert_ne!(subject("203.0.113.9"), subject("203.0.113.10"));
        assert_eq!(subject("2001:db8:1:2::1"), subject("2001:db8:1:2:ffff::"));
        assert_ne!(subject("2001:db8:1:2::1"), subject("2001:db8:1:3::1"));
        assert_eq!(subject("nonsense"), Address::of(None).subject);
    }

    #[test]
    fn this_machine_is_known_by_all_of_its_names() {
        for text in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            assert!(Address::of(Some(text)).is_loopback, "{text}");
        }
        for text in ["10.0.0.1", "::2", "unix", "localhost"] {
            assert!(!Address::of(Some(text)).is_loopback, "{text}");
        }
    }
}
