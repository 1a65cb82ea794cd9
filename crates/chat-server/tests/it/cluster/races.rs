//! The same request, sent two hundred times at once through three nodes, takes effect once.

use super::{cluster, turn};
use chat_blackbox::Person;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio::task::JoinSet;

const RACERS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_racing_creations_of_a_pair_s_conversation_make_one() {
    let _turn = turn().await;
    let cluster = cluster(3, &[]).await;
    let (ann, ben) = (cluster.node(0).register("ann").await, cluster.node(1).register("ben").await);
    let mut racers = JoinSet::new();
    for number in 0..RACERS {
        let (one, other) = if number % 2 == 0 { (&ann, &ben) } else { (&ben, &ann) };
        let (one, other) = (one.at(&cluster.node(number % 3).rest()), other.clone());
        racers.spawn(async move { one.direct_with(&other).await });
    }
    let ids: BTreeSet<String> = racers.join_all().await.into_iter().collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    for person in [&ann, &ben] {
        let list = person.rest.get("/conversations").await.data(200);
        assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    }
    cluster.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_racing_sends_of_one_key_make_one_message() {
    let _turn = turn().await;
    let cluster = cluster(3, &[]).await;
    let (ann, ben) = (cluster.node(0).register("ann").await, cluster.node(1).register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    let mut at_ben = cluster.node(2).connect(&ben).await;
    let mut racers = JoinSet::new();
    for number in 0..RACERS {
        let (ann, conversation) = (ann.at(&cluster.node(number % 3).rest()), conversation.clone());
        racers.spawn(async move { send_once(&ann, &conversation).await });
    }
    let answers = racers.join_all().await;
    let ids: BTreeSet<String> = answers.iter().map(|(_, message)| message["id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let fresh = answers.iter().filter(|(status, message)| *status == 201 && message["duplicate"].is_null()).count();
    assert_eq!(fresh, 1, "exactly one of them was new");
    assert_eq!(ann.history(&conversation).await.len(), 1);
    ann.say(&conversation, "afterwards").await;
    at_ben.event_where("message:received", |message| message["content"] == "afterwards").await;
    assert_eq!(at_ben.seen("message:received").await.len(), 1, "the message came once");
    cluster.assert_untroubled();
}

async fn send_once(person: &Person, conversation: &str) -> (u16, Value) {
    let reply = person.send(conversation, &json!({"content": "once", "clientMessageId": "the-key"})).await;
    let status = reply.status;
    (status, reply.data(status))
}
