//! Editing and deleting on one node while clients come and go on another.

use super::upgrades::{SHORT_LEASE, until};
use super::{cluster, turn};
use chat_blackbox::{Person, Socket};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many messages are edited and deleted, and how often each.
const MESSAGES: usize = 12;
const EDITS: usize = 6;

/// A client that applies what it sees by the rule of `changedPos`, in whatever order it comes.
#[derive(Default)]
struct Client {
    messages: BTreeMap<String, Value>,
    /// The newest `pos` that it has received.
    received: u64,
}

impl Client {
    fn show(&mut self, message: &Value) {
        let id = message["id"].as_str().expect("an id").to_owned();
        let shown = self.messages.get(&id).map_or(0, |shown| shown["changedPos"].as_u64().expect("a number"));
        if message["changedPos"].as_u64().expect("a number") > shown {
            self.messages.insert(id, message.clone());
        }
    }

    fn remove(&mut self, data: &Value) {
        let Some(message) = self.messages.get_mut(data["messageId"].as_str().expect("an id")) else { return };
        if data["pos"].as_u64() > message["changedPos"].as_u64() {
            message["content"] = json!("");
            message["changedPos"] = data["pos"].clone();
            message["deletedBy"] = data["deletedBy"].clone();
        }
    }

    fn take(&mut self, frame: &Value) {
        let data = &frame["data"];
        match frame["event"].as_str() {
            Some("message:received") => self.show(data),
            Some("message:updated") => self.show(&data["message"]),
            Some("message:deleted") => self.remove(data),
            _ => return,
        }
        self.received = self.received.max(data["pos"].as_u64().expect("a pos"));
    }

    /// Connects, resumes, and stays until `until` was received.
    async fn resume(&mut self, url: &str, person: &Person, group: &str, until: u64) {
        let resume = json!({group: self.received});
        let mut socket = Socket::try_resume(url, &person.access_token, &resume).await.expect("a connection");
        while self.received < until {
            let frame = socket.next().await;
            assert!(frame["event"] != "resumed" || frame["data"]["limited"] == json!([]), "{frame}");
            self.take(&frame);
        }
        socket.close().await;
    }

    /// What the client shows: `seq`, content, number of the last change, and who deleted it.
    fn shown(&self) -> Vec<[Value; 4]> {
        let mut shown: Vec<_> = self.messages.values().map(essence).collect();
        shown.sort_by_key(|[seq, ..]| seq.as_u64());
        shown
    }
}

fn path_of(group: &str, message: &Value) -> String {
    format!("/conversations/{group}/messages/{}", message["id"].as_str().expect("an id"))
}

/// Edits a message once each node has read in the other's lease that it knows edits. Returns the number of this change.
async fn wait_until_edits_are_written(author: &Person, group: &str, message: &Value) -> u64 {
    let path = path_of(group, message);
    let edited = until(200, async || author.rest.patch(&path, &json!({"content": "first edit"})).await).await;
    edited.data(200)["changedPos"].as_u64().expect("a pos")
}

fn essence(message: &Value) -> [Value; 4] {
    ["seq", "content", "changedPos", "deletedBy"].map(|field| message[field].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_resumes_during_edits_elsewhere_ends_up_with_what_a_fresh_read_shows() {
    let _turn = turn().await;
    let cluster = cluster(2, &[SHORT_LEASE]).await;
    let (ann, ben) = (cluster.node(0).register("ann").await, cluster.node(1).register("ben").await);
    let group = ann.group_with("Editors", &[&ben]).await;
    let mut messages = Vec::new();
    for number in 0..MESSAGES {
        messages.push(ann.say(&group, &format!("message {number}")).await);
    }
    let last = wait_until_edits_are_written(&ann, &group, &messages[0]).await;
    let page_before = ben.history(&group).await;
    let writes = (MESSAGES * EDITS + MESSAGES / 3) as u64;
    let mut client = Client::default();

    let writing = tokio::spawn({
        let (ann, group, messages) = (ann.clone(), group.clone(), messages.clone());
        async move {
            for round in 0..EDITS {
                for message in &messages {
                    let path = path_of(&group, message);
                    ann.rest.patch(&path, &json!({"content": format!("round {round}")})).await.data(200);
                }
            }
            for message in messages.iter().step_by(3) {
                ann.rest.delete(&path_of(&group, message)).await.data(200);
            }
        }
    });
    let url = cluster.node(1).socket_url();
    for part in 1..=4 {
        client.resume(&url, &ben, &group, last + writes * part / 4).await;
    }
    writing.await.expect("no panic");
    // A page that was read before the events and is applied after them changes nothing.
    let shown = client.shown();
    for message in &page_before {
        client.show(message);
    }
    assert_eq!(client.shown(), shown);
    let fresh: Vec<_> = ben.history(&group).await.iter().map(essence).collect();
    assert_eq!(shown, fresh);
    assert_eq!(fresh.iter().filter(|[_, content, ..]| content == "").count(), MESSAGES.div_ceil(3));
    cluster.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_on_one_node_and_edits_on_another_leave_a_tombstone_everywhere() {
    let _turn = turn().await;
    let cluster = cluster(2, &[SHORT_LEASE]).await;
    let (ann, ben) = (cluster.node(0).register("ann").await, cluster.node(1).register("ben").await);
    let group = ann.group_with("Editors", &[&ben]).await;
    let message = ben.say(&group, "hello").await;
    wait_until_edits_are_written(&ben, &group, &message).await;
    let path = path_of(&group, &message);
    let mut watching = [cluster.node(0).connect(&ann).await, cluster.node(1).connect(&ben).await];
    let editing = tokio::spawn({
        let (ben, path) = (ben.clone(), path.clone());
        async move {
            let mut number = 0;
            while ben.rest.patch(&path, &json!({"content": format!("version {number}")})).await.status == 200 {
                number += 1;
            }
        }
    });
    watching[0].event("message:updated").await;
    let gone = until(200, async || ann.rest.delete(&path).await).await.data(200);
    editing.await.expect("no panic");
    ben.rest.patch(&path, &json!({"content": "once more"})).await.assert_failure(409, "MESSAGE_DELETED");
    let last = gone["changedPos"].as_u64();
    for socket in &mut watching {
        let deleted = socket.event("message:deleted").await;
        assert_eq!((deleted["pos"].as_u64(), &deleted["deletedBy"]), (last, &json!(ann.id)));
        assert!(socket.seen("message:updated").await.iter().all(|updated| updated["pos"].as_u64() < last));
    }
    for person in [&ann, &ben] {
        assert_eq!(person.rest.get(&path).await.data(200)["content"], "");
    }
    cluster.assert_untroubled();
}
