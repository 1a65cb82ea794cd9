use crate::fault::RedisFault;
use crate::link::{Link, LinkRole};
use crate::throttle::Throttle;
use crate::{InvalidRedisUrl, RedisSettings};
use deadpool_redis::{Manager, Pool, Runtime, Timeouts};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult};
use std::sync::Arc;
use std::time::Duration;

/// How many command timeouts slow work may take.
const SLOW_WORK: u32 = 10;

/// A handle to Redis that all adapters share. Cheap to clone.
///
/// Quick commands share one connection; slow work takes one from a pool, so that no quick command waits for it.
#[derive(Clone)]
pub struct Redis {
    settings: Arc<RedisSettings>,
    client: Client,
    link: Link,
    pool: Pool,
    complaints: Arc<Throttle>,
}

impl Redis {
    /// Starts connecting in the background, on the caller's runtime, and keeps trying; does not wait. The runtime must
    /// outlive every use.
    pub fn open(settings: RedisSettings) -> Result<Self, InvalidRedisUrl> {
        if settings.url.is_tls() {
            // Another part of the process may have installed a provider already, which serves as well.
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
            // Building the pool fails only without a runtime, and there is one.
            .map_err(|_| InvalidRedisUrl::Form)?;
        let link = Link::spawn(client.clone(), &settings, LinkRole::commands("commands"));
        Ok(Self { settings: Arc::new(settings), client, link, pool, complaints: Arc::new(Throttle::once_a_second()) })
    }

    /// Whether Redis is reachable now.
    pub fn is_connected(&self) -> bool {
        self.link.is_up()
    }

    /// Returns when Redis is reachable.
    pub async fn connected(&self) {
        self.link.up().await;
    }

    pub(crate) fn settings(&self) -> &RedisSettings {
        &self.settings
    }

    pub(crate) const fn link(&self) -> &Link {
        &self.link
    }

    /// A further connection, for work that would delay the others.
    pub(crate) fn spawn_link(&self, role: LinkRole) -> Link {
        Link::spawn(self.client.clone(), &self.settings, role)
    }

    /// A key or channel with our prefix.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.settings.key_prefix)
    }

    /// Logs a failure, for ports that continue without Redis.
    pub(crate) fn note(&self, fault: &RedisFault, what: &'static str) {
        // The link has already logged that Redis is unreachable.
        if matches!(fault, RedisFault::Away) {
            return;
        }
        if let Some(times) = self.complaints.admit(1) {
            let error = fault as &dyn std::error::Error;
            tracing::warn!(error, times, "{what}; using the state of this node only");
        }
    }

    /// Runs slow work on a connection from the pool.
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

    /// Runs a quick command on the shared connection.
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

/// A duration in milliseconds, for scripts.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
