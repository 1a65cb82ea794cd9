use crate::users::EmailAddress;
use crate::{SessionId, Timestamp, TokenId, UserId};
use thiserror::Error;

/// What an access token says (contract §3): `sub email sid jti iat exp`; issuer and audience are the adapter's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessClaims {
    /// `sub`.
    pub user_id: UserId,
    /// `email`.
    pub email: EmailAddress,
    /// `sid`.
    pub session_id: SessionId,
    /// `jti`.
    pub token_id: TokenId,
    /// `iat`, in whole seconds.
    pub issued_at: Timestamp,
    /// `exp`, in whole seconds.
    pub expires_at: Timestamp,
}

/// Why a token is worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidToken {
    /// Signature, form or claims are wrong.
    #[error("the token is not valid")]
    Invalid,
    /// It was good once.
    #[error("the token has expired")]
    Expired,
}

/// A refresh token that this server made: its form and its seal are right, whether it is spent is the store's to say.
/// Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    session_id: SessionId,
    text: String,
    hash: RefreshTokenHash,
}

impl RefreshToken {
    /// For the adapter that makes and checks tokens.
    pub const fn new(session_id: SessionId, text: String, hash: RefreshTokenHash) -> Self {
        Self { session_id, text, hash }
    }

    /// The session it belongs to.
    pub const fn session_id(&self) -> SessionId {
        self.session_id
    }

    /// What the client keeps.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// What the store keeps.
    pub const fn hash(&self) -> &RefreshTokenHash {
        &self.hash
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "RefreshToken({})", self.session_id)
    }
}

/// A digest of a refresh token: all that is stored of it.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshTokenHash([u8; 32]);

impl RefreshTokenHash {
    /// From the digest.
    pub const fn new(digest: [u8; 32]) -> Self {
        Self(digest)
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
