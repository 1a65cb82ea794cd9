use super::common_passwords::is_common;
use crate::InvalidValue;
use crate::text::unicode::{is_visible, nfc};

/// The policy for new passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The minimum number of characters.
    pub min_chars: usize,
    /// The maximum number of characters.
    pub max_chars: usize,
    /// Whether the most common passwords are rejected.
    pub refuses_common: bool,
}

impl Default for PasswordPolicy {
    /// 8 to 128 characters (contract §3), common or not.
    fn default() -> Self {
        Self { min_chars: 8, max_chars: 128, refuses_common: false }
    }
}

/// A password in plain text, kept as briefly as possible. Never printed, never trimmed.
///
/// Keyboards and systems encode one password in several ways: `é` is one character or two. So passwords are hashed and
/// compared in the normal form of RFC 8265 §4.2 (`OpaqueString`): every non-ASCII space becomes the ASCII space, and
/// the text is in Unicode NFC.
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    normal: String,
    /// The text as typed, if it differs from the normal form.
    typed: Option<String>,
}

impl Password {
    /// The maximum size of any password, in bytes, in every policy.
    pub const MAX_BYTES: usize = 1_024;

    /// Parses a new password that must meet the policy. Rejects control characters (RFC 8264 §4.3), and passwords of
    /// white space and invisible characters only.
    pub fn parse(text: &str, policy: PasswordPolicy) -> Result<Self, InvalidValue> {
        let Self { normal, .. } = Self::attempt(text)?;
        match normal.chars().count() {
            short if short < policy.min_chars => return Err(InvalidValue::TooShort { least: policy.min_chars }),
            long if long > policy.max_chars => return Err(InvalidValue::TooLong { most: policy.max_chars }),
            _ => {}
        }
        if normal.chars().any(char::is_control) {
            return Err(InvalidValue::ControlCharacter);
        }
        if !normal.chars().any(is_visible) {
            return Err(InvalidValue::Invisible);
        }
        if policy.refuses_common && is_common(&normal) {
            return Err(InvalidValue::CommonPassword);
        }
        Ok(Self { normal, typed: None })
    }

    /// Parses a password to be compared. Only its size is limited, because the policy may have changed since it was
    /// set.
    pub fn attempt(text: &str) -> Result<Self, InvalidValue> {
        if text.is_empty() {
            return Err(InvalidValue::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidValue::TooLong { most: Self::MAX_BYTES });
        }
        if text.contains('\0') {
            return Err(InvalidValue::ControlCharacter);
        }
        let normal = normal_form(text);
        let typed = (normal != text).then(|| text.to_owned());
        Ok(Self { normal, typed })
    }

    /// The normal form, for the hasher: this form is hashed, and compared first.
    pub fn reveal(&self) -> &str {
        &self.normal
    }

    /// The text as typed, for the hasher, if it differs from the normal form. Old hashes were made from it.
    pub fn reveal_typed(&self) -> Option<&str> {
        self.typed.as_deref()
    }
}

fn normal_form(text: &str) -> String {
    nfc(&text.chars().map(with_ascii_space).collect::<String>()).into_owned()
}

/// RFC 8265 §4.2.2, rule 2: non-ASCII spaces (Unicode category Zs) become the ASCII space.
const fn with_ascii_space(character: char) -> char {
    match character {
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        other => other,
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Password(..)")
    }
}

/// The stored hash of a password; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a hash from a hasher or a store.
    pub const fn new(hash: String) -> Self {
        Self(hash)
    }

    /// Returns the hash, for the hasher and the store.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PasswordHash(..)")
    }
}

/// The result of comparing a password with a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The password differs, or there is no hash.
    Differs,
    /// The hash is of the password's normal form.
    Matches,
    /// The hash is of the text as typed, as older versions made it: it should be renewed.
    MatchesAsTyped,
}

