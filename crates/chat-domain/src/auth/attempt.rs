use crate::rate_limits::LimitedAddress;
use std::fmt;

/// The source of a password attempt, and its account. Failed attempts are counted by it, and hashing is shared fairly
/// by it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AttemptSource {
    address: Option<LimitedAddress>,
    account: String,
}

impl AttemptSource {
    /// Stands for all unknown addresses.
    const UNKNOWN_ADDRESS: &str = "unknown";

    /// Creates a source. `address` is as in [`super::ClientInfo::ip`]. The account is the client's name for it:
    /// attempts for an account that does not exist must count like others.
    pub fn new(address: Option<&str>, account: impl fmt::Display) -> Self {
        Self { address: address.and_then(LimitedAddress::parse), account: account.to_string() }
    }

    /// The address, if known.
    pub const fn address(&self) -> Option<LimitedAddress> {
        self.address
    }

    /// The address as the subject of a limit; all unknown addresses count as one.
    pub fn address_key(&self) -> String {
        self.address.map_or_else(|| Self::UNKNOWN_ADDRESS.to_owned(), |address| address.to_string())
    }

    /// The account.
    pub fn account(&self) -> &str {
        &self.account
    }
}

impl fmt::Debug for AttemptSource {
    /// The account may be an email address, which is not logged.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AttemptSource").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_addresses_count_as_one_and_the_account_is_not_logged() {
        let unknown = AttemptSource::new(None, "ann@example.com");
        assert_eq!(unknown, AttemptSource::new(Some("not an address"), "ann@example.com"));
        assert_eq!((unknown.address_key().as_str(), unknown.account()), ("unknown", "ann@example.com"));
        assert_eq!(AttemptSource::new(Some("::ffff:192.0.2.1"), "ann").address_key(), "192.0.2.1");
        assert!(!format!("{unknown:?}").contains("ann"));
    }
}
