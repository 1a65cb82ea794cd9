use super::Sid;
use crate::Settings;
use serde::Serialize;

/// The first packet of a session. Clients depend on these names, and some accept no others.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Open<'sid> {
    sid: &'sid str,
    upgrades: &'static [&'static str],
    ping_interval: u64,
    ping_timeout: u64,
    max_payload: usize,
}

/// `0{...}`; `can_upgrade` if the session starts with polling.
pub(crate) fn open_packet(sid: Sid, settings: &Settings, can_upgrade: bool) -> String {
    let open = Open {
        sid: &sid.to_text(),
        upgrades: if can_upgrade { &["websocket"] } else { &[] },
        ping_interval: millis(settings.ping_interval),
        ping_timeout: millis(settings.ping_timeout),
        max_payload: settings.max_payload,
    };
    // Strings and numbers cannot fail to serialise into memory.
    format!("0{}", serde_json::to_string(&open).unwrap_or_default())
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_open_packet_has_exactly_five_members() {
        let sid = Sid::new(0);
        let expected = format!(
            r#"0{{"sid":"{}","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}}"#,
            sid.to_text()
        );
        assert_eq!(open_packet(sid, &Settings::default(), true), expected);
        assert!(open_packet(sid, &Settings::default(), false).contains(r#""upgrades":[],"#));
    }
}
