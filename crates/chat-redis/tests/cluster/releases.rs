use crate::support::{Present, prefix, settings};
use chat_domain::changes::{ChangeTag, WritableKinds as _};
use chat_domain::presence::PresenceUpkeep as _;
use chat_protocol::node::Form;
use chat_redis::{Knowledge, Releases};
use chat_testkit::nodes::eventually;
use chat_testkit::servers::{RedisOptions, RedisServer};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A kind that this release treats as new, known by the node or not.
fn releases(knows_updated: bool) -> Arc<Releases> {
    let mut own = Knowledge::of_this_release();
    if !knows_updated {
        own.kinds.remove(&ChangeTag::UPDATED);
    }
    let unasked: BTreeSet<_> =
        ChangeTag::BASELINE.iter().filter(|kind| **kind != ChangeTag::UPDATED).cloned().collect();
    Arc::new(Releases::new(own, unasked))
}

fn may_update(releases: &Releases) -> bool {
    releases.may_write(&ChangeTag::UPDATED)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_learn_from_leases_what_every_live_node_knows() {
    let settings = settings(RedisServer::shared(), &prefix());
    let (one, other, less) = (releases(true), releases(true), releases(false));
    let _one = Present::of_release(settings.clone(), 1, one.clone()).await;
    let _other = Present::of_release(settings.clone(), 2, other.clone()).await;
    eventually("both know of each other", async || may_update(&one) && may_update(&other)).await;
    assert_eq!(one.shared(), Knowledge::of_this_release());
    let leaving = Present::of_release(settings.clone(), 3, less.clone()).await;
    eventually("all know of the third", async || !may_update(&one) && !may_update(&other) && !may_update(&less)).await;
    assert!(one.may_write(&ChangeTag::CREATED), "nobody is asked about this one");
    leaving.pause();
    leaving.presence.retire().await;
    eventually("it is gone", async || may_update(&one) && may_update(&other)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_the_previous_release_counts_until_it_is_taken_for_dead() {
    let (server, prefix) = (RedisServer::shared(), prefix());
    let settings = settings(server, &prefix);
    // Such a node writes its lease, and nothing of what it knows.
    let lease = settings.presence_lease.as_millis();
    let renew = format!(
        "EVAL \"local t = redis.call('TIME') redis.call('ZADD', KEYS[1], t[1] * 1000 + {lease}, 'old')\" 1 \
         {prefix}:{{presence}}:leases"
    );
    server.ask(&renew);
    let releases = Arc::<Releases>::default();
    let _node = Present::of_release(settings, 1, releases.clone()).await;
    eventually("its form is written", async || server.ask(&format!("HLEN {prefix}:{{presence}}:releases")) == ":1\r\n")
        .await;
    assert_eq!(releases.shared(), Knowledge::baseline());
    eventually("it is taken for dead", async || releases.shared().form == Form::NEWEST).await;
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
    assert!(!may_update(&whole), "the other may only be late");
    eventually("it has been silent for a whole lease", async || may_update(&whole)).await;
}
