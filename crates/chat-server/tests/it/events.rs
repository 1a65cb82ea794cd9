//! Every event of the `colon` dialect, with ids and acks.

use crate::{setup, start};
use chat_blackbox::{Person, Server, Socket};
use serde_json::{Value, json};

/// Two connected people with a direct conversation. The server runs until the value is dropped.
struct Pair {
    server: Server,
    ann: Person,
    ben: Person,
    conversation: String,
    at_ann: Socket,
    at_ben: Socket,
}

async fn pair(server: Server) -> Pair {
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    let (at_ann, at_ben) = (server.connect(&ann).await, server.connect(&ben).await);
    Pair { server, ann, ben, conversation, at_ann, at_ben }
}

#[tokio::test]
async fn a_message_is_acked_and_reaches_everyone_without_joining() {
    let Pair { server, ann, conversation, mut at_ann, mut at_ben, .. } = pair(start().await).await;
    let mut elsewhere = server.connect(&ann).await;
    let body = json!({
        "conversationId": conversation, "content": "hello", "clientMessageId": "key", "sender": "somebody else",
    });
    let ack = at_ann.ask("message:send", body.clone()).await;
    assert_eq!((&ack["content"], &ack["seq"], &ack["clientMessageId"]), (&json!("hello"), &json!(1), &json!("key")));
    assert_eq!(ack["sender"]["id"], ann.id, "the sender is the token's user");
    let received = at_ben.event("message:received").await;
    assert_eq!(
        (&received["id"], &received["pos"], &received["conversationId"]),
        (&ack["id"], &json!(2), &json!(conversation))
    );
    assert_eq!(received["sender"], json!({"id": ann.id, "name": "ann", "avatar": null}));
    assert_eq!(received["clientMessageId"], Value::Null, "only the sender sees the key");
    for own in [&mut at_ann, &mut elsewhere] {
        let own = own.event("message:received").await;
        assert_eq!((&own["id"], &own["clientMessageId"]), (&ack["id"], &json!("key")));
    }
    let again = at_ann.ask("message:send", body).await;
    assert_eq!((&again["id"], &again["duplicate"]), (&ack["id"], &json!(true)));
    server.assert_untroubled();
}

#[tokio::test]
async fn a_message_over_rest_reaches_sockets_and_one_without_an_id_gets_no_ack() {
    let Pair { server: _server, ann, conversation, mut at_ann, mut at_ben, .. } = pair(start().await).await;
    let sent = ann.say(&conversation, "over REST").await;
    assert_eq!(at_ben.event("message:received").await["id"], sent["id"]);
    at_ann.tell("message:send", json!({"conversationId": conversation, "content": "no id"})).await;
    assert_eq!(at_ben.event("message:received").await["content"], "no id");
    assert_eq!(at_ann.event("message:received").await["content"], "over REST");
    assert_eq!(at_ann.event("message:received").await["content"], "no id");
    assert!(at_ann.seen("ack").await.is_empty(), "a command without an id gets no ack");
    at_ann.tell("message:send", json!({"conversationId": conversation, "content": ""})).await;
    assert_eq!(at_ann.event("error").await["code"], "VALIDATION_FAILED");
}

#[tokio::test]
async fn windows_are_announced_to_the_others_in_them_and_closed_to_strangers() {
    let Pair { server, ann, ben, conversation, mut at_ann, mut at_ben } = pair(start().await).await;
    ann.talk_with(&ben).await;
    let window = json!({"conversationId": conversation});
    at_ann.ask("conversation:join", window.clone()).await;
    at_ben.ask("conversation:join", window.clone()).await;
    let joined = at_ann.event("conversation:joined").await;
    assert_eq!((&joined["conversationId"], &joined["userId"]), (&json!(conversation), &json!(ben.id)));
    at_ann.ask("conversation:leave", window.clone()).await;
    assert_eq!(at_ben.event("conversation:left").await["userId"], ann.id);
    let mut stranger = server.connect(&server.register("cat").await).await;
    for event in ["conversation:join", "typing:start", "messages:fetch", "call:start", "message:read"] {
        let refused = stranger.try_ask(event, window.clone()).await.expect_err("a refusal");
        assert_eq!(refused["code"], "NOT_A_PARTICIPANT", "{event}");
    }
    let refused = stranger.try_ask("message:send", json!({"conversationId": conversation, "content": "x"})).await;
    assert_eq!(refused.expect_err("a refusal")["code"], "NOT_A_PARTICIPANT");
}

