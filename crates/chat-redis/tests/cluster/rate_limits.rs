use crate::support::{SystemClock, connect, settings};
use chat_domain::rate_limits::{LimitKey, Quota, RateLimiter};
use chat_redis::{Redis, RedisRateLimiter, RedisSettings};
use chat_testkit::nodes::eventually;
use chat_testkit::servers::RedisServer;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const QUOTA: (u32, Duration) = (10, Duration::from_hours(10));

fn limiter(redis: &Redis) -> Arc<RedisRateLimiter> {
    Arc::new(RedisRateLimiter::new(redis, Arc::new(SystemClock)))
}

fn quota() -> Quota {
    Quota::new(QUOTA.0, QUOTA.1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_redis_costs_limits_a_moment_and_then_nothing() {
    let server = RedisServer::start();
    // Only the limits notice that Redis does not answer.
    let settings = RedisSettings {
        ping_interval: Duration::from_hours(1),
        command_timeout: Duration::from_secs(5),
        ..settings(&server, "chat")
    };
    let (patience, redis) = (settings.command_timeout / 5, connect(settings).await);
    let (limits, key) = (limiter(&redis), LimitKey::new("test", "a"));
    assert_eq!(limits.take(&key, quota(), 4).await.remaining, 6);
    server.freeze();

    let began = Instant::now();
    assert_eq!(limits.take(&key, quota(), 4).await.remaining, 6, "this node counts for itself");
    assert!(began.elapsed() >= patience && began.elapsed() < patience * 2, "it took {:?}", began.elapsed());
    // During the pause no call waits.
    let began = Instant::now();
    assert_eq!(limits.take(&key, quota(), 3).await.remaining, 3);
    assert!(!limits.take(&key, quota(), 4).await.is_allowed);
    assert!(began.elapsed() < patience / 2, "it took {:?}", began.elapsed());

    server.thaw();
    // The rest is 6, or 2 if the abandoned command still ran; on this node it is 3.
    eventually("the shared count is asked again", async || {
        let shared = limiter(&redis).take(&key, quota(), 0).await.remaining;
        limits.take(&key, quota(), 0).await.remaining == shared
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_redis_delays_nobody_of_a_crowd() {
    let server = RedisServer::start();
    let settings = RedisSettings { command_timeout: Duration::from_secs(5), ..settings(&server, "chat") };
    let patience = settings.command_timeout / 5;
    let redis = connect(settings).await;
    let limits = limiter(&redis);
    server.kill9();
    eventually("the loss is noticed", async || !redis.is_connected()).await;
    let began = Instant::now();
    let mut asking = JoinSet::new();
    for number in 0..200 {
        let limits = limits.clone();
        let key = LimitKey::new("test", number % 10);
        asking.spawn(async move { limits.take(&key, quota(), 1).await.is_allowed });
    }
    assert_eq!(asking.join_all().await.into_iter().filter(|allowed| *allowed).count(), 100, "counted by this node");
    assert!(began.elapsed() < patience, "it took {:?}", began.elapsed());
}
