//! Resume: a client that reconnects gets exactly what it missed, in order, and then new events.

use crate::start;
use chat_blackbox::Socket;
use serde_json::{Value, json};

async fn come_back(url: &str, token: &str, resume: Value) -> Socket {
    let bearer = format!("Bearer {token}");
    let mut socket =
        Socket::open(&format!("{url}?resume=true"), &[("authorization", &bearer)]).await.expect("an upgrade");
    socket.tell("resume", json!({"resume": resume})).await;
    socket
}

#[tokio::test]
async fn who_comes_back_gets_what_was_missed_in_order_and_then_what_is_new() {
    let server = start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let group = ann.group_with("Hikers", &[&ben]).await;
    let mut at_ben = server.connect(&ben).await;
    ann.say(&group, "one").await;
    let last = at_ben.event("message:received").await["pos"].clone();
    at_ben.close().await;

    ann.say(&group, "two").await;
    ann.rest.patch(&format!("/conversations/{group}"), &json!({"name": "Swimmers"})).await.data(200);
    ann.say(&group, "three").await;
    let unknown = ann.direct_with(&ben).await;

    let mut resumed = come_back(&server.socket_url(), &ben.access_token, json!({group.as_str(): last})).await;
    let mut missed = Vec::new();
    let positions = loop {
        let frame = resumed.next().await;
        match frame["event"].as_str() {
            Some("resumed") => break frame["data"].clone(),
            Some("message:received" | "conversation:updated") => missed.push(frame),
            _ => {}
        }
    };
    let told: Vec<_> = missed.iter().map(|frame| (frame["event"].clone(), frame["data"]["pos"].clone())).collect();
    let expected = [("message:received", 3), ("conversation:updated", 4), ("message:received", 5)];
    assert_eq!(told, expected.map(|(event, pos)| (json!(event), json!(pos))));
    assert_eq!((&positions["positions"][&group], &positions["limited"]), (&json!(5), &json!([])));
    assert_eq!(positions["positions"][&unknown], 1, "a conversation that the client did not name is listed");
    ann.say(&group, "four").await;
    assert_eq!(resumed.event("message:received").await["pos"], 6, "no event is repeated or missing");
    server.assert_untroubled();
}

#[tokio::test]
async fn a_removal_that_was_missed_is_told_and_too_much_is_named() {
    let server = start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let (left, busy) = (ann.group_with("left", &[&ben]).await, ann.group_with("busy", &[&ben]).await);
    ann.rest.delete(&format!("/conversations/{left}/participants/{}", ben.id)).await.data(200);
    for number in 0..1_001 {
        ann.say(&busy, &number.to_string()).await;
    }
    let mut resumed =
        come_back(&server.socket_url(), &ben.access_token, json!({left.as_str(): 1, busy.as_str(): 1})).await;
    let removed = resumed.event("participant:removed").await;
    assert_eq!((&removed["conversationId"], &removed["userId"]), (&json!(left), &json!(ben.id)));
    let positions = resumed.event("resumed").await;
    assert_eq!(positions["limited"], json!([busy]));
    assert_eq!(positions["positions"][&busy], 1_002);
    assert_eq!(positions["positions"][&left], Value::Null);
    assert!(resumed.seen("message:received").await.is_empty(), "a limited conversation gets no replay");
}

#[tokio::test]
async fn a_resume_after_delivery_began_is_too_late() {
    let server = start().await;
    let ann = server.register("ann").await;
    let mut socket = server.connect(&ann).await;
    let refused = socket.try_ask("resume", json!({"resume": {}})).await.expect_err("a refusal");
    assert_eq!(refused["code"], "RESUME_TOO_LATE");
}

#[tokio::test]
async fn a_client_resumes_after_the_server_was_killed() {
    let mut server = start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    let mut at_ben = server.connect(&ben).await;
    ann.say(&conversation, "before").await;
    let last = at_ben.event("message:received").await["pos"].clone();
    let missed = ann.say(&conversation, "unseen").await;
    server.kill().await;
    let server = server.restart().await;
    let mut at_ben = come_back(&server.socket_url(), &ben.access_token, json!({conversation.as_str(): last})).await;
    assert_eq!(at_ben.event("message:received").await["id"], missed["id"]);
    at_ben.event("resumed").await;
}
