//! How often somebody may do something, and whose word for an address is taken.

use super::reader::Reader;
use super::values::parse_quota;
use chat_domain::rate_limits::Quota;
use chat_http::{Network, Quotas, TrustedProxies};

const SWITCH: &[(&str, bool)] = &[("on", true), ("off", false)];

/// How a limit is written.
pub(super) const QUOTA_FORM: &str =
    "so many in a time, such as 20/h or 10/15m, and where more may come at once 50/s,burst=500";

/// Every limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateLimits {
    pub(crate) quotas: Quotas,
    /// Failed logins of an account from an address.
    pub(crate) logins: Quota,
    /// Failed logins from an address, whatever the account.
    pub(crate) logins_per_address: Quota,
}

/// The limits, all of which are checked even where they are off. `Some(None)`: they are off.
#[allow(clippy::option_option)] // Off is no fault.
pub(super) fn read(reader: &mut Reader<'_>, production: bool) -> Option<Option<RateLimits>> {
    let switch = reader.choice("RATE_LIMIT", SWITCH);
    if production && switch == Some(false) {
        reader.fault("RATE_LIMIT", "is off", "leave it on in production, and raise the limits that are too low");
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

/// The proxies, and whether they are everybody.
pub(super) fn read_proxies(reader: &mut Reader<'_>) -> (TrustedProxies, bool) {
    let listed = reader.given("TRUSTED_PROXIES").unwrap_or_default().split(',').map(str::trim);
    let mut networks: Vec<Network> = Vec::new();
    for text in listed.filter(|text| !text.is_empty()) {
        match text.parse() {
            Ok(network) => networks.push(network),
            Err(_) => reader.fault(
                "TRUSTED_PROXIES",
                format!("names \"{text}\""),
                "write IP addresses and networks, such as 192.0.2.10 or 10.0.0.0/8, separated by commas",
            ),
        }
    }
    let is_everybody = networks.iter().any(|network| network.is_everything());
    (networks.into_iter().collect(), is_everybody)
}
