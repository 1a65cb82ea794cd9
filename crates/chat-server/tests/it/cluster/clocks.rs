//! Nodes whose clocks differ: behaviour must not depend on a node's own clock.

use super::run::{Progress, Run, messages};
use super::turn;
use chat_blackbox::Person;
use chat_blackbox::cluster::Cluster;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Clock offsets of the nodes in seconds: one correct, one five minutes behind, one five minutes ahead.
const CLOCKS: [i64; 3] = [0, -300, 300];

/// The contract allows a second for a sign-out to reach every node. One more second is for a machine that runs other
/// tests.
const SOON: Duration = Duration::from_secs(2);

async fn skewed(settings: &[(&str, &str)]) -> Cluster {
    Cluster::start_with_clocks(env!("CARGO_BIN_EXE_chat-server"), &CLOCKS, settings).await
}

/// The same person as a client of this node.
fn on(cluster: &Cluster, node: usize, person: &Person) -> Person {
    person.at(&cluster.node(node).rest())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_on_a_node_whose_clock_is_off_reaches_every_node() {
    let _turn = turn().await;
    let cluster = skewed(&[]).await;
    for node in 0..CLOCKS.len() {
        let ann = cluster.node(node).register("ann").await;
        let mut sockets = Vec::new();
        for other in 0..CLOCKS.len() {
            sockets.push(cluster.node(other).connect(&ann).await);
        }
        let before = Instant::now();
        ann.rest.post("/auth/logout-all", &json!({})).await.data(200);
        for (other, socket) in sockets.iter_mut().enumerate() {
            assert_eq!(socket.closed().await.code, 4003, "signed out at {node}, connected to {other}");
        }
        assert!(before.elapsed() < SOON, "signed out at {node}: {:?}", before.elapsed());
        for other in 0..CLOCKS.len() {
            on(&cluster, other, &ann).rest.get("/users/me").await.assert_failure(401, "SESSION_REVOKED");
        }
    }
    cluster.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_every_node_are_good_on_every_other_for_as_long_as_they_say() {
    let _turn = turn().await;
    // The lifetime is shorter than the difference of the clocks.
    let cluster = skewed(&[("JWT_EXPIRATION", "2m")]).await;
    for node in 0..CLOCKS.len() {
        let ann = cluster.node(node).register("ann").await;
        let refresh = json!({"refreshToken": ann.refresh_token});
        let mut renewed = Vec::new();
        for other in 0..CLOCKS.len() {
            let elsewhere = on(&cluster, other, &ann);
            assert_eq!(elsewhere.rest.get("/users/me").await.data(200)["id"], ann.id.as_str(), "{node} at {other}");
            let mut socket = cluster.node(other).connect(&ann).await;
            socket.ask("presence:get", json!({"userId": ann.id})).await;
            // A repeated refresh on another node is within the grace period, whatever that node's own clock says.
            renewed.push(elsewhere.rest.post("/auth/refresh", &refresh).await.data(200)["refreshToken"].clone());
        }
        assert!(renewed.windows(2).all(|pair| pair[0] == pair[1]), "{renewed:?}");
    }
    cluster.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_added_by_a_node_whose_clock_is_off_is_told_without_redis_too() {
    let _turn = turn().await;
    let cluster = skewed(&[("TAIL_CHECK_INTERVAL", "1s")]).await;
    let ann = cluster.node(0).register("ann").await;
    let mut others = Vec::new();
    for node in 0..CLOCKS.len() {
        let ben = cluster.node(node).register("ben").await;
        let socket = cluster.node(node).connect(&ben).await;
        others.push((ben, socket));
    }
    tokio::task::block_in_place(|| cluster.redis.stop());
    for by in 0..CLOCKS.len() {
        for (ben, socket) in &mut others {
            let group = on(&cluster, by, &ann).group_with("Hikers", &[ben]).await;
            socket.event_where("conversation:created", |made| made["conversation"]["id"] == group.as_str()).await;
            on(&cluster, by, &ann).say(&group, "welcome").await;
            socket.event_where("message:received", |said| said["conversationId"] == group.as_str()).await;
        }
    }
    cluster.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_nodes_whose_clocks_differ_are_dated_in_their_order_and_about_now() {
    let _turn = turn().await;
    let cluster = skewed(&[]).await;
    let (ann, ben) = (cluster.node(0).register("ann").await, cluster.node(0).register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    for number in 0..12 {
        on(&cluster, [0, 1, 2, 0, 2, 1][number % 6], &ann).say(&conversation, "what time is it?").await;
    }
    let history = ann.history(&conversation).await;
    let times: Vec<_> = history.iter().filter_map(|message| message["createdAt"].as_str()).collect();
    assert_eq!(times.len(), 12);
    assert!(times.is_sorted(), "{times:?}");
    let apart = cluster.postgres.psql(
        cluster.database(),
        "SELECT max(abs(extract(epoch FROM clock_timestamp()) - created_at / 1e6)) < 120 FROM messages",
    );
    assert_eq!(apart, "t", "every node uses the clock of the database");
    cluster.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_on_nodes_whose_clocks_differ_lasts_as_long_as_elsewhere() {
    let _turn = turn().await;
    let cluster = skewed(&[("TYPING_TIMEOUT", "2s")]).await;
    let (ann, ben) = (cluster.node(1).register("ann").await, cluster.node(2).register("ben").await);
    let conversation = ann.talk_with(&ben.at(&cluster.node(1).rest())).await;
    let mut at_ann = cluster.node(1).connect(&ann).await;
    let mut at_ben = cluster.node(2).connect(&ben).await;
    for socket in [&mut at_ann, &mut at_ben] {
        socket.ask("conversation:join", json!({"conversationId": conversation})).await;
    }
    for is_ann in [true, false] {
        let (typist, reader) = if is_ann { (&mut at_ann, &mut at_ben) } else { (&mut at_ben, &mut at_ann) };
        let began = Instant::now();
        typist.ask("typing:start", json!({"conversationId": conversation})).await;
        assert_eq!(reader.event("typing:update").await["isTyping"], true);
        assert_eq!(reader.event("typing:update").await["isTyping"], false);
        let lasted = began.elapsed();
        assert!(lasted > Duration::from_millis(1_900) && lasted < Duration::from_secs(10), "{lasted:?}");
    }
    cluster.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_member_on_nodes_whose_clocks_differ_is_shown_the_whole_history_once_and_in_order() {
    let _turn = turn().await;
    let cluster = skewed(&[]).await;
    let run = Run::begin(&cluster).await;
    let acked = run.send(messages(), &Arc::new(Progress::default())).await;
    run.judge(&acked).await;
    cluster.assert_untroubled();
}
