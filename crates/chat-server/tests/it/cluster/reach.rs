//! What happens on one node reaches the others.

use super::{cluster, turn};
use crate::metrics::{documented, names, watched};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// The longest time that the contract allows for a sign-out or a removal to reach every node.
const A_SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_ends_sockets_and_tokens_on_every_node_within_a_second() {
    let _turn = turn().await;
    let cluster = cluster(3, &[]).await;
    let ann = cluster.node(0).register("ann").await;
    let phone = ann.sign_in().await;
    let mut sockets = Vec::new();
    for node in 0..3 {
        sockets.push(cluster.node(node).connect(&phone).await);
    }
    let mut at_desk = cluster.node(1).connect(&ann).await;
    phone.rest.post("/auth/logout", &json!({})).await.data(200);
    let before = Instant::now();
    for socket in &mut sockets {
        assert_eq!(socket.closed().await.code, 4003);
    }
    assert!(before.elapsed() < A_SECOND, "{:?}", before.elapsed());
    for node in 0..3 {
        let elsewhere = phone.at(&cluster.node(node).rest());
        elsewhere.rest.get("/users/me").await.assert_failure(401, "SESSION_REVOKED");
    }
    at_desk.ask("presence:get", json!({"userId": ann.id})).await;
    cluster.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_ends_delivery_on_every_node_within_a_second() {
    let _turn = turn().await;
    let cluster = cluster(3, &[]).await;
    let (ann, ben) = (cluster.node(0).register("ann").await, cluster.node(1).register("ben").await);
    let group = ann.group_with("Hikers", &[&ben]).await;
    let mut at_ann = cluster.node(2).connect(&ann).await;
    let mut at_ben = Vec::new();
    for node in 0..3 {
        at_ben.push(cluster.node(node).connect(&ben).await);
    }
    let before = Instant::now();
    ann.rest.delete(&format!("/conversations/{group}/participants/{}", ben.id)).await.data(200);
    for socket in &mut at_ben {
        let removed = socket.event("participant:removed").await;
        assert_eq!((&removed["conversationId"], &removed["userId"]), (&json!(group), &json!(ben.id)));
    }
    assert!(before.elapsed() < A_SECOND, "{:?}", before.elapsed());
    ann.say(&group, "without ben").await;
    at_ann.event("message:received").await;
    let other = ann.direct_with(&ben).await;
    ann.say(&other, "only for ben").await;
    for socket in &mut at_ben {
        // A later message through the same node: events of the group would have arrived before it.
        socket.event_where("message:received", |message| message["content"] == "only for ben").await;
        assert!(socket.seen("message:received").await.is_empty());
    }
    cluster.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_on_another_node_does_not_learn_who_is_online() {
    let _turn = turn().await;
    let cluster = cluster(2, &[]).await;
    crate::consent::a_stranger_learns_nothing(cluster.node(0), cluster.node(1)).await;
    cluster.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_receipts_and_presence_reach_the_other_nodes() {
    let _turn = turn().await;
    let cluster = cluster(2, &[]).await;
    let (ann, ben) = (cluster.node(0).register("ann").await, cluster.node(0).register("ben").await);
    let conversation = ann.talk_with(&ben).await;
    let mut at_ann = cluster.node(0).connect(&ann).await;
    let mut at_ben = cluster.node(1).connect(&ben).await;
    at_ann.event_where("user:online", |user| user["userId"] == ben.id.as_str()).await;
    at_ann.ask("conversation:join", json!({"conversationId": conversation})).await;
    at_ben.ask("conversation:join", json!({"conversationId": conversation})).await;
    at_ben.ask("typing:start", json!({"conversationId": conversation})).await;
    assert_eq!(at_ann.event("typing:update").await["isTyping"], true);
    let said = at_ben.ask("message:send", json!({"conversationId": conversation, "content": "hello"})).await;
    assert_eq!(at_ann.event("message:received").await["id"], said["id"]);
    assert_eq!(at_ann.event("typing:update").await["isTyping"], false);
    at_ann.ask("message:read", json!({"conversationId": conversation, "seq": 3})).await;
    let read = at_ben.event_where("message:status", |status| status["userId"] == ann.id.as_str()).await;
    assert_eq!(read["readSeq"], 3);
    at_ben.ask("presence:update", json!({"status": "busy"})).await;
    at_ann.event_where("user:online", |user| user["status"] == "busy").await;
    assert_eq!(at_ann.ask("presence:get", json!({"userId": ben.id})).await["status"], "busy");
    at_ben.close().await;
    at_ann.event_where("user:offline", |user| user["userId"] == ben.id.as_str()).await;
    cluster.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_a_node_that_was_killed_are_offline_when_its_lease_ends_and_told_of_once() {
    let _turn = turn().await;
    let mut cluster = cluster(3, &[("PRESENCE_LEASE", "2s")]).await;
    let (ann, ben) = (cluster.node(0).register("ann").await, cluster.node(0).register("ben").await);
    let cat = cluster.node(0).register("cat").await;
    ann.group_with("Hikers", &[&ben, &cat]).await;
    let mut at_ann = cluster.node(2).connect(&ann).await;
    let _at_ben = cluster.node(1).connect(&ben).await;
    let _one_of_cat = cluster.node(1).connect(&cat).await;
    let _other_of_cat = cluster.node(2).connect(&cat).await;
    for person in [&ben, &cat] {
        at_ann.event_where("user:online", |user| user["userId"] == person.id.as_str()).await;
    }
    cluster.kill(1).await;
    let offline = at_ann.event("user:offline").await;
    assert_eq!(offline["userId"], ben.id, "cat has another connection");
    assert!(offline["lastSeen"].is_string());
    let profile = ann.at(&cluster.node(2).rest()).rest.get(&format!("/users/{}", ben.id)).await.data(200);
    assert_eq!((&profile["isOnline"], profile["lastSeen"].is_string()), (&json!(false), true));
    // Events about an expired lease arrive within one more renewal. A later change of status bounds the wait.
    ann.at(&cluster.node(0).rest()).direct_with(&cat).await;
    at_ann.event("conversation:created").await;
    assert!(at_ann.seen("user:offline").await.is_empty(), "only one node announces it");
    assert_eq!(at_ann.ask("presence:get", json!({"userId": cat.id})).await["isOnline"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stops_hands_its_clients_over_without_a_loss() {
    let _turn = turn().await;
    let mut cluster = cluster(2, &[]).await;
    let (ann, ben) = (cluster.node(0).register("ann").await, cluster.node(0).register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    let mut at_ben = cluster.node(1).connect(&ben).await;
    ann.say(&conversation, "before").await;
    let last = at_ben.event("message:received").await["pos"].clone();
    let mut leaving = cluster.take(1);
    leaving.terminate();
    assert_eq!(at_ben.closed().await.code, 4012);
    let missed = ann.say(&conversation, "between").await;
    let url = cluster.node(0).socket_url();
    let resume = json!({conversation.as_str(): last});
    let resumed = chat_blackbox::Socket::try_resume(&url, &ben.access_token, &resume).await;
    let mut at_ben = resumed.expect("an upgrade on the other node");
    assert_eq!(at_ben.event("message:received").await["id"], missed["id"]);
    at_ben.event("resumed").await;
    assert!(leaving.ended().await.success());
    leaving.assert_untroubled();
    cluster.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_show_every_metric_that_the_guide_names() {
    let _turn = turn().await;
    let cluster = cluster(1, &[]).await;
    let (node, admin) = watched(cluster.setup()).await;
    let ann = node.register("ann").await;
    let ben = cluster.node(0).register("ben").await;
    let conversation = ann.direct_with(&ben).await;
    let mut at_ann = node.connect(&ann).await;
    ben.say(&conversation, "from the other node").await;
    at_ann.event("message:received").await;
    let page = admin.get("~/metrics").await.body;
    let page = page.as_str().expect("text");
    // A node with an embedded database also shows the metrics of `SQLite`.
    let (_embedded, its_admin) = watched(crate::setup()).await;
    let its_page = its_admin.get("~/metrics").await.body;
    let embedded = names(its_page.as_str().expect("text"));
    let embedded = embedded.into_iter().filter(|name| name.starts_with("chat_sqlite_"));
    assert_eq!(names(page).into_iter().chain(embedded).collect::<BTreeSet<_>>(), documented());
    for alive in ["chat_redis_connected 1", "chat_bus_subscribed 1", "chat_ready 1"] {
        assert!(page.lines().any(|line| line == alive), "{alive} is not in {page}");
    }
    let delivered = page.lines().find_map(|line| line.strip_prefix(r#"chat_bus_packets_total{outcome="delivered"} "#));
    assert!(delivered.and_then(|count| count.parse::<u64>().ok()) >= Some(1), "{page}");
    node.assert_untroubled();
}
