use super::input::bounded;
use super::unicode::{is_bidi_control, is_ignorable};
use crate::InvalidValue;
use url::{Host, Url};

const FORM: InvalidValue = InvalidValue::Form { expected: "an http or https URL" };

/// An `http(s)://` address with a host and without credentials, or an absolute path on the same host. Stored unchanged.
/// Text that clients may interpret differently is rejected: backslashes, white space, invisible and reordering
/// characters.
pub(crate) fn web_address(text: &str, most: usize) -> Result<String, InvalidValue> {
    let text = bounded(text, most)?;
    if text.chars().count() > most {
        return Err(InvalidValue::TooLong { most });
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidValue::ControlCharacter);
    }
    if text.chars().any(is_bidi_control) {
        return Err(InvalidValue::BidiControl);
    }
    let is_path = text.starts_with('/') && !text.starts_with("//");
    if text.chars().any(is_ambiguous) || !(is_path || is_absolute(text)) {
        return Err(FORM);
    }
    Ok(text.to_owned())
}

/// RFC 3986 allows none of these characters; browsers interpret some of them as others.
fn is_ambiguous(character: char) -> bool {
    character.is_whitespace() || is_ignorable(character) || matches!(character, '\\' | '<' | '>' | '"' | '\u{2800}')
}

/// The URL Standard tolerates missing and extra slashes, empty credentials and encoded hosts; this check does not.
fn is_absolute(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    if !["http", "https"].iter().any(|allowed| scheme.eq_ignore_ascii_case(allowed)) {
        return false;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() || authority.contains(['@', '%']) {
        return false;
    }
    match Url::parse(text).ok().as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => {
            name.strip_suffix('.').unwrap_or(name).split('.').all(|label| (1..=63).contains(&label.len()))
        }
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_accepted_address_has_a_host_and_no_credentials(text in "(https?://)?[a-z@:/\\\\.%# ]{0,12}|\\PC{0,20}") {
            if let Ok(accepted) = web_address(&text, 40) {
                prop_assert_eq!(web_address(&accepted, 40), Ok(accepted.clone()));
                let base = Url::parse("https://base.example/").expect("an address");
                let url = base.join(&accepted).expect("an address");
                prop_assert!(url.has_host() && url.username().is_empty() && url.password().is_none());
                prop_assert!(accepted.contains("://") || url.host_str() == Some("base.example"), "{}", accepted);
            }
        }
    }

    #[test]
    fn addresses_name_a_host() {
        for good in [
            "https://example.com/a.png",
            "HTTP://example.com/a.png?x=1#y",
            "https://example.com",
            "http://localhost:3000/a",
            "https://192.0.2.1/a",
            "https://[2001:db8::1]:8443/a",
            "https://bücher.example/ä.png",
            "https://example.com./a",
            "https://пример.испытание/путь",
            "/files/a.png",
            "/a@b",
            "https://example.com/@ann",
            "https://example.com/a%20b",
        ] {
            assert_eq!(web_address(good, 100), Ok(good.to_owned()));
        }
        for bad in [
            "https://",
            "https:///x",
            "https://?x",
            "https://#x",
            "https:///",
            "http:x",
            "https:/example.com",
            "https:example.com",
            "https:\\\\example.com",
            "https://user@example.com/",
            "https://user:pw@example.com/",
            "https://@example.com/",
            "https://:@example.com/",
            "https://example.com\\@evil.example/",
            "https://a b/",
            "https://a..b/",
            "https://.a/",
            "https://./",
            "https://:443/",
            "https://example.com:99999/",
            "https://ex%61mple.com/",
            "https://exam\u{ad}ple.com/",
            "https://a\u{200b}.example/",
            "https://[::1/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
            "data:image/png,x",
            "file:///etc/passwd",
            "ftp://example.com/a",
            "https://example.com/a b",
            "https://example.com/\u{2003}a",
            "https://example.com/\u{3164}",
            "https://example.com/\"><script>",
            "a.png",
            "",
        ] {
            assert!(web_address(bad, 100).is_err(), "{}", bad.escape_unicode());
        }
        for reordering in ["https://example.com/\u{202e}gnp.exe", "https://a\u{2067}b.example/", "/\u{200f}a"] {
            assert_eq!(web_address(reordering, 100), Err(InvalidValue::BidiControl));
        }
        assert_eq!(web_address("https://example.com/\u{7}", 100), Err(InvalidValue::ControlCharacter));
        assert_eq!(web_address(&format!("/{}", "a".repeat(100)), 100), Err(InvalidValue::TooLong { most: 100 }));
    }
}
