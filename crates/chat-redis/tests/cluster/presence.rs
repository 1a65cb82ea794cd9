use crate::support::{Present, connection, prefix, settings, user};
use chat_domain::UserId;
use chat_domain::presence::PresenceStatus::{Away, Busy, Offline, Online};
use chat_domain::presence::{PresenceRegistry, PresenceUpkeep};
use chat_redis::RedisSettings;
use chat_testkit::nodes::eventually;
use chat_testkit::servers::{RedisOptions, RedisServer};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// More users than one upkeep takes over.
const CROWD: u128 = 2_300;

fn once(users: impl IntoIterator<Item = u128>) -> BTreeMap<UserId, usize> {
    users.into_iter().map(|number| (user(number), 1)).collect()
}

fn sum(nodes: &[&Present]) -> BTreeMap<UserId, usize> {
    let mut sum = BTreeMap::new();
    for (user, times) in nodes.iter().flat_map(|node| node.told()) {
        *sum.entry(user).or_default() += times;
    }
    sum
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_users_of_a_node_that_died_are_told_of_once_by_all_peers_together() {
    let settings = settings(RedisServer::shared(), &prefix());
    let [dying, one, other] = [
        Present::start(settings.clone(), 1).await,
        Present::start(settings.clone(), 2).await,
        Present::start(settings.clone(), 3).await,
    ];
    for number in 0..CROWD {
        dying.connect(number, number).await;
    }
    one.connect(0, 90_001).await;
    other.connect(1, 90_002).await;
    other.connect(90_000, 90_003).await;
    let died = Instant::now();
    drop(dying);
    eventually("its users are reported", async || sum(&[&one, &other]).len() >= (CROWD - 2) as usize).await;
    assert!(died.elapsed() < settings.presence_lease * 2, "gone within a minute at the default lease of 30 s");
    assert_eq!(one.online().await, [user(0), user(1), user(90_000)], "a user with a connection elsewhere stays online");
    // A user taken over twice would show in the next upkeep.
    one.presence.keep_up().await;
    assert_eq!(sum(&[&one, &other]), once(2..CROWD));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_lives_keeps_its_users() {
    let settings = settings(RedisServer::shared(), &prefix());
    let (one, other) = (Present::start(settings.clone(), 1).await, Present::start(settings.clone(), 2).await);
    one.connect(1, 1).await;
    let until = Instant::now() + settings.presence_lease * 3;
    eventually("three leases have passed", async || {
        assert_eq!(other.status(1).await, Online);
        Instant::now() > until
    })
    .await;
    assert!(sum(&[&one, &other]).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_retires_leaves_nobody_behind() {
    let settings = settings(RedisServer::shared(), &prefix());
    let (one, other) = (Present::start(settings.clone(), 1).await, Present::start(settings, 2).await);
    for number in 0..CROWD {
        one.connect(number, number).await;
    }
    other.connect(0, 90_000).await;
    one.pause();
    assert_eq!(one.presence.retire().await.len(), (CROWD - 1) as usize);
    assert_eq!(other.online().await, [user(0)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_taken_for_dead_writes_itself_anew_and_its_users_are_told_of_again() {
    let settings = settings(RedisServer::shared(), &prefix());
    let (mut one, other) = (Present::start(settings.clone(), 1).await, Present::start(settings, 2).await);
    one.connect(1, 1).await;
    one.connect(2, 2).await;
    one.choose(2, Busy).await;
    one.pause();
    eventually("it counts as dead", async || other.told() == once([1, 2])).await;
    assert_eq!(other.status(1).await, Offline);
    one.go_on();
    eventually("its users are reported again", async || one.told() == once([1, 2])).await;
    assert_eq!((other.status(1).await, other.status(2).await), (Online, Busy));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_on_a_node_that_was_taken_for_dead_brings_it_back_at_once() {
    let settings = RedisSettings { ..settings(RedisServer::shared(), &prefix()) };
    let (mut one, other) = (Present::start(settings.clone(), 1).await, Present::start(settings, 2).await);
    one.connect(1, 1).await;
    one.pause();
    eventually("it counts as dead", async || other.told() == once([1])).await;
    assert_eq!(one.connect(2, 2).await, Some(Online));
    assert_eq!(other.status(2).await, Online);
    one.go_on();
    eventually("the others are back too", async || other.status(1).await == Online).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emptied_redis_is_filled_again_and_nobody_hears_of_it() {
    let server = RedisServer::start();
    let settings = settings(&server, "chat");
    let (one, other) = (Present::start(settings.clone(), 1).await, Present::start(settings.clone(), 2).await);
    one.connect(1, 1).await;
    one.choose(1, Away).await;
    other.connect(2, 2).await;
    // Both have now recorded the data set into which they are written.
    eventually("both are kept up", async || server.ask("ZCARD chat:{presence}:leases") == ":2\r\n").await;
    one.presence.keep_up().await;
    other.presence.keep_up().await;
    server.ask("FLUSHALL");
    assert_eq!(one.status(1).await, Away, "a user connected here is never offline");
    eventually("both are back", async || other.status(1).await == Away && one.status(2).await == Online).await;
    assert!(sum(&[&one, &other]).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_without_redis_is_told_when_it_is_back() {
    for append_only in [false, true] {
        let server = RedisServer::start_with(RedisOptions { append_only, ..RedisOptions::default() });
        let settings = settings(&server, "chat");
        let (one, other) = (Present::start(settings.clone(), 1).await, Present::start(settings, 2).await);
        for number in 1..=3 {
            one.connect(number, number).await;
        }
        other.connect(9, 9).await;
        other.connect(3, 8).await;
        one.presence.keep_up().await;
        other.presence.keep_up().await;
        server.kill9();
        eventually("the loss is noticed", async || !one.redis.is_connected() && !other.redis.is_connected()).await;
        assert_eq!((one.status(1).await, one.status(9).await), (Online, Offline), "a node knows its own users");
        assert!(one.disconnect(1, 1).await, "offline, as far as this node knows");
        assert_eq!(one.connect(4, 4).await, Some(Online));
        assert!(one.choose(2, Busy).await);
        assert!(one.disconnect(3, 3).await);

        server.resume();
        eventually("the others know", async || other.status(4).await == Online && other.status(2).await == Busy).await;
        eventually("no user is left behind", async || other.status(1).await == Offline).await;
        eventually("both are back", async || one.online().await == [2, 3, 4, 9].map(user)).await;
        eventually("their changes are reported", async || one.told() == once([1, 2, 3, 4])).await;
        assert_eq!(one.status(3).await, Online, "a user with a connection elsewhere is online");
        assert!(other.told().is_empty(), "the other node reports nothing: {:?}", other.told());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_redis_was_away_for_long_no_node_is_taken_for_dead() {
    let server = RedisServer::start_with(RedisOptions { append_only: true, ..RedisOptions::default() });
    let settings = RedisSettings { presence_lease: Duration::from_millis(600), ..settings(&server, "chat") };
    let (one, other) = (Present::start(settings.clone(), 1).await, Present::start(settings.clone(), 2).await);
    one.connect(1, 1).await;
    other.connect(2, 2).await;
    server.kill9();
    let until = Instant::now() + settings.presence_lease * 2;
    eventually("the leases have expired", async || Instant::now() > until).await;
    server.resume();
    one.redis.connected().await;
    other.redis.connected().await;
    eventually("both have renewed", async || one.status(2).await == Online && other.status(1).await == Online).await;
    assert!(sum(&[&one, &other]).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_gives_up_in_the_middle_leaves_no_false_trace() {
    let settings = settings(RedisServer::shared(), &prefix());
    let (one, other) = (Present::start(settings.clone(), 1).await, Present::start(settings, 2).await);
    one.presence.keep_up().await;
    let mut here = Vec::new();
    for number in 0..50 {
        let connecting = one.presence.connect(user(number), connection(number));
        // Polled once: possibly sent, not answered.
        tokio::select! {
            biased;
            _ = connecting => {}
            () = std::future::ready(()) => {}
        }
        if one.status(number).await.is_online() {
            here.push(user(number));
        }
    }
    assert!(!here.is_empty());
    eventually("redis has the state of the node", async || other.online().await == here).await;
    for number in 0..50 {
        one.disconnect(number, number).await;
    }
    assert!(other.online().await.is_empty());
}
