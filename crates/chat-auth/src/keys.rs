use std::collections::HashSet;
use std::fmt;
use thiserror::Error;

/// Why keys cannot be used for signing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidSigningKeys {
    /// The list is empty.
    #[error("at least one signing key is required")]
    NoKey,
    /// The id has an invalid length or character. Every token that the key signs contains its id.
    #[error("a signing key's id must be 1 to {most} letters, digits, '-', '_' or '.'", most = SigningKey::MAX_ID_BYTES)]
    Id,
    /// Two keys have the same id.
    #[error("two signing keys have the same id: {0}")]
    RepeatedId(String),
    /// The secret is too short.
    #[error("the secret of signing key {id} must have at least {least} bytes, but has {bytes}",
        least = SigningKey::MIN_SECRET_BYTES)]
    ShortSecret {
        /// The key's id.
        id: String,
        /// The length of its secret, in bytes.
        bytes: usize,
    },
}

/// A secret with an id. `Debug` prints only the id.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    id: String,
    secret: Vec<u8>,
}

impl SigningKey {
    /// The minimum length of a secret, in bytes: the length of an HMAC-SHA-256 (RFC 7518 §3.2).
    pub const MIN_SECRET_BYTES: usize = 32;
    /// The maximum length of an id, in bytes.
    pub const MAX_ID_BYTES: usize = 64;

    /// Makes a key. Fails if the id is not 1 to [`Self::MAX_ID_BYTES`] letters, digits, `-`, `_` and `.`, or if the
    /// secret is shorter than [`Self::MIN_SECRET_BYTES`].
    pub fn new(id: impl Into<String>, secret: impl Into<Vec<u8>>) -> Result<Self, InvalidSigningKeys> {
        let (id, secret) = (id.into(), secret.into());
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if !(1..=Self::MAX_ID_BYTES).contains(&id.len()) || !id.bytes().all(is_id) {
            return Err(InvalidSigningKeys::Id);
        }
        if secret.len() < Self::MIN_SECRET_BYTES {
            return Err(InvalidSigningKeys::ShortSecret { id, bytes: secret.len() });
        }
        Ok(Self { id, secret })
    }

    /// The key's id, the `kid` in a token's header.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn secret(&self) -> &[u8] {
        &self.secret
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({})", self.id)
    }
}

/// The keys of one kind of token: the first signs, all verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKeys {
    signing: SigningKey,
    retired: Vec<SigningKey>,
}

impl SigningKeys {
    /// Takes at least one key, with unique ids.
    pub fn new(keys: impl IntoIterator<Item = SigningKey>) -> Result<Self, InvalidSigningKeys> {
        let mut keys = keys.into_iter();
        let signing = keys.next().ok_or(InvalidSigningKeys::NoKey)?;
        let keys = Self { signing, retired: keys.collect() };
        let mut ids = HashSet::new();
        let repeated = keys.iter().find(|key| !ids.insert(key.id())).map(|key| key.id.clone());
        repeated.map_or(Ok(keys), |id| Err(InvalidSigningKeys::RepeatedId(id)))
    }

    /// The first key, which signs.
    pub(crate) fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// All keys, the signing one first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.signing).chain(&self.retired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> SigningKey {
        SigningKey::new(id, [7; 32]).expect("a key")
    }

    #[test]
    fn a_secret_has_at_least_thirty_two_bytes() {
        assert_eq!(SigningKey::new("a", [7; 31]), Err(InvalidSigningKeys::ShortSecret { id: "a".into(), bytes: 31 }));
        assert!(SigningKey::new("a", [7; 32]).is_ok());
    }

    #[test]
    fn an_id_is_short_and_harmless() {
        assert!(SigningKey::new("2026-01_a.b", [7; 32]).is_ok());
        for bad in ["", "a b", "ä", "a\n", &"x".repeat(65)] {
            assert_eq!(SigningKey::new(bad, [7; 32]), Err(InvalidSigningKeys::Id), "{bad:?}");
        }
    }

    #[test]
    fn there_is_a_key_and_no_two_share_an_id() {
        assert_eq!(SigningKeys::new([]), Err(InvalidSigningKeys::NoKey));
        assert_eq!(SigningKeys::new([key("a"), key("b"), key("a")]), Err(InvalidSigningKeys::RepeatedId("a".into())));
        let keys = SigningKeys::new([key("a"), key("b")]).expect("keys");
        assert_eq!(keys.signing().id(), "a");
        assert_eq!(keys.iter().map(SigningKey::id).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn a_secret_is_never_printed() {
        let secret = "0123456789abcdef0123456789abcdef-secret";
        let keys = SigningKeys::new([SigningKey::new("a", secret).expect("a key")]).expect("keys");
        assert_eq!(format!("{:?}", keys.signing()), "SigningKey(a)");
        assert!(!format!("{keys:?}").contains("secret"));
        let short = SigningKey::new("a", "a short secret").expect_err("too short");
        assert!(!short.to_string().contains("a short secret") && !format!("{short:?}").contains("a short secret"));
    }
}
