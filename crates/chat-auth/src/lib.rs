//! Passwords and tokens: bcrypt, JWT and refresh tokens behind the ports of `chat-domain`. Any service that uses these
//! ports can use this crate. It needs no database, and no configuration beyond its constructors' arguments.
//!
//! | port | adapter | what it does |
//! | --- | --- | --- |
//! | `PasswordHasher` | [`BcryptHasher`] | hashes on blocking threads, one per core, behind a bounded fair queue |
//! | `AccessTokens` | [`JwtAccessTokens`] | HS256, one algorithm, keys by `kid` |
//! | `RefreshTokens` | [`SealedRefreshTokens`] | a session id and randomness under a seal; the successor is derived |
//!
//! **Owns** the format of hashes and tokens, and the [`SigningKeys`] that make them. **Must never know** which sessions
//! exist or have ended, where secrets come from, or how a token travels. It never prints a secret.
//!
//! **To rotate a secret**: put the new key first, and keep the old one after it until everything it signed has expired.
//! **To add an algorithm**: add a kind of key in `keys.rs` for that algorithm only; a key never verifies two. **To add
//! a hasher**: add an adapter beside `bcrypt_hasher.rs` whose hashes have another prefix, and a hasher that chooses by
//! the prefix.

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