#[tokio::test]
async fn typing_is_seen_in_the_window_and_ends_by_itself_and_with_the_message() {
    let server = setup().set("TYPING_TIMEOUT", "700ms").start().await;
    let Pair { server: _server, ann, ben, conversation, mut at_ann, mut at_ben } = pair(server).await;
    ann.talk_with(&ben).await;
    let window = json!({"conversationId": conversation});
    let update = |typing: bool| json!({"conversationId": conversation, "userId": ann.id, "isTyping": typing});
    at_ben.ask("conversation:join", window.clone()).await;
    at_ann.ask("conversation:join", window.clone()).await;

    at_ann.ask("typing:start", window.clone()).await;
    assert_eq!(at_ben.event("typing:update").await, update(true));
    at_ann.ask("typing:stop", window.clone()).await;
    assert_eq!(at_ben.event("typing:update").await, update(false));

    at_ann.ask("typing:start", window.clone()).await;
    assert_eq!(at_ben.event("typing:update").await, update(true));
    assert_eq!(at_ben.event("typing:update").await, update(false), "it expires");

    at_ann.ask("typing:start", window.clone()).await;
    assert_eq!(at_ben.event("typing:update").await, update(true));
    at_ann.ask("message:send", json!({"conversationId": conversation, "content": "done"})).await;
    assert_eq!(at_ben.event("typing:update").await, update(false), "typing ends with the message");

    at_ann.ask("typing:start", window).await;
    assert_eq!(at_ben.event("typing:update").await, update(true));
    assert!(at_ann.seen("typing:update").await.is_empty(), "the typist is not told");
    at_ann.close().await;
    assert_eq!(at_ben.event("typing:update").await, update(false), "typing ends with the socket");
}

#[tokio::test]
async fn receipts_move_forward_and_are_told() {
    let Pair { server: _server, ann, ben, conversation, mut at_ann, mut at_ben, .. } = pair(start().await).await;
    for number in 1..=3 {
        ann.say(&conversation, &number.to_string()).await;
    }
    let position = |seq: u64| json!({"conversationId": conversation, "seq": seq});
    let delivered = at_ben.ask("message:delivered", position(3)).await;
    assert_eq!((&delivered["deliveredSeq"], &delivered["readSeq"]), (&json!(3), &json!(0)));
    let status = at_ann.event_where("message:status", |status| status["userId"] == ben.id.as_str()).await;
    assert_eq!((&status["deliveredSeq"], &status["readSeq"]), (&json!(3), &json!(0)));
    at_ben.ask("message:read", position(2)).await;
    let status = at_ann.event_where("message:status", |status| status["readSeq"] == 2).await;
    assert_eq!((&status["userId"], &status["deliveredSeq"]), (&json!(ben.id), &json!(3)));
    let back = at_ben.ask("message:read", position(1)).await;
    assert_eq!(back["readSeq"], 2, "positions only move forward");
    let statuses: Vec<_> = ann.history(&conversation).await.iter().map(|message| message["status"].clone()).collect();
    assert_eq!(statuses, ["READ", "READ", "DELIVERED"]);
}

