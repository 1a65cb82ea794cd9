//! The rate limits, and the proxies whose headers are trusted.

use super::SWITCH;
use super::reader::Reader;
use super::values::parse_quota;
use chat_domain::rate_limits::Quota;
use chat_http::{Quotas, TrustedProxies};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv6Addr};

/// The format of a rate limit.
pub(super) const QUOTA_FORM: &str =
    "a number per period, such as 20/h or 10/15m, or with a burst, such as 50/s,burst=500";

/// All rate limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateLimits {
    pub(crate) quotas: Quotas,
    /// Failed logins to one account from one address.
    pub(crate) logins: Quota,
    /// Failed logins from one address, to any account.
    pub(crate) logins_per_address: Quota,
}

/// Reads the limits and checks them even if they are off. `Some(None)`: rate limits are off.
#[allow(clippy::option_option)] // The limits can be off.
pub(super) fn read(reader: &mut Reader<'_>, production: bool) -> Option<Option<RateLimits>> {
    let switch = reader.choice("RATE_LIMIT", SWITCH);
    if production && switch == Some(false) {
        reader.fault("RATE_LIMIT", "is off", "keep it on in production, and raise the limits that are too low");
    }
    let mut quota = |name| reader.parsed(name, QUOTA_FORM, parse_quota);
    let logins = quota("RATE_LIMIT_LOGINS");
    let logins_per_address = quota("RATE_LIMIT_LOGINS_PER_ADDRESS");
    let registrations = quota("RATE_LIMIT_REGISTRATIONS");
    let sends = quota("RATE_LIMIT_SENDS");
    let requests = quota("RATE_LIMIT_REQUESTS");
    let signals = quota("RATE_LIMIT_SIGNALS");
    let connects = quota("RATE_LIMIT_CONNECTS");
    let limits = RateLimits {
        quotas: Quotas {
            registrations: registrations?,
            sends: sends?,
            requests: requests?,
            signals: signals?,
            connects: connects?,
        },
        logins: logins?,
        logins_per_address: logins_per_address?,
    };
    Some(switch?.then_some(limits))
}

/// Reads the trusted proxies, and whether they cover most addresses, so that clients must be among them.
pub(super) fn read_proxies(reader: &mut Reader<'_>, production: bool) -> (TrustedProxies, bool) {
    let listed = reader.given("TRUSTED_PROXIES").unwrap_or_default().split(',').map(str::trim);
    let mut networks: Vec<IpNet> = Vec::new();
    for text in listed.filter(|text| !text.is_empty()) {
        match parse_network(text) {
            Some(network) => networks.push(network),
            None => reader.fault(
                "TRUSTED_PROXIES",
                format!("names \"{text}\""),
                "write IP addresses or networks, such as 192.0.2.10 or 10.0.0.0/8, separated by commas",
            ),
        }
    }
    let is_everybody = cover_most(&networks);
    if production && is_everybody {
        reader.fault("TRUSTED_PROXIES", "covers most IP addresses", "list only the proxies and their networks");
    }
    (networks.into_iter().collect(), is_everybody)
}

/// The IPv4-mapped addresses, as a listener on `[::]` sees IPv4 clients (RFC 4291 §2.5.5.2).
const MAPPED_V4: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96);

/// Reads an address, or a network with its prefix length. The bits after the prefix are ignored. IPv4-mapped forms
/// become IPv4, as the addresses of clients do.
fn parse_network(text: &str) -> Option<IpNet> {
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse::<IpNet>().ok().or_else(address).map(|network| canonical(network.trunc()))
}

fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(mapped) = network else { return network };
    let address = mapped.addr().to_ipv4_mapped().filter(|_| MAPPED_V4.contains(&mapped));
    let length = mapped.prefix_len().saturating_sub(MAPPED_V4.prefix_len());
    address.and_then(|address| Ipv4Net::new(address, length).ok()).map_or(network, IpNet::V4)
}

/// Whether the networks together cover at least a sixteenth of all IPv4 addresses or of the IPv6 addresses in use on
/// the internet (`2000::/3`), or all IPv4 addresses in their mapped form. All private networks together are far less.
fn cover_most(networks: &[IpNet]) -> bool {
    const ALL_V4: u128 = 1 << 32;
    const GLOBAL_V6: u128 = 1 << 125;
    const GLOBAL: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
    let (mut v4, mut v6) = (0_u128, 0_u128);
    for network in IpNet::aggregate(&networks.to_vec()) {
        match network {
            IpNet::V4(network) => v4 += 1 << (32 - network.prefix_len()),
            IpNet::V6(network) if network.contains(&GLOBAL) => v6 = GLOBAL_V6,
            IpNet::V6(network) if network.contains(&MAPPED_V4) => v4 = ALL_V4,
            IpNet::V6(network) if GLOBAL.contains(&network) => v6 += 1 << (128 - network.prefix_len()),
            IpNet::V6(_) => {}
        }
    }
    v4 >= ALL_V4 / 16 || v6 >= GLOBAL_V6 / 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_addresses_with_or_without_a_length() {
        let inside = |network: &str, address: &str| {
            let address: IpAddr = address.parse().expect("an address");
            parse_network(network).expect("a network").contains(&address)
        };
        assert!(inside("192.0.2.10", "192.0.2.10") && !inside("192.0.2.10", "192.0.2.11"));
        assert!(inside("172.16.0.0/12", "172.31.255.255") && !inside("172.16.0.0/12", "172.32.0.0"));
        assert!(inside("10.9.8.7/8", "10.0.0.1"), "the bits after the prefix are ignored");
        assert!(inside("2001:db8::/32", "2001:db8:ffff::1") && !inside("2001:db8::/32", "2001:db9::"));
        assert!(inside("0.0.0.0/0", "1.2.3.4") && !inside("0.0.0.0/0", "::1"));
        for (mapped, plain) in [
            ("::ffff:10.0.0.5", "10.0.0.5/32"),
            ("::ffff:a00:5/128", "10.0.0.5/32"),
            ("::ffff:10.0.0.5/104", "10.0.0.0/8"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
            ("::ffff:0:0/95", "::fffe:0:0/95"),
            ("::10.0.0.5", "::a00:5/128"),
        ] {
            assert_eq!(parse_network(mapped).expect("a network").to_string(), plain, "{mapped}");
        }
        for wrong in
            ["", "*", "all", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/+8", "10.0.0/8", "10.0.0.0/8/8", "proxy"]
        {
            assert!(parse_network(wrong).is_none(), "{wrong}");
        }
    }
}
