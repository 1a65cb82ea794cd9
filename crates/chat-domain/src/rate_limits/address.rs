use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The subject of a limit per address: an IPv4 address, or the /64 network of an IPv6 address. A home or a rented
/// machine has all addresses of such a network (RFC 6177 §2), so a limit per IPv6 address would have no effect.
///
/// Its text is the subject of a [`super::LimitKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LimitedAddress(IpAddr);

/// The bits of an IPv6 address that name the network.
const NETWORK: u128 = !(u64::MAX as u128);

impl LimitedAddress {
    /// Wraps an address. An IPv4-mapped IPv6 address counts as its IPv4 address.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) if !address.is_loopback() => {
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & NETWORK))
            }
            address => address,
        })
    }

    /// Parses an address in the form of [`crate::auth::ClientInfo::ip`]; `None` if it is invalid.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self::of)
    }

    /// Whether it is a loopback address, which development does not limit.
    pub fn is_loopback(self) -> bool {
        self.0.is_loopback()
    }
}

impl fmt::Display for LimitedAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(text: &str) -> String {
        LimitedAddress::parse(text).expect("an address").to_string()
    }

    #[test]
    fn an_ipv6_network_counts_as_one_and_each_ipv4_address_for_itself() {
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), counted("2001:db8:1:2:ffff::1"));
        assert_ne!(counted("2001:db8:1:2::1"), counted("2001:db8:1:3::1"));
        assert_ne!(counted("192.0.2.1"), counted("192.0.2.2"));
        assert_eq!(counted("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(LimitedAddress::parse("nowhere"), None);
    }

    #[test]
    fn this_machine_is_known_by_every_name() {
        for address in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(LimitedAddress::parse(address).is_some_and(LimitedAddress::is_loopback), "{address}");
        }
        assert!(!LimitedAddress::parse("::2").is_some_and(LimitedAddress::is_loopback));
    }
}
