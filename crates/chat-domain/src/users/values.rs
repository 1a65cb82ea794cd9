use crate::InvalidValue;
use crate::text::unicode::{folded, is_bidi_control, is_blank, is_ignorable, is_visible, nfc};
use crate::text::{input, text_values};
use email_address::Options;
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

text_values! {
    /// A display name. Need not be unique.
    DisplayName = line(1..=100),
    /// A search term: a prefix of a username or of a name.
    SearchTerm = search(1..=100),
    /// The address of a picture: `http` or `https`, or a path on the same host.
    AvatarUrl = web_address(1..=2048),
}

impl DisplayName {
    /// The key that a search by name compares.
    pub fn key(&self) -> String {
        folded(&self.0)
    }
}

impl SearchTerm {
    /// The text with which the key of a matching name begins, or which it contains.
    pub fn key(&self) -> String {
        folded(&self.0)
    }
}

/// A unique handle: 3 to 32 letters, digits, `_`, `-` and `.`, compared regardless of case. A profile of RFC 8265's
/// `UsernameCaseMapped` with a smaller alphabet.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Username(String);

impl Username {
    /// The minimum length, in characters.
    pub const MIN_CHARS: usize = 3;
    /// The maximum length, in characters.
    pub const MAX_CHARS: usize = 32;
    const ALLOWED: &str = "letters, digits, '.', '_' and '-'";

    /// Trims and maps fullwidth letters to ASCII (RFC 8265 §3.3.1), as input methods for Chinese, Japanese and Korean
    /// produce them; then checks length and characters (ASCII only).
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let text: String = input::line(text, Self::MAX_CHARS)?.chars().map(of_ordinary_width).collect();
        if text.len() < Self::MIN_CHARS {
            return Err(InvalidValue::TooShort { least: Self::MIN_CHARS });
        }
        if !text.bytes().all(is_username_byte) {
            return Err(InvalidValue::Character { allowed: Self::ALLOWED });
        }
        Ok(Self(text))
    }

    /// Reads a username from a row or from another node. The rule has never changed.
    pub fn from_stored(text: &str) -> Result<Self, InvalidValue> {
        Self::parse(text)
    }

    /// The username as the user wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What uniqueness compares.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// Derives a username from an email's local part: replaces characters that are not allowed by `_`, and pads it if
    /// it is too short.
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

    /// Appends a number to this username, and shortens it if it would be too long. For a derived username that is
    /// taken.
    #[must_use]
    pub fn numbered(&self, number: u64) -> Self {
        let suffix = number.to_string();
        let stem = &self.0[..self.0.len().min(Self::MAX_CHARS - suffix.len().min(Self::MAX_CHARS))];
        Self(format!("{stem}{suffix}"))
    }
}

/// The fullwidth forms of ASCII are a block in the order of ASCII.
fn of_ordinary_width(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        _ => character,
    }
}

const fn is_username_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

/// An email address with a valid form, compared regardless of case and composition.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The maximum length, in bytes (RFC 5321 §4.5.3.1.3 without the angle brackets).
    pub const MAX_BYTES: usize = 254;
    const MAX_LOCAL_BYTES: usize = 64;
    const FORM: InvalidValue = InvalidValue::Form { expected: "an email address" };

    /// Trims and composes (NFC), then checks the form of RFC 5321 and RFC 6531: a local part of at most 64 bytes of
    /// visible characters, without quotes, and a domain name with a dot in any script (IDNA 2008 by UTS #46).
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidValue::Empty);
        }
        // Composition makes an address at most three times shorter.
        if text.len() > Self::MAX_BYTES * 3 {
            return Err(InvalidValue::TooLong { most: Self::MAX_BYTES });
        }
        let text = nfc(text);
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidValue::TooLong { most: Self::MAX_BYTES });
        }
        if text.chars().any(is_bidi_control) {
            return Err(InvalidValue::BidiControl);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(Self::FORM)?;
        let is_hidden = |c: char| c.is_control() || c.is_whitespace() || is_ignorable(c) || is_blank(c);
        let is_seen = local.chars().any(is_visible) && !local.chars().any(is_hidden);
        let is_quoted = local.starts_with('"');
        if is_seen && !is_quoted && !domain.chars().any(is_ignorable) && has_form(local, domain) {
            Ok(Self(text.into_owned()))
        } else {
            Err(Self::FORM)
        }
    }

    /// Reads an address from a row or a token, or one that a client claims to be registered with: accepts what any
    /// release has accepted, unchanged.
    pub fn from_stored(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidValue::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidValue::TooLong { most: Self::MAX_BYTES });
        }
        let (local, domain) = text.rsplit_once('@').ok_or(Self::FORM)?;
        let is_label = |label: &str| {
            let ascii_ok = label.chars().all(|c| !c.is_ascii() || c.is_ascii_alphanumeric() || c == '-');
            !label.is_empty() && ascii_ok && !label.chars().any(|c| c.is_control() || c.is_whitespace())
        };
        let domain_ok = domain.split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']).all(is_label);
        if is_local_part(local) && domain_ok { Ok(Self(text.to_owned())) } else { Err(Self::FORM) }
    }

    /// The address as the user wrote it, in Normalization Form C.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key that uniqueness compares: the local part case-folded (NFKC), the domain in its DNS form.
    pub fn key(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        let domain = ascii_domain(domain).unwrap_or_else(|| folded(domain));
        format!("{}@{domain}", folded(local))
    }

    /// The key of an account that was registered when keys were only lower-cased, and whose [`Self::key`] an older
    /// account has: only this spelling finds it. It begins with the common key and [`EXACT_SPELLING`], so that all
    /// accounts with one key are neighbours, and it never equals a [`Self::key`].
    pub fn exact_key(&self) -> String {
        format!("{}{EXACT_SPELLING}{}", self.key(), self.0.to_lowercase())
    }

    fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or(self.0.as_str(), |(local, _)| local)
    }
}

/// Separates a key that several accounts or groups share from the part that distinguishes them. No key contains control
/// characters.
pub const EXACT_SPELLING: char = '\u{1}';

/// The end of the range that begins with a key and contains everything that shares it: it sorts after the key and after
/// every key that begins with the key and [`EXACT_SPELLING`].
pub fn end_of_shared_key(key: &str) -> String {
    format!("{key}\u{2}")
}

/// Whether the address is valid with its domain in DNS form.
fn has_form(local: &str, domain: &str) -> bool {
    let domain =
        Uts46::new().to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify);
    let options = Options::default().with_required_tld().without_domain_literal().without_display_text();
    domain.is_ok_and(|domain| {
        email_address::EmailAddress::parse_with_options(&format!("{local}@{domain}"), options).is_ok()
    })
}

/// Whether earlier releases accepted the address.
fn is_local_part(local: &str) -> bool {
    (1..=EmailAddress::MAX_LOCAL_BYTES).contains(&local.len())
        && local.chars().all(|c| !c.is_control() && !c.is_whitespace() && !"@<>(),;:\\\"[]".contains(c))
}

/// Returns the domain in DNS form, in lower case.
fn ascii_domain(domain: &str) -> Option<String> {
    idna::domain_to_ascii(domain).ok()
}

impl std::fmt::Debug for EmailAddress {
    /// Email addresses are not logged.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("EmailAddress(..)")
    }
}

#[cfg(test)]
mod tests;
