use crate::columns::UnreadableColumn;
use crate::users::EmailAddress;
use crate::{InvalidValue, SessionId, Timestamp, TokenId, UserId};
use thiserror::Error;

/// The claims of an access token (contract §3): `sub email sid jti iat exp`. The adapter adds issuer and audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessClaims {
    /// The user's id, `sub`.
    pub user_id: UserId,
    /// The user's email, `email`.
    pub email: EmailAddress,
    /// The session's id, `sid`.
    pub session_id: SessionId,
    /// The token's id, `jti`.
    pub token_id: TokenId,
    /// When it was issued, `iat`, in whole seconds.
    pub issued_at: Timestamp,
    /// When it expires, `exp`, in whole seconds.
    pub expires_at: Timestamp,
}

/// Why a token is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidToken {
    /// Its signature, form or claims are invalid.
    #[error("the token is not valid")]
    Invalid,
    /// It has expired.
    #[error("the token has expired")]
    Expired,
}

/// A refresh token that this server created: its form and its seal are valid. The store knows whether it is spent.
/// Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    session_id: SessionId,
    text: String,
    hash: RefreshTokenHash,
}

impl RefreshToken {
    /// Creates a token, for the adapter that issues and verifies tokens.
    pub const fn new(session_id: SessionId, text: String, hash: RefreshTokenHash) -> Self {
        Self { session_id, text, hash }
    }

    /// The session of the token.
    pub const fn session_id(&self) -> SessionId {
        self.session_id
    }

    /// The token text, which the client stores.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// The token's hash, which the store keeps.
    pub const fn hash(&self) -> &RefreshTokenHash {
        &self.hash
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "RefreshToken({})", self.session_id)
    }
}

/// The digest of a refresh token. The token itself is not stored.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshTokenHash([u8; 32]);

impl RefreshTokenHash {
    /// Wraps a digest.
    pub const fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Reads the column of a row.
    pub fn from_stored(bytes: &[u8]) -> Result<Self, UnreadableColumn> {
        let fault = InvalidValue::Form { expected: "32 bytes" };
        bytes.try_into().map(Self).map_err(|_| UnreadableColumn { column: "token_hash", fault })
    }

    /// The digest.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for RefreshTokenHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RefreshTokenHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_is_never_printed() {
        let session = SessionId::new(uuid::Uuid::nil());
        let token = RefreshToken::new(session, "secret".into(), RefreshTokenHash::new([7; 32]));
        assert_eq!(format!("{token:?} {:?}", token.hash()), format!("RefreshToken({session}) RefreshTokenHash(..)"));
        assert_eq!((token.session_id(), token.reveal(), token.hash().as_bytes()), (session, "secret", &[7; 32]));
    }
}
