//! Connects each port to its adapter.

use crate::cluster;
use crate::config::{Config, Environment, Keys};
use crate::cut;
use crate::landmarks::Landmarks;
use crate::metrics::{CountedLimits, CountedStore, Metrics};
use crate::store::Store;
use anyhow::Context as _;
use chat_app::{App, CallLimits, LoginLimits, Ports, Settings, UuidV7Source};
use chat_auth::{
    BcryptCost, BcryptHasher, HashingLimits, JwtAccessTokens, SealedRefreshTokens, SigningKey, SigningKeys,
};
use chat_domain::Epoch;
use chat_http::{AllowedOrigins, FrameQuota, HttpSettings, HttpState, Limits, Readiness};
use chat_realtime::{FanOut, RealtimeSettings};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// Files beside the database that hold the secrets that development makes.
const ACCESS_SECRET_FILE: &str = "jwt_secret";
const REFRESH_SECRET_FILE: &str = "jwt_refresh_secret";

/// The issuer and audience of our tokens (RFC 7519 §4.1.1, §4.1.3). Changing one invalidates every token.
const TOKEN_ISSUER: &str = "chat-server";
const TOKEN_AUDIENCE: &str = "chat";

/// Opens the database and builds everything, without listening yet. Takes as long as the database and its migrations.
/// The metrics hold every other part of the server, since every part has some.
pub(crate) async fn wire(config: &Config) -> anyhow::Result<(Metrics, Arc<Landmarks>)> {
    let store = Store::open(&config.database).await?;
    let access_keys = signing_keys(config.access_keys.as_ref(), config, ACCESS_SECRET_FILE)?;
    let refresh_keys = signing_keys(config.refresh_keys.as_ref(), config, REFRESH_SECRET_FILE)?;

    let epoch = store.epochs().epoch().await.context("cannot read the epoch of the database (DATABASE_URL)")?;
    let (clock, runtime) = (store.clock(), Handle::current());
    let stored = cut::store(store.realtime(), &config.cut.unknown);
    let fan_out = FanOut::new(realtime_settings(config, epoch), stored, runtime.clone());
    let shared = cluster::share(config, &fan_out, clock.clone())?;
    fan_out.show_presence(shared.presence.clone(), config.presence_audience);
    let landmarks = Landmarks::new(config, shared.cluster.as_ref().map(|cluster| &cluster.redis), epoch);
    landmarks.check(&*store.realtime()).await?;
    let (counted, sends) = CountedStore::around(store.handle());
    let (rate_limiter, refusals) = CountedLimits::around(shared.rate_limiter);
    let ports = Ports {
        store: counted,
        hasher: Arc::new(BcryptHasher::new(BcryptCost::new(config.bcrypt_cost)?, HashingLimits::default())),
        access_tokens: Arc::new(JwtAccessTokens::new(&access_keys, TOKEN_ISSUER, TOKEN_AUDIENCE)),
        refresh_tokens: Arc::new(SealedRefreshTokens::new(refresh_keys)),
        presence: shared.presence,
        typing: shared.typing,
        features: shared.features,
        bus: landmarks.watching(shared.bus),
        rate_limiter: rate_limiter.clone(),
        live_connections: fan_out.clone(),
        clock: clock.clone(),
        ids: Arc::new(UuidV7Source),
        runtime: runtime.clone(),
    };
    let settings = Settings {
        access_token_lifetime: config.access_lifetime,
        refresh_token_lifetime: config.refresh_lifetime,
        password_policy: config.password_policy(),
        registration: config.registration,
        presence_audience: config.presence_audience,
        typing_timeout: config.typing_timeout,
        login_limits: config.rate_limits.map(|limits| LoginLimits {
            per_account_and_address: limits.logins,
            per_address: limits.logins_per_address,
            exempt_loopback: !is_production(config),
        }),
        calls: CallLimits {
            reads_at_once: store.readers(),
            per_user: config.max_calls_per_user,
            waiting_per_user: config.max_waiting_calls_per_user,
        },
        max_conversations_per_user: config.max_conversations_per_user,
        message_edit_window: config.messages.edit_window,
        message_limit: config.messages.limit,
        message_delete_window: config.messages.delete_window,
        edit_history: config.messages.edit_history,
    };
    let limits = match config.rate_limits {
        Some(limits) => Limits::new(rate_limiter, limits.quotas, !is_production(config)),
        None => Limits::off(),
    };
    let state = HttpState {
        app: App::new(ports, settings),
        fan_out,
        settings: Arc::new(http_settings(config)),
        limits: Arc::new(limits),
        runtime,
        readiness: Readiness::ready(),
        stats: Arc::default(),
        started_at: clock.now(),
        clock,
    };
    let metrics = Metrics {
        state,
        store,
        sends,
        limits: refusals,
        cluster: shared.cluster,
        max_connections: config.max_connections,
    };
    Ok((metrics, landmarks))
}

/// The configured keys, or those kept beside the database. Production requires configured keys, which is checked
/// before.
fn signing_keys(given: Option<&Keys>, config: &Config, file: &str) -> anyhow::Result<SigningKeys> {
    let keys = match given {
        Some(keys) => keys.clone(),
        None => Keys::kept_in(&config.database.folder().join(file))?,
    };
    let keys = keys.as_slice().iter().map(|key| SigningKey::new(key.id.as_str(), padded(key.secret.reveal())));
    Ok(SigningKeys::new(keys.collect::<Result<Vec<_>, _>>()?)?)
}

/// Development accepts short secrets. HMAC pads them with zeros anyway (RFC 2104 §2), so the signature is the same.
fn padded(secret: &[u8]) -> Vec<u8> {
    let mut secret = secret.to_vec();
    secret.resize(secret.len().max(SigningKey::MIN_SECRET_BYTES), 0);
    secret
}

fn realtime_settings(config: &Config, epoch: Epoch) -> RealtimeSettings {
    let settings = RealtimeSettings {
        epoch,
        max_connections: config.max_connections,
        max_connections_per_user: config.max_connections_per_user,
        heartbeat_interval: config.timers.heartbeat_interval,
        heartbeat_timeout: config.timers.heartbeat_timeout,
        auth_timeout: config.timers.auth_timeout,
        tail_check_interval: config.tail_check_interval,
        ..RealtimeSettings::default()
    };
    settings.for_messages(config.messages.limit)
}

fn is_production(config: &Config) -> bool {
    config.environment == Environment::Production
}

fn http_settings(config: &Config) -> HttpSettings {
    let is_production = is_production(config);
    let allowed_origins = match &config.allowed_origins {
        Some(origins) => AllowedOrigins::List(origins.clone()),
        None if is_production => AllowedOrigins::List(Vec::new()),
        None => AllowedOrigins::AnyLocalhost,
    };
    HttpSettings {
        is_production,
        environment: config.environment.as_str().to_owned(),
        allowed_origins,
        trusted_proxies: config.trusted_proxies.clone(),
        connect_timeout: config.timers.connect_timeout,
        frame_quota: FrameQuota {
            burst: config.frame_budget.burst(),
            interval: Duration::from_micros(config.frame_budget.micros_per_token()),
        },
        ..HttpSettings::default()
    }
}