impl Comparison {
    /// Whether the password matches.
    pub const fn is_match(self) -> bool {
        !matches!(self, Self::Differs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Password, InvalidValue> {
        Password::parse(text, PasswordPolicy::default())
    }

    proptest! {
        #[test]
        fn the_policy_counts_characters_of_the_normal_form(text in "\\PC{0,140}") {
            let normal = normal_form(&text);
            let accepted = (8..=128).contains(&normal.chars().count())
                && text.len() <= Password::MAX_BYTES
                && normal.chars().any(is_visible);
            prop_assert_eq!(parse(&text).is_ok(), accepted);
        }

        #[test]
        fn the_normal_form_is_its_own_normal_form(text in ".{1,40}") {
            if let Ok(password) = Password::attempt(&text) {
                let again = Password::attempt(password.reveal()).expect("a password");
                prop_assert_eq!((again.reveal(), again.reveal_typed()), (password.reveal(), None));
                prop_assert!(password.reveal_typed().is_none_or(|typed| typed == text));
            }
        }
    }

    #[test]
    fn passwords_are_neither_trimmed_nor_shown() {
        let password = parse("  spaces count  ").expect("a password");
        assert_eq!(password.reveal(), "  spaces count  ");
        assert_eq!(format!("{password:?} {:?}", PasswordHash::new("$2b$".into())), "Password(..) PasswordHash(..)");
        for refused in ["with\0nul!", "with\ttab!", "with\u{85}nel!"] {
            assert_eq!(parse(refused), Err(InvalidValue::ControlCharacter));
        }
        assert!(Password::attempt("short").is_ok());
        assert!(Password::attempt("with\ttab").is_ok(), "it may have been set before");
        assert!(Password::attempt("").is_err());
        assert!(Password::attempt(&"x".repeat(1_025)).is_err());
    }

    #[test]
    fn one_password_typed_in_two_ways_is_one_password() {
        let (composed, decomposed) = (parse("caf\u{e9}-au-lait"), parse("cafe\u{301}-au-lait"));
        assert_eq!(composed, decomposed);
        assert_eq!(parse("\u{1112}\u{1161}\u{11ab} is han"), parse("\u{d55c} is han"));
        assert_eq!(parse("with\u{a0}a\u{3000}space"), parse("with a space"));
        assert_eq!(parse("\u{212b}ngstr\u{f6}m-1"), parse("\u{c5}ngstro\u{308}m-1"));
        assert_ne!(parse("Case matters"), parse("case matters"));
        assert_ne!(parse("\u{ff21}\u{ff22}CDEFGH"), parse("ABCDEFGH"), "width matters (RFC 8265 §4.2.2, rule 1)");
        let attempt = Password::attempt("cafe\u{301}").expect("a password");
        assert_eq!((attempt.reveal(), attempt.reveal_typed()), ("caf\u{e9}", Some("cafe\u{301}")));
    }

    #[test]
    fn a_password_of_blanks_or_invisible_characters_alone_is_refused() {
        for blank in
            ["        ", "\u{3000}\u{a0}      ", "\u{200b}\u{200b}\u{2060}\u{feff}\u{ad}\u{3164}\u{2800}\u{e0020}"]
        {
            assert_eq!(parse(blank), Err(InvalidValue::Invisible), "{blank:?}");
            assert!(Password::attempt(blank).is_ok(), "it may have been set before");
        }
        assert!(parse("       x").is_ok());
    }

    #[test]
    fn common_passwords_are_refused_where_the_policy_says_so() {
        let strict = PasswordPolicy { refuses_common: true, ..PasswordPolicy::default() };
        for common in ["password", "PassWord", "12345678", "Password123", "\u{ff30}assword1", "P@ssw0rd", "iloveyou"] {
            assert_eq!(Password::parse(common, strict), Err(InvalidValue::CommonPassword), "{common}");
            assert!(parse(common).is_ok() && Password::attempt(common).is_ok(), "{common}");
        }
        for other in ["SecurePass123!", "correct horse", "battery staple", "password-of-ann"] {
            assert!(Password::parse(other, strict).is_ok(), "{other}");
        }
    }
}
