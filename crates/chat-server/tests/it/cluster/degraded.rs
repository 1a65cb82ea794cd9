//! Behaviour while a service that a node needs is unavailable (docs/operations.md, "When a service is unavailable").

use super::{cluster, turn};
use chat_blackbox::Reply;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The longest time from the return of Redis until missed events are delivered.
const HEALED: Duration = Duration::from_secs(5);

fn blocking<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}

fn assert_unavailable(reply: &Reply) {
    reply.assert_failure(503, "UNAVAILABLE");
    assert!(!reply.header("retry-after").is_empty(), "a 503 has Retry-After");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_nodes_serve_alone_and_catch_up_when_it_is_back() {
    let _turn = turn().await;
    // With such rare checks of the database, only the return of Redis can trigger the repair.
    let cluster = cluster(2, &[("TAIL_CHECK_INTERVAL", "10m")]).await;
    let (ann, ben) = (cluster.node(0).register("ann").await, cluster.node(0).register("ben").await);
    let cat = cluster.node(0).register("cat").await;
    let (group, left) = (ann.group_with("Hikers", &[&ben, &cat]).await, ann.group_with("Left", &[&ben, &cat]).await);
    let mut at_ann = cluster.node(0).connect(&ann).await;
    let mut at_cat = cluster.node(0).connect(&cat).await;
    let mut at_ben = cluster.node(1).connect(&ben).await;
    blocking(|| cluster.redis.kill9());

    let said = at_ann.ask("message:send", json!({"conversationId": group, "content": "alone"})).await;
    assert_eq!(at_cat.event("message:received").await["id"], said["id"], "delivered on the node where it was sent");
    ann.rest.delete(&format!("/conversations/{left}/participants/{}", ben.id)).await.data(200);
    let added = ann.direct_with(&ben).await;
    ann.say(&added, "new to ben").await;
    assert_eq!(
        at_ann.ask("presence:get", json!({"userId": cat.id})).await["isOnline"],
        true,
        "presence on the same node"
    );
    assert_eq!(cluster.node(1).rest().get("~/health/ready").await.status, 200, "a node without Redis stays ready");
    assert!(at_ben.seen("message:received").await.is_empty(), "the other node cannot know yet");

    blocking(|| cluster.redis.resume());
    let before = Instant::now();
    let received = at_ben.event_where("message:received", |message| message["conversationId"] == group.as_str()).await;
    assert_eq!(received["id"], said["id"]);
    at_ben.event_where("participant:removed", |removed| removed["conversationId"] == left.as_str()).await;
    at_ben.event_where("conversation:created", |created| created["conversation"]["id"] == added.as_str()).await;
    at_ben.event_where("message:received", |message| message["conversationId"] == added.as_str()).await;
    assert!(before.elapsed() < HEALED, "{:?}", before.elapsed());
    cluster.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_for_long_the_database_tells_what_the_bus_could_not() {
    let _turn = turn().await;
    let cluster = cluster(2, &[("TAIL_CHECK_INTERVAL", "1s")]).await;
    let (ann, ben) = (cluster.node(0).register("ann").await, cluster.node(0).register("ben").await);
    let (group, left) = (ann.group_with("Hikers", &[&ben]).await, ann.group_with("Left", &[&ben]).await);
    let mut at_ben = cluster.node(1).connect(&ben).await;
    blocking(|| cluster.redis.stop());
    ann.say(&group, "one").await;
    at_ben.event_where("message:received", |message| message["content"] == "one").await;
    // No connection of ben's node takes part in the new group, so the lost event is ben's addition itself.
    let added = ann.group_with("New", &[&ben]).await;
    at_ben.event_where("conversation:created", |created| created["conversation"]["id"] == added.as_str()).await;
    ann.say(&added, "two").await;
    at_ben.event_where("message:received", |message| message["content"] == "two").await;
    ann.rest.delete(&format!("/conversations/{left}/participants/{}", ben.id)).await.data(200);
    at_ben.event_where("participant:removed", |removed| removed["conversationId"] == left.as_str()).await;
    let back = json!({"userId": ben.id});
    ann.rest.post(&format!("/conversations/{left}/participants"), &back).await.data(201);
    at_ben.event_where("participant:added", |added| added["conversationId"] == left.as_str()).await;
    ann.say(&left, "three").await;
    at_ben.event_where("message:received", |message| message["content"] == "three").await;
    cluster.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_sockets_stay_and_sends_fail_clearly_until_it_is_back() {
    let _turn = turn().await;
    let cluster = cluster(2, &[]).await;
    let (ann, ben) = (cluster.node(0).register("ann").await, cluster.node(0).register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    let mut at_ann = cluster.node(0).connect(&ann).await;
    let mut at_ben = cluster.node(1).connect(&ben).await;
    blocking(|| cluster.postgres.stop());

    let send = json!({"conversationId": conversation, "content": "in vain", "clientMessageId": "key"});
    let refused = at_ann.try_ask("message:send", send.clone()).await.expect_err("an error");
    assert_eq!(refused["code"], "UNAVAILABLE", "{refused}");
    assert_unavailable(&ann.send(&conversation, &json!({"content": "in vain", "clientMessageId": "rest"})).await);
    assert_unavailable(&ann.rest.get("/conversations").await);
    for node in [0, 1] {
        cluster.node(node).readiness(503).await;
        assert_unavailable(&cluster.node(node).rest().get("~/health/ready").await);
        assert_eq!(cluster.node(node).rest().get("~/health/live").await.status, 200);
    }
    let bearer = format!("Bearer {}", ann.access_token);
    let url = cluster.node(0).socket_url();
    let refused = chat_blackbox::Socket::open(&url, &[("authorization", &bearer)]).await.expect_err("a refusal");
    assert_eq!(refused.status, 503);

    blocking(|| cluster.postgres.resume());
    cluster.node(0).readiness(200).await;
    let stored = at_ann.ask("message:send", send).await;
    assert_eq!(stored["seq"], 1, "the failed send stored nothing: {stored}");
    assert_eq!(at_ben.event("message:received").await["id"], stored["id"], "the same sockets as before");
    let reply = ann.send(&conversation, &json!({"content": "in vain", "clientMessageId": "rest"})).await;
    assert_eq!(reply.data(201)["seq"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_postgres_breaks_no_request_after_it() {
    let _turn = turn().await;
    let cluster = cluster(1, &[]).await;
    let (ann, ben) = (cluster.node(0).register("ann").await, cluster.node(0).register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    let mut requests = JoinSet::new();
    for number in 0..20 {
        let (ann, conversation) = (ann.clone(), conversation.clone());
        requests.spawn(async move { ann.say(&conversation, &number.to_string()).await });
    }
    requests.join_all().await;
    blocking(|| {
        cluster.postgres.restart();
        cluster.postgres.kill9();
        cluster.postgres.resume();
    });
    cluster.node(0).readiness(200).await;
    let mut requests = JoinSet::new();
    for number in 0..20 {
        let (ann, conversation) = (ann.clone(), conversation.clone());
        requests.spawn(async move {
            ann.say(&conversation, &format!("again {number}")).await;
            ann.rest.get("/conversations").await.data(200)
        });
    }
    requests.join_all().await;
    assert_eq!(ann.history(&conversation).await.len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_slow_postgres_cannot_take_is_refused_soon_and_can_be_sent_again() {
    const SENDS: usize = 60;
    const ROOM: usize = 8;
    const LOCKED: &str = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted \
                          AND relation = (SELECT oid FROM pg_class WHERE relname = 'messages')";
    let _turn = turn().await;
    let settings = [
        ("DATABASE_WRITE_QUEUE", "8"),
        ("DATABASE_WRITERS", "1"),
        ("DATABASE_WAIT_TIMEOUT", "1s"),
        ("DATABASE_STATEMENT_TIMEOUT", "2s"),
    ];
    let cluster = cluster(1, &settings).await;
    let (ann, ben) = (cluster.node(0).register("ann").await, cluster.node(0).register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    let lock = "BEGIN; LOCK TABLE messages IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(4); COMMIT";
    let (database, began) = (cluster.database().to_owned(), Instant::now());
    let (sends, elapsed) = tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            let locking = scope.spawn(|| cluster.postgres.psql(&database, lock));
            let is_locked = || cluster.postgres.psql(&database, LOCKED);
            while is_locked() == "0" && began.elapsed() < chat_blackbox::DEADLINE {
                std::thread::yield_now();
            }
            let sends = tokio::runtime::Handle::current().block_on(send_at_once(&ann, &conversation, SENDS));
            let elapsed = began.elapsed();
            locking.join().expect("the lock is released");
            (sends, elapsed)
        })
    });
    let refused = sends.iter().filter(|reply| reply.status == 503).inspect(|reply| assert_unavailable(reply)).count();
    assert!(refused >= SENDS - 2 * ROOM, "{refused} of {SENDS} were refused; {ROOM} may wait");
    assert!(elapsed < Duration::from_secs(20), "{elapsed:?}");
    let again = send_at_once(&ann, &conversation, 1).await;
    assert!(matches!(again[0].status, 200 | 201), "{}", again[0].body);
    for number in 0..SENDS {
        let reply = send_one(&ann, &conversation, number).await;
        assert!(matches!(reply.status, 200 | 201), "{}", reply.body);
    }
    assert_eq!(ann.history(&conversation).await.len(), SENDS, "each is stored once");
}

async fn send_at_once(person: &chat_blackbox::Person, conversation: &str, count: usize) -> Vec<Reply> {
    let mut sends = JoinSet::new();
    for number in 0..count {
        let (person, conversation) = (person.clone(), conversation.to_owned());
        sends.spawn(async move { send_one(&person, &conversation, number).await });
    }
    sends.join_all().await
}

async fn send_one(person: &chat_blackbox::Person, conversation: &str, number: usize) -> Reply {
    let content = format!("message-{number}");
    person.send(conversation, &json!({"content": content, "clientMessageId": content})).await
}
