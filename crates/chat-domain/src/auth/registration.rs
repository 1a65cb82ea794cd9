use crate::text::input::visible_ascii;
use crate::{InvalidValue, Timestamp};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Who may make an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RegistrationMode {
    /// Everybody.
    #[default]
    Open,
    /// Holders of an invite code that an operator made.
    Invite,
    /// Nobody.
    Closed,
}

/// A code with which one person registers, once. Never printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistrationCode(String);

impl RegistrationCode {
    /// The greatest length, in characters.
    pub const MAX_CHARS: usize = 64;
    /// The random bytes of a code: too many to guess, whatever the limits.
    pub const RANDOM_BYTES: usize = 16;

    /// The code of these random bytes.
    pub fn from_random(bytes: [u8; Self::RANDOM_BYTES]) -> Self {
        Self(bytes.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        }))
    }

    /// A code as somebody typed it: trimmed, visible ASCII.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        visible_ascii(text.trim(), Self::MAX_CHARS).map(Self)
    }

    /// The code itself, for the person who is invited.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored of it. It needs no salt: a code is random.
    pub fn hash(&self) -> RegistrationCodeHash {
        RegistrationCodeHash(Sha256::digest(&self.0).into())
    }
}

impl std::fmt::Debug for RegistrationCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RegistrationCode(..)")
    }
}

/// A digest of a [`RegistrationCode`]: all that is stored of it.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistrationCodeHash([u8; 32]);

impl RegistrationCodeHash {
    /// The digest.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for RegistrationCodeHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RegistrationCodeHash(..)")
    }
}

/// An invitation about to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationInvite {
    /// The digest of its code.
    pub code: RegistrationCodeHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is worth nothing.
    pub expires_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_by_its_hash_and_never_printed() {
        let code = RegistrationCode::from_random([0xa5; RegistrationCode::RANDOM_BYTES]);
        assert_eq!(code.reveal(), "a5".repeat(16));
        let typed = RegistrationCode::parse(&format!(" {} ", code.reveal())).expect("a code");
        assert_eq!(typed.hash(), code.hash());
        assert_ne!(RegistrationCode::parse("another").expect("a code").hash(), code.hash());
        assert!(!format!("{code:?} {:?}", code.hash()).contains("a5"));
        for wrong in ["", "  ", "with a blank", "n\u{f6}n-ascii", &"x".repeat(65)] {
            assert!(RegistrationCode::parse(wrong).is_err(), "{wrong}");
        }
    }
}
