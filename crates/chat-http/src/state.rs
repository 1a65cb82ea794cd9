use crate::origin::AllowedOrigins;
use crate::{ApiError, HttpStats, Limits, TrustedProxies};
use chat_app::App;
use chat_domain::{Clock, Timestamp};
use chat_realtime::FanOut;
use chat_socketio::websocket::FrameQuota;
use std::future::Future;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tracing::Instrument as _;

/// The settings of HTTP.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Whether to send HSTS to browsers, as in production.
    pub is_production: bool,
    /// The name of the environment, which `GET /` shows.
    pub environment: String,
    /// The origins whose pages may call the server: for CORS and for WebSocket upgrades.
    pub allowed_origins: AllowedOrigins,
    /// The proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: TrustedProxies,
    /// The maximum size of a body, in bytes (else 413).
    pub max_body_bytes: usize,
    /// How long a body may take to arrive (else 408).
    pub body_timeout: Duration,
    /// How long the head of a request may take to arrive.
    pub head_timeout: Duration,
    /// How long an idle connection stays open for the next request.
    pub keep_alive: Duration,
    /// How long a Socket.IO session may take to connect to a namespace.
    pub connect_timeout: Duration,
    /// The budget for frames of one socket that no rate limit counts: pings, packets of the protocol, frames that are
    /// not commands (else close code 4009).
    pub frame_quota: FrameQuota,
    /// The budget for requests of one HTTP connection that no rate limit counts (else the connection is closed). A
    /// refusal costs as much as [`crate::server::traffic::REFUSAL_COST`] other requests.
    pub request_quota: FrameQuota,
}

impl Default for HttpSettings {
    /// Development: 1 MB, 30 s for a body, 10 s for a head, 75 s of keep-alive (longer than usual for proxies, so that
    /// they close first), 45 s to connect to a namespace.
    fn default() -> Self {
        Self {
            is_production: false,
            environment: "development".to_owned(),
            allowed_origins: AllowedOrigins::AnyLocalhost,
            trusted_proxies: TrustedProxies::default(),
            max_body_bytes: 1_000_000,
            body_timeout: Duration::from_secs(30),
            head_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(75),
            connect_timeout: Duration::from_secs(45),
            frame_quota: FrameQuota::default(),
            request_quota: FrameQuota { burst: 1_000, interval: Duration::from_millis(10) },
        }
    }
}

/// Whether the server accepts new work. It is shared by the code that stops the server, the code that checks the
/// database, and the health checks.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    is_leaving: AtomicBool,
    is_draining: AtomicBool,
    is_database_away: AtomicBool,
    drains: Notify,
}

impl Readiness {
    /// Creates the state of a ready server.
    pub fn ready() -> Self {
        Self(Arc::default())
    }

    /// From now on load balancers are told to use other nodes, and HTTP connections end after their next answer.
    /// Everything else continues, so that nothing is lost until they notice.
    pub fn leave(&self) {
        self.0.is_leaving.store(true, Ordering::Release);
    }

    /// Whether load balancers are told to use other nodes.
    pub fn is_leaving(&self) -> bool {
        self.0.is_leaving.load(Ordering::Acquire)
    }

    /// From now on no new work is accepted. This is final: a draining server does not become ready again.
    pub fn drain(&self) {
        self.leave();
        self.0.is_draining.store(true, Ordering::Release);
        self.0.drains.notify_waiters();
    }

    /// Returns when the server is stopping.
    pub async fn draining(&self) {
        let mut begins = pin!(self.0.drains.notified());
        // Before the check, so that a stop in between is noticed.
        begins.as_mut().enable();
        if !self.is_draining() {
            begins.await;
        }
    }

    /// Whether the server is stopping.
    pub fn is_draining(&self) -> bool {
        self.0.is_draining.load(Ordering::Acquire)
    }

    /// Sets whether the last check of the database succeeded: it could be reached and accepted writes. Returns the new
    /// value if it changed.
    pub fn set_database(&self, is_well: bool) -> Option<bool> {
        let was_away = self.0.is_database_away.swap(!is_well, Ordering::AcqRel);
        (was_away == is_well).then_some(is_well)
    }

    /// Whether the server accepts new work and can do it.
    pub fn is_ready(&self) -> bool {
        !self.is_leaving() && !self.0.is_database_away.load(Ordering::Acquire)
    }
}

/// The state of handlers and connections. Cheap to clone.
#[derive(Clone)]
pub struct HttpState {
    /// The use cases.
    pub app: App,
    /// The fan-out of this node.
    pub fan_out: Arc<FanOut>,
    /// See [`HttpSettings`].
    pub settings: Arc<HttpSettings>,
    /// See [`Limits`].
    pub limits: Arc<Limits>,
    /// The runtime on which use cases run to their end.
    pub runtime: tokio::runtime::Handle,
    /// See [`Readiness`].
    pub readiness: Readiness,
    /// See [`HttpStats`].
    pub stats: Arc<HttpStats>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The time at which this process began to serve.
    pub started_at: Timestamp,
}

impl HttpState {
    /// Runs a use case on the main runtime, to its end even if the client disconnects: a disconnect never falls between
    /// commit and publish. A panic in it fails only this request, with `INTERNAL`.
    pub async fn run<T: Send + 'static>(
        &self,
        use_case: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.runtime.spawn(use_case.in_current_span()).await.map_err(ApiError::internal)
    }

    /// Charges an address for a connection that was closed for flooding. The address can open fewer new connections for
    /// a while.
    pub(crate) fn penalize(&self, address: Option<IpAddr>) {
        let limits = Arc::clone(&self.limits);
        self.runtime.spawn(async move { limits.penalize(address).await });
    }
}
