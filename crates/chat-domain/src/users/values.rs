use crate::{InvalidValue, text, text::text_values};

text_values! {
    /// What people read above a message. Need not be unique.
    DisplayName = line(1..=100),
    /// What a search looks for: a prefix of a username or of a name.
    SearchTerm = line(1..=100),
    /// An `http` or `https` address of a picture, or a path on the same host.
    AvatarUrl = web_address(1..=2048),
}

/// A unique handle: 3 to 32 letters, digits, `_`, `-` and `.`, compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Username(String);

impl Username {
    /// The least length, in characters.
    pub const MIN_CHARS: usize = 3;
    /// The greatest length, in characters.
    pub const MAX_CHARS: usize = 32;
    const ALLOWED: &str = "letters, digits, '.', '_' and '-'";

    /// Trims, then checks length and characters (ASCII only).
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let text = text::line(text, Self::MAX_CHARS)?;
        if text.len() < Self::MIN_CHARS {
            return Err(InvalidValue::TooShort { least: Self::MIN_CHARS });
        }
        if !text.bytes().all(is_username_byte) {
            return Err(InvalidValue::Character { allowed: Self::ALLOWED });
        }
        Ok(Self(text))
    }

    /// As the user wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What uniqueness compares.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// A username made from an email's local part: what is not allowed becomes `_`, what is too short is padded.
    pub fn from_email(email: &EmailAddress) -> Self {
        let mut made: String = email
            .local_part()
            .chars()
            .map(
                |character| {
                    if character.is_ascii_alphanumeric() || "._-".contains(character) { character } else { '_' }
                },
            )
            .take(Self::MAX_CHARS)
            .collect();
        while made.len() < Self::MIN_CHARS {
            made.push('_');
        }
        Self(made)
    }

    /// This username with a number behind it, shortened where it would be too long. For a made username that is taken.
    #[must_use]
    pub fn numbered(&self, number: u64) -> Self {
        let suffix = number.to_string();
        let stem = &self.0[..self.0.len().min(Self::MAX_CHARS - suffix.len().min(Self::MAX_CHARS))];
        Self(format!("{stem}{suffix}"))
    }
}

const fn is_username_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

/// An email address, as far as one can tell without writing to it; compared without regard to case.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The greatest length, in bytes (RFC 5321 §4.5.3.1.3 less the angle brackets).
    pub const MAX_BYTES: usize = 254;
    const FORM: InvalidValue = InvalidValue::Form { expected: "an email address" };

    /// Trims, then checks for one `@` with a local part of at most 64 bytes before it and a dotted domain of letters,
    /// digits and hyphens after it.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidValue::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidValue::TooLong { most: Self::MAX_BYTES });
        }
        let (local, domain) = text.rsplit_once('@').ok_or(Self::FORM)?;
        let local_ok = (1..=64).contains(&local.len())
            && local.chars().all(|c| !c.is_control() && !c.is_whitespace() && !"@<>(),;:\\\"[]".contains(c));
        let labels: Vec<_> = domain.split('.').collect();
        let domain_ok = labels.len() >= 2
            && labels.iter().all(|label| {
                (1..=63).contains(&label.len())
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            });
        if local_ok && domain_ok { Ok(Self(text.to_owned())) } else { Err(Self::FORM) }
    }

    /// As the user wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What uniqueness compares.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }

    fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or(self.0.as_str(), |(local, _)| local)
    }
}

impl std::fmt::Debug for EmailAddress {
    /// Addresses stay out of logs.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("EmailAddress(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_email_makes_a_valid_username(local in "[^@\\s<>(),;:\\\\\"\\[\\]\\p{C}]{1,16}") {
            let email = EmailAddress::parse(&format!("{local}@example.com"));
            if let Ok(email) = email {
                let made = Username::from_email(&email);
                prop_assert_eq!(Username::parse(made.as_str()), Ok(made.clone()));
                for number in [2, 99, u64::MAX] {
                    let numbered = made.numbered(number);
                    prop_assert_eq!(Username::parse(numbered.as_str()), Ok(numbered.clone()));
                    prop_assert!(numbered.as_str().ends_with(&number.to_string()));
                }
            }
        }

        #[test]
        fn parsers_take_any_text_without_a_panic(text in ".{0,80}") {
            let _ = (EmailAddress::parse(&text), AvatarUrl::parse(&text), SearchTerm::parse(&text));
            if let Ok(username) = Username::parse(&text) {
                prop_assert!(username.key().bytes().all(|b| is_username_byte(b) && !b.is_ascii_uppercase()));
            }
        }
    }

    #[test]
    fn usernames_have_a_length_and_an_alphabet() {
        assert_eq!(Username::parse(" Ann_Lee-1. ").map(|name| name.key()), Ok("ann_lee-1.".into()));
        assert_eq!(Username::parse("ab"), Err(InvalidValue::TooShort { least: 3 }));
        assert_eq!(Username::parse(&"a".repeat(33)), Err(InvalidValue::TooLong { most: 32 }));
        assert!(Username::parse("änn").is_err());
        assert!(Username::parse("a b c").is_err());
    }

    #[test]
    fn emails_are_recognised_by_their_form() {
        for good in ["a@b.co", "John.Doe+tag@Example.COM", "jörg@müller.de", "o'hara@x-y.org"] {
            assert!(EmailAddress::parse(good).is_ok(), "{good}");
        }
        for bad in
            ["", "a", "a@b", "@b.co", "a@@b.co", "a b@c.de", "a@b..co", "a@-b.co", "a@b-.co", "a@b.co\0", "<a>@b.co"]
        {
            assert!(EmailAddress::parse(bad).is_err(), "{bad}");
        }
        assert!(EmailAddress::parse(&format!("{}@b.co", "a".repeat(65))).is_err());
        assert!(EmailAddress::parse(&format!("a@{}.co", "b".repeat(260))).is_err());
        let email = EmailAddress::parse("Ann@Example.com").expect("an email");
        assert_eq!((email.key().as_str(), email.as_str()), ("ann@example.com", "Ann@Example.com"));
        assert_eq!(format!("{email:?}"), "EmailAddress(..)");
    }

    #[test]
    fn avatars_are_web_addresses() {
        assert!(AvatarUrl::parse("https://example.com/a.png").is_ok());
        assert!(AvatarUrl::parse("HTTP://example.com/a.png").is_ok());
        assert!(AvatarUrl::parse("/files/a.png").is_ok());
        for bad in ["javascript:alert(1)", "//evil.example", "data:image/png,x", "https://a b", "file:///etc/passwd"] {
            assert!(AvatarUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
