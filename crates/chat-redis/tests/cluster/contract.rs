use crate::support::{ABus, SystemClock, connect, node, prefix, settings};
use chat_domain::presence::PresenceRegistry;
use chat_domain::rate_limits::RateLimiter;
use chat_domain::typing::TypingRegistry;
use chat_redis::{Redis, RedisPresence, RedisRateLimiter, RedisSettings, RedisTyping};
use chat_testkit::nodes::{BusNode, Pair};
use chat_testkit::servers::RedisServer;
use std::sync::Arc;
use std::time::Duration;

async fn two() -> [Redis; 2] {
    let settings = settings(RedisServer::shared(), &prefix());
    [connect(settings.clone()).await, connect(settings).await]
}

async fn buses() -> Pair<BusNode> {
    let settings = settings(RedisServer::shared(), &prefix());
    let one = ABus::start(settings.clone(), 1).await;
    let other = ABus::start(settings, 2).await;
    Pair::new(one.as_node(), other.as_node(), (one, other))
}

async fn presence_of_nodes() -> Pair<Arc<dyn PresenceRegistry>> {
    let [one, other] = two().await;
    Pair::new(Arc::new(RedisPresence::new(&one, node(1))), Arc::new(RedisPresence::new(&other, node(2))), ())
}

async fn typing_of_nodes() -> Pair<Arc<dyn TypingRegistry>> {
    let [one, other] = two().await;
    Pair::new(Arc::new(RedisTyping::new(&one)), Arc::new(RedisTyping::new(&other)), ())
}

async fn presence() -> Arc<dyn PresenceRegistry> {
    presence_of_nodes().await.one
}

async fn typing() -> Arc<dyn TypingRegistry> {
    typing_of_nodes().await.one
}

async fn limits() -> Pair<Arc<dyn RateLimiter>> {
    // A long timeout: a busy machine is not a slow Redis.
    let settings =
        RedisSettings { command_timeout: Duration::from_secs(10), ..settings(RedisServer::shared(), &prefix()) };
    let both = [connect(settings.clone()).await, connect(settings).await];
    let [one, other] = both.map(|redis| RedisRateLimiter::new(&redis, Arc::new(SystemClock)));
    Pair::new(Arc::new(one), Arc::new(other), ())
}

chat_testkit::nodes_contract!(buses, presence_of_nodes, typing_of_nodes, limits);
chat_testkit::realtime_contract!(presence, typing);