#[tokio::test]
async fn history_is_fetched_over_the_socket_by_ack_or_event() {
    let Pair { server: _server, ann, conversation, mut at_ben, .. } = pair(start().await).await;
    for number in 1..=5 {
        ann.say(&conversation, &number.to_string()).await;
    }
    let page = at_ben.ask("messages:fetch", json!({"conversationId": conversation, "before": 5, "limit": 2})).await;
    let seqs: Vec<_> =
        page["messages"].as_array().expect("messages").iter().map(|message| message["seq"].clone()).collect();
    assert_eq!(seqs, [4, 3]);
    assert_eq!(page["pagination"]["hasMore"], true);
    at_ben.tell("messages:fetch", json!({"conversationId": conversation})).await;
    assert_eq!(at_ben.event("messages:fetched").await["messages"].as_array().map(Vec::len), Some(5));
}

#[tokio::test]
async fn conversations_and_participants_are_announced_to_whom_they_concern() {
    let server = start().await;
    let (ann, ben, cat) = (server.register("ann").await, server.register("ben").await, server.register("cat").await);
    let (mut at_ann, mut at_ben, mut at_cat) =
        (server.connect(&ann).await, server.connect(&ben).await, server.connect(&cat).await);
    let group = ann.group_with("Hikers", &[&ben]).await;
    for socket in [&mut at_ann, &mut at_ben] {
        let created = socket.event("conversation:created").await;
        assert_eq!(
            (&created["conversation"]["id"], &created["conversation"]["name"]),
            (&json!(group), &json!("Hikers"))
        );
    }
    ann.say(&group, "before").await;
    let participants = format!("/conversations/{group}/participants");
    ann.rest.post(&participants, &json!({"userId": cat.id})).await.data(201);
    for socket in [&mut at_ann, &mut at_ben, &mut at_cat] {
        let added = socket.event("participant:added").await;
        assert_eq!((&added["conversationId"], &added["user"]["id"]), (&json!(group), &json!(cat.id)));
    }
    ann.say(&group, "welcome").await;
    assert_eq!(at_cat.event("message:received").await["content"], "welcome");
    ann.rest.patch(&format!("/conversations/{group}"), &json!({"name": "Swimmers"})).await.data(200);
    for socket in [&mut at_ann, &mut at_ben, &mut at_cat] {
        assert_eq!(socket.event("conversation:updated").await["conversation"]["name"], "Swimmers");
    }
    ann.rest.patch(&format!("{participants}/{}", ben.id), &json!({"role": "admin"})).await.data(200);
    for socket in [&mut at_ann, &mut at_ben, &mut at_cat] {
        let updated = socket.event("participant:updated").await;
        assert_eq!((&updated["conversationId"], &updated["userId"]), (&json!(group), &json!(ben.id)));
        assert_eq!((&updated["role"], &updated["pos"]), (&json!("admin"), &json!(6)));
    }
    ann.rest.delete(&format!("{participants}/{}", cat.id)).await.data(200);
    for socket in [&mut at_ann, &mut at_ben, &mut at_cat] {
        let removed = socket.event("participant:removed").await;
        assert_eq!((&removed["conversationId"], &removed["userId"]), (&json!(group), &json!(cat.id)));
    }
    ann.say(&group, "without her").await;
    assert_eq!(at_ben.event_where("message:received", |message| message["content"] == "without her").await["seq"], 3);
    assert!(at_cat.seen("message:received").await.is_empty(), "a removed member gets no more messages");
    server.assert_untroubled();
}

#[tokio::test]
async fn a_call_rings_at_the_others_in_the_caller_s_name() {
    let Pair { server: _server, ann, conversation, mut at_ann, mut at_ben, .. } = pair(start().await).await;
    at_ann
        .ask("call:start", json!({"conversationId": conversation, "callerId": "forged", "callerName": "forged"}))
        .await;
    let call = at_ben.event("call:incoming").await;
    assert_eq!((&call["conversationId"], &call["callerId"]), (&json!(conversation), &json!(ann.id)));
    assert!(!call.to_string().contains("forged"), "{call}");
    assert!(at_ann.seen("call:incoming").await.is_empty());
}
