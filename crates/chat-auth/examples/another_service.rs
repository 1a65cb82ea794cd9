//! Sign-in for another service: hash a password, issue both tokens, verify and rotate them.
//!
//! `cargo run -p chat-auth --example another_service`
#![allow(clippy::print_stdout, reason = "the output is the purpose")]

use chat_auth::{
    BcryptCost, BcryptHasher, HashingLimits, JwtAccessTokens, SealedRefreshTokens, SigningKey, SigningKeys,
};
use chat_domain::auth::{
    AccessClaims, AccessTokens, AttemptSource, Password, PasswordHasher, PasswordPolicy, RefreshTokens,
};
use chat_domain::users::EmailAddress;
use chat_domain::{SessionId, Timestamp, TokenId, UserId};
use std::error::Error;
use std::time::Duration;
use uuid::Uuid;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The first key signs. The others still verify what they signed, so that a secret can be rotated.
    let keys = SigningKeys::new([SigningKey::new("2026-11", rand::random::<[u8; 32]>())?])?;
    let access = JwtAccessTokens::new(&keys, "https://billing.example.com", "billing");
    let refresh = SealedRefreshTokens::new(keys);
    let policy = PasswordPolicy::default();
    let hasher = BcryptHasher::new(BcryptCost::DEFAULT, HashingLimits::default());

    // At registration: store the hash.
    let source = AttemptSource::new(Some("192.0.2.7"), "ann@example.com");
    let hash = hasher.hash(Password::parse("correct horse battery", policy)?, &source).await?;

    // At login: compare, then start a session.
    let typed = Password::parse("correct horse battery", policy)?;
    let comparison = hasher.verify(typed, Some(hash), &source).await?;
    assert!(comparison.is_match(), "the password is right");
    let now = Timestamp::from_unix_micros(i64::try_from(
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_micros(),
    )?);
    let session_id = SessionId::new(Uuid::now_v7());
    let claims = AccessClaims {
        user_id: UserId::new(Uuid::now_v7()),
        email: EmailAddress::parse("ann@example.com")?,
        session_id,
        token_id: TokenId::new(Uuid::now_v7()),
        issued_at: now,
        expires_at: now.plus(Duration::from_mins(15)),
    };
    let token = access.issue(&claims);
    let refresh_token = refresh.issue(session_id);
    println!("access token:  {token}");
    println!("refresh token: {}", refresh_token.reveal());

    // On each request: verify without a database.
    let verified = access.verify(&token, now)?;
    assert_eq!(verified.session_id, session_id);
    assert!(access.verify(&token, now.plus(Duration::from_hours(1))).is_err(), "expired tokens are rejected");

    // When the access token has expired: the successor of a refresh token is always the same, so a client that lost the
    // response can ask again. Store its hash, and reject every other token of the session.
    let parsed = refresh.parse(refresh_token.reveal())?;
    let successor = refresh.successor(&parsed);
    assert_eq!(successor.reveal(), refresh.successor(&parsed).reveal());
    println!("next refresh:  {}", successor.reveal());
    Ok(())
}
