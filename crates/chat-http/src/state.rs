use crate::origin::AllowedOrigins;
use crate::{ApiError, HttpStats, Limits, TrustedProxies};
use chat_app::App;
use chat_domain::{Clock, ErrorCode, Timestamp};
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

/// What an operator may set about HTTP.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Production announces itself as such to browsers (HSTS).
    pub is_production: bool,
    /// The name of the environment, as `GET /` tells it.
    pub environment: String,
    /// Whose pages may call us: for CORS and for WebSocket upgrades.
    pub allowed_origins: AllowedOrigins,
    /// Whose `X-Forwarded-For` counts.
    pub trusted_proxies: TrustedProxies,
    /// The largest body that is read, in bytes (413 beyond).
    pub max_body_bytes: usize,
    /// How long a body may take to arrive (408 beyond).
    pub body_timeout: Duration,
    /// How long the head of a request may take to arrive.
    pub head_timeout: Duration,
    /// How long an idle connection is kept for the next request.
    pub keep_alive: Duration,
    /// How long a session of Socket.IO may go without being connected to a namespace.
    pub connect_timeout: Duration,
    /// Frames of one socket that no other limit counts: pings, packets of the protocol, what is no command (close code
    /// 4009 beyond).
    pub frame_quota: FrameQuota,
    /// Requests of one HTTP connection that no other limit counts (the connection is closed beyond). A refusal costs as
    /// much as [`crate::server::traffic::REFUSAL_COST`] others.
    pub request_quota: FrameQuota,
}

impl Default for HttpSettings {
    /// Development: 1 MB, 30 s for a body, 10 s for a head, 75 s of keep-alive (longer than what proxies keep on their
    /// side, so that they close first), 45 s to connect to a namespace.
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

/// Whether new work is welcome. Shared by whoever stops the server, whoever watches the database, and the health
/// checks.
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
    /// Ready.
    pub fn ready() -> Self {
        Self(Arc::default())
    }

    /// From now on load balancers are told to look elsewhere, and HTTP connections end after their next answer.
    /// Everything else goes on, so that nothing is lost while they notice.
    pub fn leave(&self) {
        self.0.is_leaving.store(true, Ordering::Release);
    }

    /// Whether load balancers are told to look elsewhere.
    pub fn is_leaving(&self) -> bool {
        self.0.is_leaving.load(Ordering::Acquire)
    }

    /// From now on no new work is taken. For good: a server that drains does not come back.
    pub fn drain(&self) {
        self.leave();
        self.0.is_draining.store(true, Ordering::Release);
        self.0.drains.notify_waiters();
    }

    /// Returns when the server is on its way out.
    pub async fn draining(&self) {
        let mut begins = pin!(self.0.drains.notified());
        // Before the look: what begins in between is heard of.
        begins.as_mut().enable();
        if !self.is_draining() {
            begins.await;
        }
    }

    /// Whether the server is on its way out.
    pub fn is_draining(&self) -> bool {
        self.0.is_draining.load(Ordering::Acquire)
    }

    /// Whether the database could be reached, and takes writes, when it was last tried. Returns the same where it
    /// changed.
    pub fn set_database(&self, is_well: bool) -> Option<bool> {
        let was_away = self.0.is_database_away.swap(!is_well, Ordering::AcqRel);
        (was_away == is_well).then_some(is_well)
    }

    /// Whether new work is welcome, and can be done.
    pub fn is_ready(&self) -> bool {
        !self.is_leaving() && !self.0.is_database_away.load(Ordering::Acquire)
    }
}

/// Everything that handlers and connections reach. Cheap to clone.
#[derive(Clone)]
pub struct HttpState {
    /// The use cases.
    pub app: App,
    /// This node's half of realtime.
    pub fan_out: Arc<FanOut>,
    /// See [`HttpSettings`].
    pub settings: Arc<HttpSettings>,
    /// See [`Limits`].
    pub limits: Arc<Limits>,
    /// The runtime on which use cases run, to their end.
    pub runtime: tokio::runtime::Handle,
    /// See [`Readiness`].
    pub readiness: Readiness,
    /// See [`HttpStats`].
    pub stats: Arc<HttpStats>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// When this process began to serve.
    pub started_at: Timestamp,
}

impl HttpState {
    /// Runs a use case on the main runtime, to its end even if the client hangs up meanwhile: a hang-up never falls
    /// between commit and publish. A panic in it is this request's `INTERNAL`, and nobody else's.
    pub async fn run<T: Send + 'static>(
        &self,
        use_case: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.runtime
            .spawn(use_case.in_current_span())
            .await
            .map_err(|fault| ApiError::new(ErrorCode::Internal, crate::error::OUR_FAULT).caused_by(fault))
    }

    /// Charges an address for a connection that was closed because it sent too much; it can open fewer new ones for a
    /// while.
    pub(crate) fn penalize(&self, address: Option<IpAddr>) {
        let limits = Arc::clone(&self.limits);
        self.runtime.spawn(async move { limits.penalize(address).await });
    }
}
