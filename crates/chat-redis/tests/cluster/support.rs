//! Nodes of a cluster, one value each.

use chat_domain::presence::{PresenceRegistry, PresenceStatus, PresenceUpkeep};
use chat_domain::{Clock, ConnectionId, NodeId, Timestamp, UserId};
use chat_redis::{BusHooks, Redis, RedisBus, RedisPresence, RedisSettings, RedisUrl, Releases};
use chat_testkit::fakes::RecordingBus;
use chat_testkit::nodes::{BusNode, eventually};
use chat_testkit::servers::RedisServer;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Timers short enough for tests, long enough for busy machines.
pub(crate) fn settings(server: &RedisServer, prefix: &str) -> RedisSettings {
    RedisSettings {
        key_prefix: prefix.to_owned(),
        max_reconnect_delay: Duration::from_millis(200),
        ping_interval: Duration::from_millis(300),
        presence_lease: Duration::from_secs(2),
        ..RedisSettings::new(RedisUrl::parse(&server.url()).expect("an address"))
    }
}

/// A separate prefix on the server that tests share.
pub(crate) fn prefix() -> String {
    Uuid::now_v7().to_string()
}

/// A handle to Redis that is connected.
pub(crate) async fn connect(settings: RedisSettings) -> Redis {
    let redis = Redis::open(settings).expect("an address");
    eventually("redis is reached", async || redis.is_connected()).await;
    redis
}

pub(crate) fn node(number: u128) -> NodeId {
    NodeId::new(Uuid::from_u128(number))
}

pub(crate) fn user(number: u128) -> UserId {
    UserId::new(Uuid::from_u128(number))
}

pub(crate) fn connection(number: u128) -> ConnectionId {
    ConnectionId::new(Uuid::from_u128(number))
}

pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock after 1970");
        Timestamp::default().plus(since)
    }
}

/// A node's bus, and the events it received.
pub(crate) struct ABus {
    pub(crate) bus: Arc<RedisBus>,
    pub(crate) arrived: Arc<RecordingBus>,
    pub(crate) gaps: Arc<AtomicUsize>,
    pub(crate) is_needed: Arc<AtomicBool>,
}

impl ABus {
    /// Starts a node that is subscribed and can publish.
    pub(crate) async fn start(settings: RedisSettings, id: u128) -> Self {
        let redis = connect(settings).await;
        let arrived = Arc::new(RecordingBus::default());
        let (gaps, is_needed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(true)));
        let hooks = BusHooks {
            is_needed: {
                let is_needed = is_needed.clone();
                Arc::new(move |_| is_needed.load(Ordering::Acquire))
            },
            on_gap: {
                let gaps = gaps.clone();
                Arc::new(move || {
                    gaps.fetch_add(1, Ordering::AcqRel);
                })
            },
        };
        let bus = Arc::new(RedisBus::start(&redis, node(id), arrived.clone(), hooks));
        eventually("the bus is connected", async || bus.is_connected()).await;
        Self { bus, arrived, gaps, is_needed }
    }

    pub(crate) fn gaps(&self) -> usize {
        self.gaps.load(Ordering::Acquire)
    }

    pub(crate) fn as_node(&self) -> BusNode {
        BusNode { bus: self.bus.clone(), arrived: self.arrived.clone() }
    }
}

/// A node's presence, and how often its upkeep returned each user.
pub(crate) struct Present {
    pub(crate) presence: Arc<RedisPresence>,
    pub(crate) redis: Redis,
    pub(crate) told: Arc<Mutex<BTreeMap<UserId, usize>>>,
    upkeep: JoinHandle<()>,
}

impl Drop for Present {
    fn drop(&mut self) {
        self.upkeep.abort();
    }
}

impl Present {
    /// Starts a node that keeps its presence up.
    pub(crate) async fn start(settings: RedisSettings, id: u128) -> Self {
        Self::of_release(settings, id, Arc::default()).await
    }

    /// Starts a node that knows what `releases` says.
    pub(crate) async fn of_release(settings: RedisSettings, id: u128, releases: Arc<Releases>) -> Self {
        let redis = connect(settings).await;
        let presence = Arc::new(RedisPresence::of_release(&redis, node(id), releases));
        let told: Arc<Mutex<BTreeMap<_, _>>> = Arc::default();
        let upkeep = tokio::spawn(keep_up(presence.clone(), told.clone()));
        Self { presence, redis, told, upkeep }
    }

    /// Pauses the node, like a process stopped by a debugger.
    pub(crate) fn pause(&self) {
        self.upkeep.abort();
    }

    /// Continues the node.
    pub(crate) fn go_on(&mut self) {
        self.upkeep = tokio::spawn(keep_up(self.presence.clone(), self.told.clone()));
    }

    pub(crate) async fn connect(&self, who: u128, which: u128) -> Option<PresenceStatus> {
        self.presence.connect(user(who), connection(which)).await.expect("noted")
    }

    pub(crate) async fn disconnect(&self, who: u128, which: u128) -> bool {
        self.presence.disconnect(user(who), connection(which)).await.expect("forgotten")
    }

    pub(crate) async fn choose(&self, who: u128, status: PresenceStatus) -> bool {
        self.presence.choose(user(who), status).await.expect("chosen")
    }

    pub(crate) async fn status(&self, who: u128) -> PresenceStatus {
        self.presence.statuses(&[user(who)]).await.expect("statuses")[0]
    }

    pub(crate) async fn online(&self) -> Vec<UserId> {
        self.presence.list_online().await.expect("a list")
    }

    /// The users that this node's upkeep has returned, and how often.
    pub(crate) fn told(&self) -> BTreeMap<UserId, usize> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn keep_up(presence: Arc<RedisPresence>, told: Arc<Mutex<BTreeMap<UserId, usize>>>) {
    loop {
        presence.due().await;
        for user in presence.keep_up().await {
            *told.lock().unwrap_or_else(PoisonError::into_inner).entry(user).or_default() += 1;
        }
    }
}
