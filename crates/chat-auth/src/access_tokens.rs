use crate::SigningKeys;
use chat_domain::auth::{AccessClaims, AccessTokens, InvalidToken};
use chat_domain::users::EmailAddress;
use chat_domain::{SessionId, Timestamp, TokenId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::time::Duration;
use uuid::Uuid;

/// How long after its expiry a token is still accepted.
pub const ACCESS_TOKEN_LEEWAY: Duration = Duration::from_secs(5);

/// How long before its issue time a token is accepted: the clock of the node that issued it may be ahead. Two clocks
/// that are each up to five minutes off differ by up to this much. Accepting a token early is safe: its holder could
/// also wait.
pub const ACCESS_TOKEN_EARLIEST: Duration = Duration::from_mins(10);

/// The only accepted algorithm. A token names its algorithm but cannot choose it.
const ALGORITHM: Algorithm = Algorithm::HS256;

/// The maximum length of a token, in bytes. Longer ones are rejected unread.
const MAX_TOKEN_BYTES: usize = 4_096;

/// JWTs (RFC 7519) signed with HMAC-SHA-256. The header's `kid` is the key's id.
pub struct JwtAccessTokens {
    header: Header,
    signing: EncodingKey,
    verifying: HashMap<String, DecodingKey>,
    validation: Validation,
    issuer: String,
    audience: String,
}

/// The claims of a token. Times are whole seconds since the Unix epoch.
#[derive(Serialize, Deserialize)]
struct Claims {
    sub: Uuid,
    email: String,
    sid: Uuid,
    jti: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
    iss: String,
    aud: String,
}

impl JwtAccessTokens {
    /// Issues and verifies tokens of this issuer for this audience. Tokens with another issuer or audience are
    /// rejected, even with a valid signature.
    pub fn new(keys: &SigningKeys, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        let (issuer, audience) = (issuer.into(), audience.into());
        let mut validation = Validation::new(ALGORITHM);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        validation.set_issuer(&[&issuer]);
        validation.set_audience(&[&audience]);
        // The library only knows the machine's clock; expiry is checked below with the time that the caller passes.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self {
            header: Header { kid: Some(keys.signing().id().to_owned()), ..Header::new(ALGORITHM) },
            signing: EncodingKey::from_secret(keys.signing().secret()),
            verifying: keys.iter().map(|key| (key.id().to_owned(), DecodingKey::from_secret(key.secret()))).collect(),
            validation,
            issuer,
            audience,
        }
    }

    /// Returns the claims if the signature, algorithm, issuer and audience are valid.
    fn open(&self, token: &str) -> Option<Claims> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let key = self.verifying.get(&jsonwebtoken::decode_header(token).ok()?.kid?)?;
        Some(jsonwebtoken::decode(token, key, &self.validation).ok()?.claims)
    }
}

impl AccessTokens for JwtAccessTokens {
    fn issue(&self, claims: &AccessClaims) -> String {
        let issued_at = claims.issued_at.as_unix_seconds();
        let claims = Claims {
            sub: claims.user_id.as_uuid(),
            email: claims.email.as_str().to_owned(),
            sid: claims.session_id.as_uuid(),
            jti: claims.token_id.as_uuid(),
            iat: issued_at,
            nbf: issued_at,
            exp: claims.expires_at.as_unix_seconds(),
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
        };
        // Plain claims and a symmetric key cannot fail to encode; an empty token would be rejected.
        jsonwebtoken::encode(&self.header, &claims, &self.signing).unwrap_or_default()
    }

    fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, InvalidToken> {
        let claims = self.open(token).ok_or(InvalidToken::Invalid)?;
        let expires_at = instant(claims.exp)?;
        if now >= expires_at.plus(ACCESS_TOKEN_LEEWAY) {
            return Err(InvalidToken::Expired);
        }
        if now.plus(ACCESS_TOKEN_EARLIEST) < instant(claims.nbf)? {
            return Err(InvalidToken::Invalid);
        }
        Ok(AccessClaims {
            user_id: UserId::new(claims.sub),
            email: EmailAddress::from_stored(&claims.email).map_err(|_| InvalidToken::Invalid)?,
            session_id: SessionId::new(claims.sid),
            token_id: TokenId::new(claims.jti),
            issued_at: instant(claims.iat)?,
            expires_at,
        })
    }
}

fn instant(seconds: i64) -> Result<Timestamp, InvalidToken> {
    seconds.checked_mul(1_000_000).map(Timestamp::from_unix_micros).ok_or(InvalidToken::Invalid)
}

#[cfg(test)]
mod tests;
