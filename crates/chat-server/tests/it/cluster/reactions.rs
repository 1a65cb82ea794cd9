//! Reactions to one message from two nodes at once.

use super::upgrades::{SHORT_LEASE, until};
use super::{cluster, turn};
use chat_blackbox::{Person, Socket};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How often each user reacts or takes a reaction back.
const STEPS: usize = 30;

const EMOJI: [&str; 3] = ["+1", "party", "heart"];

/// Reacts, or takes the reaction back. Refused only once the message is deleted.
async fn toggle(person: &Person, path: &str, number: usize) {
    let reaction = format!("{path}/reactions/{}", EMOJI[number % EMOJI.len()]);
    let reply = match number % 4 {
        0 | 1 => person.rest.put(&reaction, None).await,
        2 => person.rest.put(&format!("{reaction}?replace=true"), None).await,
        _ => person.rest.delete(&reaction).await,
    };
    if reply.status != 200 {
        reply.assert_failure(409, "MESSAGE_DELETED");
    }
}

/// What a client knows by events alone: the users of each kind.
type Known = BTreeMap<String, Vec<String>>;

/// Applies what the socket receives up to this `pos`. Every event must fit those before it.
async fn follow(socket: &mut Socket, group: &str, last: u64) -> Known {
    let (mut known, mut seen) = (Known::new(), 0);
    while seen < last {
        let frame = socket.next().await;
        let data = &frame["data"];
        let (Some(pos), true) = (data["pos"].as_u64(), data["conversationId"] == group) else { continue };
        assert!(pos > seen, "{frame}");
        seen = pos;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let users = known.entry(text(&data["emoji"])).or_default();
        let user = text(&data["user"]["id"]);
        match frame["event"].as_str() {
            Some("reaction:added") => users.push(user),
            Some("reaction:removed") => users.retain(|other| *other != user),
            _ => known.clear(),
        }
        if let (Some(count), Some(users)) = (data["count"].as_u64(), known.get(&text(&data["emoji"]))) {
            assert_eq!(users.len() as u64, count, "{frame}");
        }
    }
    known.retain(|_, users| !users.is_empty());
    known
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_from_two_nodes_are_counted_alike_and_go_with_the_message() {
    let _turn = turn().await;
    let cluster = cluster(2, &[SHORT_LEASE]).await;
    let (ann, ben) = (cluster.node(0).register("ann").await, cluster.node(1).register("ben").await);
    let group = ann.group_with("Fans", &[&ben]).await;
    let message = ann.say(&group, "hello").await;
    let path = format!("/conversations/{group}/messages/{}", message["id"].as_str().expect("an id"));
    let mut watching = [cluster.node(0).connect(&ann).await, cluster.node(1).connect(&ben).await];
    until(200, async || ann.rest.put(&format!("{path}/reactions/first"), None).await).await;
    until(200, async || ben.rest.delete(&format!("{path}/reactions/first")).await).await;

    let at_once = async |person: &Person| {
        for number in 0..STEPS {
            toggle(person, &path, number).await;
        }
    };
    tokio::join!(at_once(&ann), at_once(&ben), at_once(&ann));
    let shown = ben.rest.get(&path).await.data(200);
    let last = shown["changedPos"].as_u64().expect("a pos");
    let known = |reaction: &Value| {
        let users =
            reaction["userIds"].as_array().expect("users").iter().map(|id| id.as_str().unwrap_or_default().into());
        (reaction["emoji"].as_str().unwrap_or_default().to_owned(), users.collect())
    };
    let expected: Known = shown["reactions"].as_array().expect("reactions").iter().map(known).collect();
    for socket in &mut watching {
        assert_eq!(follow(socket, &group, last).await, expected);
    }

    let deleted = async {
        toggle(&ann, &path, 0).await;
        ann.rest.delete(&path).await.data(200)["changedPos"].as_u64().expect("a pos")
    };
    let ((), (), gone) = tokio::join!(at_once(&ben), at_once(&ann), deleted);
    for person in [&ann, &ben] {
        let shown = person.rest.get(&path).await.data(200);
        assert_eq!((&shown["reactions"], shown["changedPos"].as_u64()), (&json!([]), Some(gone)));
        person.rest.put(&format!("{path}/reactions/late"), None).await.assert_failure(409, "MESSAGE_DELETED");
    }
    cluster.assert_untroubled();
}
