use crate::{SigningKey, SigningKeys};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chat_domain::SessionId;
use chat_domain::auth::{InvalidToken, RefreshToken, RefreshTokenHash, RefreshTokens};
use hmac::{Hmac, Mac};
use rand::Rng;
use sha2::{Digest, Sha256};
use uuid::Uuid;

const SESSION_BYTES: usize = 16;
const RANDOM_BYTES: usize = 32;
const SEAL_BYTES: usize = 32;
const PAYLOAD_BYTES: usize = SESSION_BYTES + RANDOM_BYTES;
const TOKEN_BYTES: usize = PAYLOAD_BYTES + SEAL_BYTES;
/// The length of a token in characters: base64 without padding takes four characters for three bytes.
const TOKEN_CHARS: usize = (TOKEN_BYTES * 4).div_ceil(3);

/// The purpose of an HMAC, part of its input: an HMAC made for one purpose is invalid for another.
#[derive(Clone, Copy)]
enum Purpose {
    Seal,
    Successor,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Seal => b"chat-auth refresh seal\0",
            Self::Successor => b"chat-auth refresh successor\0",
        }
    }
}

/// Refresh tokens: `base64url(session id ‖ 32 random bytes ‖ seal)`.
///
/// - The seal is an HMAC of the rest of the token, so a guessed token never reaches the store.
/// - The successor's random bytes are an HMAC of the token's: the same each time, and computable only with the secret.
///   They are made with the key that sealed the token; the successor is sealed with the first key, so a session moves
///   to a new key by itself.
/// - The hash is SHA-256 of the session id and the random bytes: with 256 random bits it needs no salt, and it does not
///   depend on the key.
pub struct SealedRefreshTokens {
    keys: SigningKeys,
}

impl SealedRefreshTokens {
    /// Issues and checks tokens with these keys.
    pub const fn new(keys: SigningKeys) -> Self {
        Self { keys }
    }

    fn sealed(&self, session: SessionId, random: [u8; RANDOM_BYTES]) -> RefreshToken {
        let mut token = Vec::with_capacity(TOKEN_BYTES);
        token.extend_from_slice(session.as_uuid().as_bytes());
        token.extend_from_slice(&random);
        let hash = hash(&token);
        let seal: [u8; SEAL_BYTES] = mac(self.keys.signing(), Purpose::Seal, &token).finalize().into_bytes().into();
        token.extend_from_slice(&seal);
        RefreshToken::new(session, URL_SAFE_NO_PAD.encode(token), hash)
    }

    /// Returns the sealed content and the key that sealed it; `None` if the seal is wrong.
    fn open(&self, text: &str) -> Option<([u8; PAYLOAD_BYTES], &SigningKey)> {
        if text.len() != TOKEN_CHARS {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (payload, seal) = bytes.split_first_chunk::<PAYLOAD_BYTES>()?;
        // The comparison takes constant time.
        let key = self.keys.iter().find(|key| mac(key, Purpose::Seal, payload).verify_slice(seal).is_ok())?;
        Some((*payload, key))
    }
}

impl RefreshTokens for SealedRefreshTokens {
    fn issue(&self, session_id: SessionId) -> RefreshToken {
        self.sealed(session_id, rand::rng().random())
    }

    fn successor(&self, token: &RefreshToken) -> RefreshToken {
        let random = match self.open(token.reveal()) {
            Some((payload, key)) => mac(key, Purpose::Successor, &payload),
            // The token is not ours, so `parse` would have rejected it. No one can use its successor.
            None => mac(self.keys.signing(), Purpose::Successor, token.reveal().as_bytes()),
        };
        self.sealed(token.session_id(), random.finalize().into_bytes().into())
    }

    fn parse(&self, text: &str) -> Result<RefreshToken, InvalidToken> {
        let (payload, _) = self.open(text).ok_or(InvalidToken::Invalid)?;
        let session = payload.first_chunk::<SESSION_BYTES>().ok_or(InvalidToken::Invalid)?;
        Ok(RefreshToken::new(SessionId::new(Uuid::from_bytes(*session)), text.to_owned(), hash(&payload)))
    }
}

fn mac(key: &SigningKey, purpose: Purpose, bytes: &[u8]) -> Hmac<Sha256> {
    // HMAC takes keys of any length: a key longer than a block is hashed first (RFC 2104 §2).
    let mut block = [0; 64];
    if let Some(start) = block.get_mut(..key.secret().len()) {
        start.copy_from_slice(key.secret());
    } else {
        block[..32].copy_from_slice(&Sha256::digest(key.secret()));
    }
    Hmac::<Sha256>::new(&block.into()).chain_update(purpose.label()).chain_update(bytes)
}

fn hash(payload: &[u8]) -> RefreshTokenHash {
    RefreshTokenHash::new(Sha256::digest(payload).into())
}

#[cfg(test)]
mod tests;
