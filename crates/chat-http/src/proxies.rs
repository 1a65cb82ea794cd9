use actix_http::header::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The header in which proxies write the address of their client. `Forwarded` (RFC 7239) is not read: a client could
/// set any header that the proxy in front does not set.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The maximum length of a chain of proxies that is followed.
const MAX_HOPS: usize = 16;

/// The proxies whose `X-Forwarded-For` is trusted. None by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl FromIterator<IpNet> for TrustedProxies {
    fn from_iter<T: IntoIterator<Item = IpNet>>(networks: T) -> Self {
        Self(networks.into_iter().collect())
    }
}

impl TrustedProxies {
    /// Returns the client's address, as far as it can be trusted: the peer's address, or if the peer is a trusted
    /// proxy, the address that it names, and so on. The header is read from the right, because everything to the left
    /// of an untrusted address may be forged.
    ///
    /// Returns `None` if the listener has no addresses.
    pub fn client_address(&self, headers: &HeaderMap, peer: Option<SocketAddr>) -> Option<IpAddr> {
        // A listener on `[::]` sees IPv4 clients as mapped addresses; the plain form is the usual one.
        let mut client = peer?.ip().to_canonical();
        if !self.trusts(client) {
            return Some(client);
        }
        // Several headers are one list (RFC 9110 §5.2).
        let lists = headers.get_all(FORWARDED_FOR).collect::<Vec<_>>();
        // A forged part may not be text; the part that the proxy appended still counts.
        let entries = lists.into_iter().rev().flat_map(|list| list.as_bytes().rsplit(|byte| *byte == b','));
        for entry in entries.take(MAX_HOPS) {
            // If a trusted proxy did not know its client, the chain ends with the proxy.
            let Some(address) = std::str::from_utf8(entry).ok().and_then(|text| parse_entry(text.trim())) else {
                break;
            };
            client = address;
            if !self.trusts(client) {
                break;
            }
        }
        Some(client)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Some proxies write the port as well.
fn parse_entry(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || Some(text.parse::<SocketAddr>().ok()?.ip());
    let address: IpAddr = text.parse().ok().or_else(bracketed).or_else(with_port)?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_http::header::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    fn trusting(networks: &[&str]) -> TrustedProxies {
        networks
            .iter()
            .map(|text| text.parse().unwrap_or_else(|_| IpNet::from(text.parse::<IpAddr>().expect("a network"))))
            .collect()
    }

    fn client(proxies: &TrustedProxies, peer: &str, forwarded: &[&str]) -> String {
        client_of_bytes(proxies, peer, &forwarded.iter().map(|value| value.as_bytes()).collect::<Vec<_>>())
    }

    fn client_of_bytes(proxies: &TrustedProxies, peer: &str, forwarded: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            let value = HeaderValue::from_bytes(value).expect("a header");
            headers.append(HeaderName::from_static(FORWARDED_FOR), value);
        }
        let peer = SocketAddr::new(peer.parse().expect("an address"), 4000);
        proxies.client_address(&headers, Some(peer)).expect("an address").to_string()
    }

    #[test]
    fn nobody_is_believed_unless_somebody_said_so() {
        let none = TrustedProxies::default();
        assert_eq!(client(&none, "192.0.2.7", &["203.0.113.9"]), "192.0.2.7");
        assert_eq!(client(&none, "127.0.0.1", &["203.0.113.9"]), "127.0.0.1");
        assert_eq!(client(&trusting(&["10.0.0.0/8"]), "192.0.2.7", &["203.0.113.9"]), "192.0.2.7");
        assert_eq!(none.client_address(&HeaderMap::new(), None), None);
    }

    #[test]
    fn a_trusted_proxy_names_who_called_it_and_not_what_that_one_made_up() {
        let proxies = trusting(&["10.0.0.0/8", "fd00::/8"]);
        assert_eq!(client(&proxies, "10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client(&proxies, "10.0.0.1", &["198.51.100.1, 203.0.113.9"]), "203.0.113.9", "the rightmost");
        assert_eq!(client(&proxies, "10.0.0.1", &["198.51.100.1", "203.0.113.9 , 10.2.3.4"]), "203.0.113.9", "a chain");
        assert_eq!(client(&proxies, "fd00::1", &["2001:db8::7"]), "2001:db8::7");
        assert_eq!(client(&proxies, "::ffff:10.0.0.1", &["::ffff:203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn what_is_no_address_ends_the_chain_at_the_last_one_that_was() {
        let proxies = trusting(&["10.0.0.0/8"]);
        assert_eq!(client(&proxies, "10.0.0.1", &[]), "10.0.0.1");
        for odd in ["unknown", "", "_hidden", "203.0.113.9; DROP", "203.0.113.9, unknown"] {
            assert_eq!(client(&proxies, "10.0.0.1", &[odd]), "10.0.0.1", "{odd}");
        }
        assert_eq!(client(&proxies, "10.0.0.1", &["10.0.0.2, 10.0.0.3"]), "10.0.0.2", "all of them trusted");
        assert_eq!(client(&proxies, "10.0.0.1", &["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(client(&proxies, "10.0.0.1", &["[2001:db8::7]:4711"]), "2001:db8::7");
        assert_eq!(client(&proxies, "10.0.0.1", &["[2001:db8::7]"]), "2001:db8::7");
    }

    proptest! {
        #[test]
        fn whatever_a_client_sends_a_proxy_s_own_entry_counts(made_up in "[ -~]{0,60}", bytes in "\\PC{0,20}") {
            let proxies = trusting(&["10.0.0.1"]);
            for odd in [bytes.as_bytes(), b"\xff\xfe"] {
                let list = [odd, b", 203.0.113.9"].concat();
                prop_assert_eq!(client_of_bytes(&proxies, "10.0.0.1", &[&list]), "203.0.113.9");
            }
            prop_assert_eq!(client(&proxies, "10.0.0.1", &[&made_up, "203.0.113.9"]), "203.0.113.9");
            prop_assert_eq!(client(&proxies, "10.0.0.1", &[&format!("{made_up},203.0.113.9")]), "203.0.113.9");
            prop_assert_eq!(client(&proxies, "192.0.2.1", &[&made_up]), "192.0.2.1");
        }
    }
}
