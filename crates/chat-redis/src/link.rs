use crate::fault::RedisFault;
use crate::throttle::Throttle;
use crate::{RedisSettings, RedisUrl};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, PushInfo, PushKind, RedisResult};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

/// One monitored connection to Redis: it always reconnects, is pinged when idle, and is known at any time to be up or
/// down.
///
/// The library's own connection manager makes every command wait while it reconnects, does not report when all
/// subscriptions are back, and ignores one that fails: too little for running without Redis.
#[derive(Clone)]
pub(crate) struct Link(Arc<Inner>);

struct Inner {
    state: watch::Sender<State>,
    command_timeout: Duration,
    supervisor: AbortHandle,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.supervisor.abort();
    }
}

#[derive(Clone, Default)]
struct State {
    /// `None` while down.
    connection: Option<MultiplexedConnection>,
    /// The number of connections so far.
    generation: u64,
}

/// What a link does beside sending commands.
pub(crate) struct LinkRole {
    /// The name in logs.
    pub(crate) name: &'static str,
    /// The channels to subscribe to before the link counts as up.
    pub(crate) channels: Vec<String>,
    /// Receives the messages of these channels. Must not block.
    pub(crate) on_message: Arc<dyn Fn(PushInfo) + Send + Sync>,
    /// Called when the link comes up, subscriptions included, and when it goes down. Must not block.
    pub(crate) on_change: Arc<dyn Fn(bool) + Send + Sync>,
}

impl LinkRole {
    /// A link for commands only.
    pub(crate) fn commands(name: &'static str) -> Self {
        Self { name, channels: Vec::new(), on_message: Arc::new(drop), on_change: Arc::new(drop) }
    }
}

impl Link {
    /// Starts connecting on the caller's runtime, until the last clone is dropped.
    pub(crate) fn spawn(client: Client, settings: &RedisSettings, role: LinkRole) -> Self {
        let (state, _) = watch::channel(State::default());
        let supervisor = Supervisor {
            client,
            role,
            url: settings.url.clone(),
            state: state.clone(),
            command_timeout: settings.command_timeout,
            connect_timeout: settings.connect_timeout,
            ping_interval: settings.ping_interval,
            max_delay: settings.max_reconnect_delay,
        };
        let supervisor = tokio::spawn(supervisor.run()).abort_handle();
        Self(Arc::new(Inner { state, command_timeout: settings.command_timeout, supervisor }))
    }

    pub(crate) fn is_up(&self) -> bool {
        self.0.state.borrow().connection.is_some()
    }

    /// The number of connections so far: a higher number than before means that commands may have been lost in between.
    pub(crate) fn generation(&self) -> u64 {
        self.0.state.borrow().generation
    }

    /// Returns when the link is up.
    pub(crate) async fn up(&self) {
        // The sender lives as long as `self`.
        let _ = self.0.state.subscribe().wait_for(|state| state.connection.is_some()).await;
    }

    /// Returns when the link is up with another connection than this one.
    pub(crate) async fn up_after(&self, generation: u64) {
        let mut state = self.0.state.subscribe();
        let _ = state.wait_for(|state| state.connection.is_some() && state.generation != generation).await;
    }

    /// Sends a command and waits for the answer: at most the command timeout, and not at all while the link is down.
    pub(crate) async fn run<T, F, Fut>(&self, call: F) -> Result<T, RedisFault>
    where
        F: FnOnce(MultiplexedConnection) -> Fut,
        Fut: Future<Output = RedisResult<T>>,
    {
        let State { connection, generation } = self.0.state.borrow().clone();
        let connection = connection.ok_or(RedisFault::Away)?;
        let fault = match timeout(self.0.command_timeout, call(connection)).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(fault)) => RedisFault::Failed(fault),
            Err(_) => RedisFault::Late,
        };
        if fault.breaks_connection() {
            lose(&self.0.state, generation);
        }
        Err(fault)
    }
}

/// The connection of this generation has failed.
fn lose(state: &watch::Sender<State>, generation: u64) {
    state.send_if_modified(|state| state.generation == generation && state.connection.take().is_some());
}

struct Supervisor {
    client: Client,
    role: LinkRole,
    url: RedisUrl,
    state: watch::Sender<State>,
    command_timeout: Duration,
    connect_timeout: Duration,
    ping_interval: Duration,
    max_delay: Duration,
}

impl Supervisor {
    async fn run(self) {
        let complaints = Throttle::new(Duration::from_secs(10));
        let first_delay = self.max_delay / 20;
        let mut delay = first_delay;
        loop {
            let generation = self.state.borrow().generation + 1;
            let ended = Arc::new(Notify::new());
            match timeout(self.connect_timeout, self.connect(generation, Arc::clone(&ended))).await {
                Ok(Ok(connection)) => {
                    delay = first_delay;
                    self.serve(connection, &ended, generation).await;
                }
                Ok(Err(fault)) => self.complain(&complaints, &fault),
                Err(_) => self.complain(&complaints, &RedisFault::Late),
            }
            sleep(jittered(delay)).await;
            delay = (delay * 2).min(self.max_delay);
        }
    }

    fn complain(&self, complaints: &Throttle, fault: &RedisFault) {
        if complaints.admit(1).is_some() {
            let error = fault as &dyn std::error::Error;
            tracing::warn!(error, redis = %self.url, link = self.role.name, "cannot reach redis; retrying");
        }
    }

    async fn connect(&self, generation: u64, ended: Arc<Notify>) -> Result<MultiplexedConnection, RedisFault> {
        let (state, on_message) = (self.state.clone(), Arc::clone(&self.role.on_message));
        let push = move |push: PushInfo| -> Result<(), redis::aio::SendError> {
            match push.kind {
                PushKind::Disconnection => {
                    lose(&state, generation);
                    // Also if it ended before it counted as up.
                    ended.notify_one();
                }
                _ => on_message(push),
            }
            Ok(())
        };
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            .set_response_timeout(Some(self.command_timeout))
            .set_push_sender(push);
        let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        ping(&mut connection).await?;
        if !self.role.channels.is_empty() {
            connection.subscribe(&self.role.channels).await?;
        }
        Ok(connection)
    }

    /// Serves a connection until it fails.
    async fn serve(&self, mut connection: MultiplexedConnection, ended: &Notify, generation: u64) {
        tracing::info!(redis = %self.url, link = self.role.name, "connected to redis");
        self.state.send_replace(State { connection: Some(connection.clone()), generation });
        (self.role.on_change)(true);
        let mut changes = self.state.subscribe();
        loop {
            tokio::select! {
                () = ended.notified() => break,
                () = async { drop(changes.wait_for(|state| state.connection.is_none()).await) } => break,
                () = sleep(self.ping_interval) => {
                    if !matches!(timeout(self.command_timeout, ping(&mut connection)).await, Ok(Ok(()))) {
                        break;
                    }
                }
            }
        }
        lose(&self.state, generation);
        (self.role.on_change)(false);
        tracing::warn!(redis = %self.url, link = self.role.name, "lost the connection to redis");
    }
}

/// Expects a normal answer: a server that is still loading its data does not count as up.
async fn ping(connection: &mut MultiplexedConnection) -> RedisResult<()> {
    redis::cmd("PING").exec_async(connection).await
}

/// Between half and all of the delay, so that the nodes of a cluster do not reconnect at the same time.
fn jittered(delay: Duration) -> Duration {
    let random = uuid::Uuid::new_v4().as_u128() % 1_000;
    delay.mul_f64(0.5 + f64::from(u16::try_from(random).unwrap_or(0)) / 2_000.0)
}
