use crate::support::{SystemClock, connect, connection, node, settings, user};
use chat_domain::presence::{PresenceRegistry, PresenceStatus};
use chat_domain::rate_limits::{LimitKey, Quota, RateLimiter};
use chat_domain::typing::TypingRegistry;
use chat_domain::{Clock, ConversationId};
use chat_redis::{Redis, RedisPresence, RedisRateLimiter, RedisSettings, RedisTyping, RedisUrl};
use chat_testkit::nodes::eventually;
use chat_testkit::servers::RedisServer;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Checks that every port answers, quickly and from this node alone.
async fn everything_answers(redis: &Redis) {
    let presence = RedisPresence::new(redis, node(1));
    assert_eq!(presence.connect(user(1), connection(1)).await.expect("noted"), Some(PresenceStatus::Online));
    assert!(presence.choose(user(1), PresenceStatus::Away).await.expect("chosen"));
    assert_eq!(
        presence.statuses(&[user(1), user(2)]).await.expect("statuses"),
        [PresenceStatus::Away, PresenceStatus::Offline]
    );
    assert!(presence.known_statuses(&[user(1), user(2)]).await.is_err(), "of other nodes' users nothing is known");
    assert_eq!(presence.list_online().await.expect("a list"), [user(1)]);
    assert!(presence.disconnect(user(1), connection(1)).await.expect("forgotten"));

    let (typing, place) = (RedisTyping::new(redis), ConversationId::new(Uuid::nil()));
    assert!(typing.start(place, user(1), SystemClock.now()).await.expect("noted"));
    assert_eq!(typing.take_expired(SystemClock.now()).await.expect("taken").len(), 1);

    let limits = RedisRateLimiter::new(redis, Arc::new(SystemClock));
    let (key, quota) = (LimitKey::new("test", "a"), Quota::new(1, Duration::from_hours(1)));
    assert!(limits.take(&key, quota, 1).await.is_allowed);
    assert!(!limits.take(&key, quota, 1).await.is_allowed);
    limits.give_back(&key, quota, 1).await;
    assert!(limits.take(&key, quota, 1).await.is_allowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_starts_and_answers_where_there_was_never_a_redis() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("an address");
    drop(free);
    let redis = Redis::open(RedisSettings::new(RedisUrl::parse(&format!("redis://{address}")).expect("an address")));
    let redis = redis.expect("an address");
    let began = Instant::now();
    everything_answers(&redis).await;
    assert!(began.elapsed() < Duration::from_millis(400), "it took {:?}", began.elapsed());
    assert!(!redis.is_connected());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_redis_costs_its_timeout_once() {
    let server = RedisServer::start();
    let settings = RedisSettings { ping_interval: Duration::from_hours(1), ..settings(&server, "chat") };
    let timeout = settings.command_timeout;
    let redis = connect(settings).await;
    server.freeze();
    let began = Instant::now();
    everything_answers(&redis).await;
    assert!(began.elapsed() >= timeout, "the first command waited for the timeout");
    assert!(began.elapsed() < timeout * 2, "it took {:?}", began.elapsed());
    server.thaw();
    eventually("redis is found again", async || redis.is_connected()).await;
}
