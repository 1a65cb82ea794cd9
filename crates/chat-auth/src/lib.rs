//! Passwords and tokens: bcrypt, JWT and refresh tokens behind the ports of `chat-domain`. Any service that uses those
//! ports can use this crate; it needs no database and no configuration beyond its constructors' arguments.
//!
//! | port | adapter | what it does |
//! | --- | --- | --- |
//! | `PasswordHasher` | [`BcryptHasher`] | hashes on blocking threads, one per core; the rest waits in a bounded line
//! in which addresses and accounts take turns |
//! | `AccessTokens` | [`JwtAccessTokens`] | HS256, one algorithm, keys by `kid` |
//! | `RefreshTokens` | [`SealedRefreshTokens`] | a session id and randomness under a seal; the successor is derived |
//!
//! **Owns** the form of hashes and tokens, and the [`SigningKeys`] that they are made with. **Must never know** which
//! sessions exist or have ended, where secrets come from, or how a token travels; and it never prints a secret.
//!
//! **To rotate a secret**: put the new key first and keep the old one behind it until what it signed has expired.
//! **To add an algorithm**: a key kind of its own in `keys.rs`, pinned to that algorithm; a key never verifies two.
//! **To add another hasher**: an adapter beside `bcrypt_hasher.rs` whose hashes begin differently, and a chooser that
//! looks at the beginning.

mod access_tokens;
mod bcrypt_hasher;
mod fair_line;
mod keys;
mod refresh_tokens;

pub use access_tokens::{ACCESS_TOKEN_EARLIEST, ACCESS_TOKEN_LEEWAY, JwtAccessTokens};
pub use bcrypt_hasher::{BcryptCost, BcryptHasher, HashingLimits, InvalidBcryptCost};
pub use keys::{InvalidSigningKeys, SigningKey, SigningKeys};
pub use refresh_tokens::SealedRefreshTokens;

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
