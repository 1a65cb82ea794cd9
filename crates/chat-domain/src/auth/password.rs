use crate::InvalidValue;

/// How long a password may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The least number of characters.
    pub min_chars: usize,
    /// The greatest number of characters.
    pub max_chars: usize,
}

impl Default for PasswordPolicy {
    /// 8 to 128 characters (contract §3).
    fn default() -> Self {
        Self { min_chars: 8, max_chars: 128 }
    }
}

/// A password in the clear, for as short as possible. Never printed, never trimmed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// No password is longer than this, whatever the policy: what a login accepts to compare, in bytes.
    pub const MAX_BYTES: usize = 1_024;

    /// A new password, held to the policy. NUL is refused; any other character is welcome.
    pub fn parse(text: &str, policy: PasswordPolicy) -> Result<Self, InvalidValue> {
        let password = Self::attempt(text)?;
        match text.chars().count() {
            short if short < policy.min_chars => Err(InvalidValue::TooShort { least: policy.min_chars }),
            long if long > policy.max_chars => Err(InvalidValue::TooLong { most: policy.max_chars }),
            _ => Ok(password),
        }
    }

    /// A password that somebody claims to be theirs: only its size is bounded, the policy may have changed since.
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
        Ok(Self(text.to_owned()))
    }

    /// The secret itself, for the hasher alone.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Password(..)")
    }
}

/// What is stored instead of a password; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// As a hasher made it or a store kept it.
    pub const fn new(hash: String) -> Self {
        Self(hash)
    }

    /// For the hasher and the store.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PasswordHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_policy_counts_characters_not_bytes(text in "\\PC{0,140}") {
            let count = text.chars().count();
            let accepted = Password::parse(&text, PasswordPolicy::default()).is_ok();
            prop_assert_eq!(accepted, (8..=128).contains(&count) && text.len() <= Password::MAX_BYTES);
        }
    }

    #[test]
    fn passwords_are_taken_as_they_are_and_never_shown() {
        let password = Password::parse("  spaces count  ", PasswordPolicy::default()).expect("a password");
        assert_eq!(password.reveal(), "  spaces count  ");
        assert_eq!(format!("{password:?} {:?}", PasswordHash::new("$2b$".into())), "Password(..) PasswordHash(..)");
        assert!(Password::parse("with\0nul!", PasswordPolicy::default()).is_err());
        assert!(Password::attempt("short").is_ok());
        assert!(Password::attempt("").is_err());
        assert!(Password::attempt(&"x".repeat(1_025)).is_err());
    }
}
