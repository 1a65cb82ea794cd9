use crate::text::input::visible_ascii;
use crate::{InvalidValue, Timestamp};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Which users may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RegistrationMode {
    /// All users.
    #[default]
    Open,
    /// Users with a registration code that an operator created.
    Invite,
    /// No user.
    Closed,
}

/// A registration code for one user, for single use. `Debug` never prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistrationCode(String);

impl RegistrationCode {
    /// The maximum length, in characters.
    pub const MAX_CHARS: usize = 64;
    /// The number of random bytes of a code: too many to guess, even without rate limits.
    pub const RANDOM_BYTES: usize = 16;

    /// Creates the code of these random bytes.
    pub fn from_random(bytes: [u8; Self::RANDOM_BYTES]) -> Self {
        Self(bytes.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        }))
    }

    /// Parses a code as typed: trimmed, visible ASCII.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        visible_ascii(text.trim(), Self::MAX_CHARS).map(Self)
    }

    /// Returns the code itself, for the invited user.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns the digest that is stored. It needs no salt, because a code is random.
    pub fn hash(&self) -> RegistrationCodeHash {
        RegistrationCodeHash(Sha256::digest(&self.0).into())
    }
}

impl std::fmt::Debug for RegistrationCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RegistrationCode(..)")
    }
}

/// The digest of a [`RegistrationCode`]. The code itself is not stored.
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

/// An invitation to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationInvite {
    /// The digest of its code.
    pub code: RegistrationCodeHash,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires.
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
