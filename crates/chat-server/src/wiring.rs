//! Which adapter stands behind which port.

use crate::config::{Config, Environment, Key, Keys};
use anyhow::Context as _;
use chat_app::{App, Ports, Settings, SystemClock, UuidV7Source};
use chat_auth::{BcryptHasher, HmacRefreshTokens, JwtAccessTokens, SigningKey};
use chat_domain::auth::PasswordPolicy;
use chat_http::{AllowedOrigins, HttpSettings, HttpState, Readiness};
use chat_realtime::{FanOut, InProcessPresence, InProcessTyping, LocalBus, RealtimeSettings};
use chat_sqlite::{SqliteConfig, SqliteStore};
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Handle;

/// Files beside the database that keep what development makes.
const ACCESS_SECRET_FILE: &str = "jwt_secret";
const REFRESH_SECRET_FILE: &str = "jwt_refresh_secret";

/// A server that is put together and not yet listening.
pub(crate) struct Wired {
    /// What HTTP works with; the use cases and the fan-out are in it.
    pub(crate) state: HttpState,
    /// To be closed at the end.
    pub(crate) store: SqliteStore,
}
