use crate::fault::RedisFault;
use crate::link::{Link, LinkRole};
use crate::throttle::Throttle;
use crate::{InvalidRedisUrl, RedisSettings};
use deadpool_redis::{Manager, Pool, Runtime, Timeouts};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult};
use std::sync::Arc;
use std::time::Duration;

/// Slow work may take this many times as long as a command.
const SLOW_WORK: u32 = 10;

/// A way to Redis that everything here shares. Cheap to clone.
///
/// Quick commands travel together on one connection; what is slow borrows one from a pool, so that nothing quick waits
/// behind it.
#[derive(Clone)]
pub struct Redis {
    settings: Arc<RedisSettings>,
    client: Client,
    link: Link,
    pool: Pool,
    complaints: Arc<Throttle>,
}

impl Redis {
    /// Starts connecting in the background, on the caller's runtime, and goes on for ever; does not wait. The runtime
    /// must outlive every use.
    pub fn open(settings: RedisSettings) -> Result<Self, InvalidRedisUrl> {
        if settings.url.is_tls() {
            // Others in this process may have chosen a provider already: theirs serves as well.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        let client = Client::open(settings.url.info()).map_err(|_| InvalidRedisUrl::Form)?;
        let patience = settings.command_timeout * SLOW_WORK;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(settings.connect_timeout))
            .set_response_timeout(Some(patience));
        let manager = Manager::new_with_config(settings.url.info(), config).map_err(|_| InvalidRedisUrl::Form)?;
        let timeouts = Timeouts {
            wait: Some(patience),
            create: Some(settings.connect_timeout),
            recycle: Some(settings.command_timeout),
        };
        let pool = Pool::builder(manager)
            .max_size(settings.pool_size.max(1))
            .timeouts(timeouts)
            .runtime(Runtime::Tokio1)
            .build()
            // Fails for want of a runtime alone, which is given.
            .map_err(|_| InvalidRedisUrl::Form)?;
        let link = Link::spawn(client.clone(), &settings, LinkRole::commands("commands"));
        Ok(Self { settings: Arc::new(settings), client, link, pool, complaints: Arc::new(Throttle::once_a_second()) })
    }

    /// Whether Redis can be reached at the moment.
    pub fn is_connected(&self) -> bool {
        self.link.is_up()
    }

    /// Returns as soon as Redis can be reached.
    pub async fn connected(&self) {
        self.link.up().await;
    }

    pub(crate) fn settings(&self) -> &RedisSettings {
        &self.settings
    }

    pub(crate) const fn link(&self) -> &Link {
        &self.link
    }

    /// Another connection, for whatever would be in the way of the others.
    pub(crate) fn spawn_link(&self, role: LinkRole) -> Link {
        Link::spawn(self.client.clone(), &self.settings, role)
    }

    /// A key or channel of ours.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.settings.key_prefix)
    }

    /// What went wrong, for ports that carry on without Redis.
    pub(crate) fn note(&self, fault: &RedisFault, what: &'static str) {
        // That it is away was said once, when the link went down.
        if matches!(fault, RedisFault::Away) {
            return;
        }
        if let Some(times) = self.complaints.admit(1) {
            let error = fault as &dyn std::error::Error;
            tracing::warn!(error, times, "{what}; this node answers alone");
        }
    }

    /// Does something slow on a connection from the pool.
    pub(crate) async fn run_slowly<T, F, Fut>(&self, call: F) -> Result<T, RedisFault>
    where
        F: FnOnce(deadpool_redis::Connection) -> Fut,
        Fut: Future<Output = RedisResult<T>>,
    {
        if !self.link.is_up() {
            return Err(RedisFault::Away);
        }
        let connection = self.pool.get().await.map_err(|fault| match fault {
            deadpool_redis::PoolError::Backend(fault) => RedisFault::Failed(fault),
            deadpool_redis::PoolError::Timeout(_) => RedisFault::Late,
            _ => RedisFault::Away,
        })?;
        Ok(call(connection).await?)
    }

    /// Does something quick on the connection that everybody shares.
    pub(crate) async fn run<T, F, Fut>(&self, call: F) -> Result<T, RedisFault>
    where
        F: FnOnce(MultiplexedConnection) -> Fut,
        Fut: Future<Output = RedisResult<T>>,
    {
        self.link.run(call).await
    }
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Redis").field("url", &self.settings.url).finish_non_exhaustive()
    }
}

/// For comparisons of lengths of time in scripts.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
