//! The formats of single values: durations, rate limits, origins.

use chat_domain::rate_limits::Quota;
use std::time::Duration;

/// Reads `500ms`, `30s`, `15m`, `12h`, `7d`, or a bare number of seconds.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let millis_per_unit = match unit.trim_start() {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(millis_per_unit).map(Duration::from_millis)
}

/// Writes a duration in the form that [`parse_duration`] reads, in the largest unit that is exact.
pub(crate) fn write_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    for (per_unit, unit) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")] {
        if millis > 0 && millis.is_multiple_of(per_unit) {
            return format!("{}{unit}", millis / per_unit);
        }
    }
    format!("{millis}ms")
}

/// Reads `20/h`, `10/15m` or `50/s,burst=500`: a number per period; `burst` is how many are allowed at once, by default
/// the number itself.
pub(crate) fn parse_quota(text: &str) -> Option<Quota> {
    let (rate, burst) = match text.split_once(',') {
        Some((rate, burst)) => (rate, Some(burst.trim().strip_prefix("burst=")?)),
        None => (text, None),
    };
    let (count, period) = rate.split_once('/')?;
    let count = parse_count(count)?;
    let burst = burst.map_or(Some(count), parse_count)?;
    let period = period.trim();
    let is_unit = period.starts_with(|first: char| first.is_ascii_alphabetic());
    let period = if is_unit { parse_duration(&format!("1{period}"))? } else { parse_duration(period)? };
    let refill = period.checked_mul(burst)? / count;
    let is_known_time = !period.is_zero() && refill <= Quota::MAX_REFILL;
    // The refill interval of a token is a whole number of microseconds.
    let is_countable = period.as_micros() >= u128::from(count);
    (is_known_time && is_countable).then(|| Quota::new(burst, refill))
}

fn parse_count(text: &str) -> Option<u32> {
    let text = text.trim();
    let count = text.parse().ok().filter(|count| (1..=Quota::MAX_BURST).contains(count))?;
    text.bytes().all(|digit| digit.is_ascii_digit()).then_some(count)
}

/// Checks that a text is an origin as browsers send it (RFC 6454 §6.2): scheme, host and, unless it is the scheme's
/// default, port, with nothing after it. Returns it in lower case.
pub(crate) fn parse_origin(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let (scheme, authority) = text.split_once("://")?;
    let scheme_ok = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.chars().all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character));
    let authority_ok = !authority.is_empty()
        && !authority.contains(|character: char| "/?#@*".contains(character) || character.is_whitespace())
        && authority.rsplit_once(':').is_none_or(|(_, port)| port.ends_with(']') || port.parse::<u16>().is_ok());
    (scheme_ok && authority_ok).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_or_count_seconds() {
        assert_eq!(parse_duration("15m"), Some(Duration::from_mins(15)));
        assert_eq!(parse_duration("7d"), Some(Duration::from_hours(168)));
        assert_eq!(parse_duration("900"), Some(Duration::from_mins(15)));
        assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
        for wrong in ["", "m", "1.5h", "-1s", "5 minutes", "9999999999999999999d", "99999999999999999d"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        for millis in [0, 1, 999, 1_000, 60_000, 90_000, 3_600_000, 86_400_000, 604_800_000] {
            let duration = Duration::from_millis(millis);
            assert_eq!(parse_duration(&write_duration(duration)), Some(duration), "{millis}");
        }
    }

    #[test]
    fn limits_are_so_many_in_a_time_and_so_many_at_once() {
        let told = |text| parse_quota(text).map(|quota| (quota.burst(), quota.micros_per_token()));
        assert_eq!(told("50/s,burst=500"), Some((500, 20_000)));
        assert_eq!(told(" 50 / s , burst=500 "), Some((500, 20_000)));
        assert_eq!(told("10/15m"), Some((10, 90_000_000)));
        assert_eq!(told("20/h"), Some((20, 180_000_000)));
        assert_eq!(told("3/500ms,burst=1"), Some((1, 166_666)));
        assert_eq!(told("1000000/s"), Some((1_000_000, 1)));
        for wrong in [
            "",
            "50",
            "50/",
            "/s",
            "0/s",
            "50/0s",
            "-1/s",
            "+1/s",
            "50/s,500",
            "50/s,burst=0",
            "50/s,burst=",
            "50/s,burst=9999999",
            "1/d,burst=1000",
            "1.5/s",
            "50/year",
            "1000000/ms",
            "50/s,burst=5,burst=6",
            "off",
        ] {
            assert_eq!(parse_quota(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn origins_are_what_browsers_send() {
        assert_eq!(parse_origin("HTTPS://Chat.Example"), Some("https://chat.example".into()));
        assert_eq!(parse_origin("http://localhost:5173"), Some("http://localhost:5173".into()));
        assert_eq!(parse_origin("http://[::1]:3000"), Some("http://[::1]:3000".into()));
        assert_eq!(parse_origin("http://[::1]"), Some("http://[::1]".into()));
        for wrong in [
            "*",
            "localhost",
            "http://",
            "http://a/",
            "http://a/b",
            "http://a:port",
            "http://u@a",
            "http://*.a",
            "://a",
        ] {
            assert_eq!(parse_origin(wrong), None, "{wrong}");
        }
    }
}
