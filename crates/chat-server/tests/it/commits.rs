//! The changes of one commit travel together, and each member gets exactly their part of them. On both databases.

use crate::chat_api::on_both_databases;
use crate::setup;
use chat_blackbox::{Server, Socket};
use chat_testkit::servers::Postgres;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const SENDERS: usize = 16;
const ROUNDS: usize = 12;

on_both_databases! {
    whoever_comes_and_goes_while_many_send_gets_exactly_their_part
}

/// The changes of the conversation up to the message that says "over": the `pos` of each, and who came or went by it.
async fn changes(socket: &mut Socket, conversation: &str) -> Vec<(u64, Option<(bool, String)>)> {
    let mut changes = Vec::new();
    loop {
        let frame = socket.next().await;
        let data = &frame["data"];
        let Some(pos) = data["pos"].as_u64().filter(|_| data["conversationId"] == conversation) else { continue };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        changes.push((
            pos,
            match frame["event"].as_str() {
                Some("participant:added") => Some((true, text(&data["user"]["id"]))),
                Some("participant:removed") => Some((false, text(&data["userId"]))),
                _ => None,
            },
        ));
        if data["content"] == "over" {
            return changes;
        }
    }
}

async fn whoever_comes_and_goes_while_many_send_gets_exactly_their_part(server: &Server) {
    let (ann, guest) = (server.register("ann").await, server.register("guest").await);
    let mut senders = Vec::new();
    for number in 0..SENDERS {
        senders.push(server.register(&format!("sender{number}")).await);
    }
    let group = ann.group_with("Busy", &senders.iter().collect::<Vec<_>>()).await;
    let (mut at_ann, mut at_guest) = (server.connect(&ann).await, server.connect(&guest).await);

    let start = Arc::new(Barrier::new(SENDERS + 1));
    let mut sending = JoinSet::new();
    for sender in senders {
        let (start, group) = (start.clone(), group.clone());
        sending.spawn(async move {
            for round in 0..ROUNDS {
                start.wait().await;
                sender.say(&group, &format!("{} in round {round}", sender.name)).await;
            }
        });
    }
    let (participants, path) = (format!("/conversations/{group}/participants"), &guest.id);
    for round in 0..ROUNDS {
        start.wait().await;
        if round % 2 == 0 {
            ann.rest.post(&participants, &json!({"userId": guest.id})).await.data(201);
        } else {
            ann.rest.delete(&format!("{participants}/{path}")).await.data(200);
        }
    }
    while let Some(sent) = sending.join_next().await {
        sent.expect("everything is sent");
    }
    ann.rest.post(&participants, &json!({"userId": guest.id})).await.data(201);
    ann.say(&group, "over").await;

    let all = changes(&mut at_ann, &group).await;
    let positions: Vec<_> = all.iter().map(|(pos, _)| *pos).collect();
    let count = SENDERS * ROUNDS + ROUNDS + 2;
    assert_eq!(positions, (2..2 + count as u64).collect::<Vec<_>>(), "each change once, in order");
    let mut is_member = false;
    let mut expected = Vec::new();
    for change in all {
        let was_member = is_member;
        if let (_, Some((comes, who))) = &change
            && *who == guest.id
        {
            is_member = *comes;
        }
        if was_member || is_member {
            expected.push(change);
        }
    }
    assert_eq!(changes(&mut at_guest, &group).await, expected, "from each join to the removal after it");
    server.assert_untroubled();
}
