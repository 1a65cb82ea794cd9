use crate::support::{Present, connect, node, prefix, settings};
use chat_domain::changes::{ChangeTag, Feature, WritableFeatures as _};
use chat_domain::presence::PresenceUpkeep as _;
use chat_protocol::node::Form;
use chat_redis::{Knowledge, Redis, RedisPresence, Releases};
use chat_testkit::nodes::eventually;
use chat_testkit::servers::{RedisOptions, RedisServer};
use std::sync::Arc;
use std::time::Instant;

/// What a node knows. `updated` counts as a new kind, which the node knows or not.
fn releases(knows_updated: bool) -> Arc<Releases> {
    let mut own = Knowledge::of_this_release();
    if !knows_updated {
        own.features.remove(&updated());
    }
    Arc::new(Releases::new(own, Feature::baseline().filter(|feature| *feature != updated()).collect()))
}

fn updated() -> Feature {
    ChangeTag::UPDATED.into()
}

fn may_update(releases: &Releases) -> bool {
    releases.may_write(&updated())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_learn_from_leases_what_every_live_node_knows() {
    let settings = settings(RedisServer::shared(), &prefix());
    let (one, other, less) = (releases(true), releases(true), releases(false));
    let _one = Present::of_release(settings.clone(), 1, one.clone()).await;
    let _other = Present::of_release(settings.clone(), 2, other.clone()).await;
    eventually("both have read the other's lease", async || may_update(&one) && may_update(&other)).await;
    assert_eq!(one.shared(), Knowledge::of_this_release());
    let leaving = Present::of_release(settings.clone(), 3, less.clone()).await;
    eventually("all have read the third lease", async || {
        !may_update(&one) && !may_update(&other) && !may_update(&less)
    })
    .await;
    assert!(one.may_write(&ChangeTag::CREATED.into()), "this kind needs no other node");
    leaving.pause();
    leaving.presence.retire().await;
    eventually("the third node is gone", async || may_update(&one) && may_update(&other)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_the_previous_release_counts_until_it_is_taken_for_dead() {
    let (server, prefix) = (RedisServer::shared(), prefix());
    let settings = settings(server, &prefix);
    // A node of the previous release writes its lease, but not what it knows.
    let lease = settings.presence_lease.as_millis();
    let renew = format!(
        "EVAL \"local t = redis.call('TIME') redis.call('ZADD', KEYS[1], t[1] * 1000 + {lease}, 'old')\" 1 \
         {prefix}:{{presence}}:leases"
    );
    server.ask(&renew);
    let releases = Arc::<Releases>::default();
    let _node = Present::of_release(settings, 1, releases.clone()).await;
    eventually("its knowledge is written", async || {
        server.ask(&format!("HLEN {prefix}:{{presence}}:releases")) == ":1\r\n"
    })
    .await;
    assert_eq!(releases.shared(), Knowledge::baseline());
    eventually("it counts as dead", async || releases.shared().form == Form::NEWEST).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emptied_redis_does_not_hide_a_node_that_lives() {
    let server = RedisServer::start_with(RedisOptions::default());
    let settings = settings(&server, "chat");
    let (whole, less) = (releases(true), releases(false));
    let one = Present::of_release(settings.clone(), 1, whole.clone()).await;
    let other = Present::of_release(settings, 2, less).await;
    eventually("both are kept up", async || server.ask("HLEN chat:{presence}:releases") == ":2\r\n").await;
    one.presence.keep_up().await;
    other.pause();
    server.ask("FLUSHALL");
    one.presence.keep_up().await;
    assert!(!may_update(&whole), "the other node may only be late");
    eventually("it has been silent for a whole lease", async || may_update(&whole)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_on_an_emptied_redis_wait_for_those_that_live() {
    let server = RedisServer::start_with(RedisOptions::default());
    let settings = settings(&server, "chat");
    let mut older = Present::of_release(settings.clone(), 1, releases(false)).await;
    eventually("it has a lease", async || server.ask("HLEN chat:{presence}:releases") == ":1\r\n").await;
    older.pause();
    server.ask("FLUSHALL");
    let (one, other) = (releases(true), releases(true));
    let first = Present::of_release(settings.clone(), 2, one.clone()).await;
    first.presence.keep_up().await;
    assert!(!may_update(&one), "the first node on this data set");
    let second = Present::of_release(settings, 3, other.clone()).await;
    second.presence.keep_up().await;
    assert!(!may_update(&other), "it did not make the data set, and cannot know the older node either");
    older.go_on();
    eventually("a lease is over", async || server.ask("EXISTS chat:{presence}:young") == ":0\r\n").await;
    first.presence.keep_up().await;
    second.presence.keep_up().await;
    assert!(!may_update(&one) && !may_update(&other), "the older node has renewed its lease");
    older.pause();
    older.presence.retire().await;
    eventually("it is gone", async || may_update(&one) && may_update(&other)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_restored_to_an_earlier_state_does_not_hide_a_node_that_lives() {
    let server = RedisServer::start_with(RedisOptions::default());
    let settings = settings(&server, "chat");
    let mut older = Present::of_release(settings.clone(), 1, releases(false)).await;
    eventually("it has a lease", async || server.ask("HLEN chat:{presence}:releases") == ":1\r\n").await;
    eventually("a lease is over", async || server.ask("EXISTS chat:{presence}:young") == ":0\r\n").await;
    older.pause();
    // The state of before the older node started: the data set is old, and has no lease.
    server.ask("DEL chat:{presence}:leases chat:{presence}:releases");
    let whole = releases(true);
    let redis = connect(settings).await;
    let started = RedisPresence::of_release(&redis, node(2), whole.clone());
    started.keep_up().await;
    assert!(!may_update(&whole), "the older node may not have renewed its lease yet");
    older.go_on();
    eventually("the older node has renewed its lease", async || {
        server.ask("HLEN chat:{presence}:releases") == ":2\r\n"
    })
    .await;
    started.keep_up().await;
    assert!(!may_update(&whole), "the older node lives");
    older.pause();
    older.presence.retire().await;
    eventually("the older node is gone", async || {
        started.keep_up().await;
        may_update(&whole)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_connects_before_the_renewal_does_not_hide_that_redis_was_emptied() {
    let server = RedisServer::start_with(RedisOptions::default());
    let settings = settings(&server, "chat");
    let whole = releases(true);
    let one = Present::of_release(settings.clone(), 1, whole.clone()).await;
    let other = Present::of_release(settings.clone(), 2, releases(false)).await;
    let until = Instant::now() + settings.presence_lease;
    eventually("a lease is over", async || Instant::now() > until).await;
    one.presence.keep_up().await;
    assert!(!may_update(&whole));
    one.pause();
    other.pause();
    server.ask("FLUSHALL");
    one.connect(1, 1).await;
    one.presence.keep_up().await;
    assert!(!may_update(&whole), "the other node lives");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_started_without_redis_waits_a_lease_for_the_others() {
    let server = RedisServer::start_with(RedisOptions { append_only: true, ..RedisOptions::default() });
    let settings = settings(&server, "chat");
    let earlier = Present::start(settings.clone(), 1).await;
    eventually("it has a lease", async || server.ask("HLEN chat:{presence}:releases") == ":1\r\n").await;
    eventually("a lease is over", async || server.ask("EXISTS chat:{presence}:young") == ":0\r\n").await;
    drop(earlier);
    server.kill9();
    let whole = releases(true);
    let redis = Redis::open(settings).expect("an address");
    let presence = RedisPresence::of_release(&redis, node(2), whole.clone());
    presence.keep_up().await;
    server.resume();
    redis.connected().await;
    presence.keep_up().await;
    assert!(!may_update(&whole), "others may have been without Redis too");
    eventually("a lease is over", async || {
        presence.keep_up().await;
        may_update(&whole)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_a_connecting_user_brings_back_says_what_the_node_knows() {
    let (server, prefix) = (RedisServer::shared(), prefix());
    let settings = settings(server, &prefix);
    let known = releases(true);
    let one = Present::start(settings.clone(), 1).await;
    let other = Present::of_release(settings, 2, known.clone()).await;
    one.connect(1, 1).await;
    one.pause();
    eventually("it is forgotten", async || server.ask(&format!("HLEN {prefix}:{{presence}}:releases")) == ":1\r\n")
        .await;
    one.connect(2, 2).await;
    assert_eq!(server.ask(&format!("ZCARD {prefix}:{{presence}}:leases")), ":2\r\n");
    other.presence.keep_up().await;
    assert_eq!(known.shared(), Knowledge::of_this_release());
}
