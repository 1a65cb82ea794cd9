use crate::support::{SystemClock, connect, prefix, settings, user};
use chat_domain::typing::TypingRegistry;
use chat_domain::{Clock, ConversationId};
use chat_redis::RedisTyping;
use chat_testkit::nodes::eventually;
use chat_testkit::servers::{RedisOptions, RedisServer};
use std::time::Duration;
use uuid::Uuid;

const PLACE: ConversationId = ConversationId::new(Uuid::from_u128(1));
const LONG: Duration = Duration::from_secs(100);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_a_node_knows_who_writes_there_and_brings_them_back() {
    let server = RedisServer::start();
    let settings = settings(&server, "chat");
    let (redis, peer) = (connect(settings.clone()).await, connect(settings).await);
    let (one, other) = (RedisTyping::new(&redis), RedisTyping::new(&peer));
    let now = SystemClock.now();
    assert!(one.start(PLACE, user(1), now.plus(LONG)).await.expect("noted"));
    server.kill9();
    eventually("the loss is noticed", async || !redis.is_connected() && !peer.is_connected()).await;
    assert!(!one.start(PLACE, user(1), now.plus(LONG)).await.expect("noted"), "known already");
    assert!(one.start(PLACE, user(2), now.plus(LONG)).await.expect("noted"));
    assert!(one.start(PLACE, user(3), now).await.expect("noted"));
    assert_eq!(one.take_expired(now).await.expect("taken"), [(PLACE, user(3))]);
    assert!(one.stop(PLACE, user(2)).await.expect("forgotten"));

    server.resume();
    redis.connected().await;
    peer.connected().await;
    assert!(one.take_expired(now).await.expect("taken").is_empty());
    assert!(!other.stop(PLACE, user(2)).await.expect("forgotten"), "stopped meanwhile");
    assert!(other.stop(PLACE, user(1)).await.expect("forgotten"), "the entry was written again to an empty Redis");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn very_many_expire_in_one_call() {
    let redis = connect(settings(RedisServer::shared(), &prefix())).await;
    let typing = RedisTyping::new(&redis);
    let now = SystemClock.now();
    for number in 0..2_500 {
        typing.start(PLACE, user(number), now).await.expect("noted");
    }
    assert_eq!(typing.take_expired(now).await.expect("taken").len(), 2_500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_asks_for_a_password_gets_it() {
    let options = RedisOptions { password: Some("hunter22".to_owned()), ..RedisOptions::default() };
    let server = RedisServer::start_with(options);
    let settings = settings(&server, "chat");
    assert!(!format!("{settings:?}").contains("hunter22"));
    let redis = connect(settings).await;
    assert!(!format!("{redis:?}").contains("hunter22"));
    assert!(RedisTyping::new(&redis).start(PLACE, user(1), SystemClock.now()).await.expect("noted"));
}
