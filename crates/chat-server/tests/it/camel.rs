//! Every event of the `camel` dialect on both databases, and that each dialect sees what happens in the other.

use crate::chat_api::on_both_databases;
use crate::setup;
use chat_blackbox::{Person, Server, Socket};
use chat_testkit::servers::Postgres;
use serde_json::{Value, json};

on_both_databases! {
    messages_of_private_chats_are_sent_received_and_confirmed
    messages_of_groups_are_sent_received_and_confirmed
    deliveries_and_readings_are_told
    history_is_fetched
    windows_are_opened_and_closed
    typing_is_told_without_joining_and_not_after_leaving
    presence_is_asked_for_and_told
    calls_ring_at_the_group
    groups_are_announced
    what_is_wrong_is_an_error
    what_was_missed_is_sent_again
    both_dialects_see_the_same
}

/// Two connected people who use the `camel` dialect.
struct Two {
    ann: Person,
    ben: Person,
    at_ann: Socket,
    at_ben: Socket,
    room: String,
}

async fn two(server: &Server) -> Two {
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let (at_ann, at_ben) = (server.connect_camel(&ann).await, server.connect_camel(&ben).await);
    let mut ids = [ann.id.as_str(), ben.id.as_str()];
    ids.sort_unstable();
    let room = ids.join("_");
    Two { ann, ben, at_ann, at_ben, room }
}

fn private(to: &Person, text: &str) -> Value {
    json!({"messageData": {"chatRoomId": "user1_user2", "chatType": "PRIVATE", "receiver": to.id, "message": text}})
}

fn in_group(group: &str, text: &str) -> Value {
    let room = format!("group_{group}");
    json!({"messageData": {"chatRoomId": room, "chatType": "GROUP", "groupId": group, "message": text}})
}

async fn group_of(ann: &Person, others: &[&Person], name: &str) -> String {
    let members: Vec<_> = others.iter().map(|other| &other.id).collect();
    let made = ann.rest.post("/chat/group", &json!({"groupName": name, "members": members})).await.data(201);
    made["groupId"].as_str().expect("an id").to_owned()
}

async fn messages_of_private_chats_are_sent_received_and_confirmed(server: &Server) {
    let Two { ann, ben, mut at_ann, mut at_ben, room } = two(server).await;
    at_ann.tell("sendMessage", private(&ben, "Real-time message!")).await;
    let received = at_ben.event("messageReceived").await;
    assert_eq!((&received["message"], &received["chatRoomId"]), (&json!("Real-time message!"), &json!(room)));
    assert_eq!((&received["sender"], &received["receiver"]), (&json!(ann.id), &json!(ben.id)));
    assert_eq!((&received["isMine"], &received["status"]), (&json!(false), &json!("SENT")));
    assert_eq!(received["senderDetails"]["username"], ann.username);
    assert_eq!(at_ann.event("messageSent").await, json!({"messageId": received["messageId"]}));
    assert_eq!(at_ann.event("messageReceived").await["isMine"], true, "also to the sender");
    server.assert_untroubled();
}

async fn messages_of_groups_are_sent_received_and_confirmed(server: &Server) {
    let Two { ann, ben, mut at_ann, mut at_ben, .. } = two(server).await;
    let group = group_of(&ann, &[&ben], "Hikers").await;
    at_ann.tell("sendMessage", in_group(&group, "Group message in real-time!")).await;
    let received = at_ben.event("groupMessageReceived").await;
    assert_eq!((&received["groupId"], &received["senderName"]), (&json!(group), &json!("ann")));
    assert_eq!((&received["chatType"], &received["readBy"]), (&json!("GROUP"), &json!([])));
    assert_eq!(at_ann.event("messageSent").await["messageId"], received["messageId"]);
    server.assert_untroubled();
}

async fn deliveries_and_readings_are_told(server: &Server) {
    let Two { ann, ben, mut at_ann, mut at_ben, .. } = two(server).await;
    at_ann.ask("sendMessage", private(&ben, "one")).await;
    let second = at_ann.ask("sendMessage", private(&ben, "two")).await["messageId"].clone();
    at_ben.tell("messageDelivered", json!({"messageId": second})).await;
    let delivered = json!({"messageId": second, "status": "DELIVERED", "readBy": []});
    assert_eq!(at_ann.event("messageStatus").await, delivered, "one event for the newest message covers both");
    at_ben.tell("messageRead", json!({"messageId": second})).await;
    let read = json!({"messageId": second, "status": "READ", "readBy": [ben.id]});
    assert_eq!(at_ann.event("messageStatus").await, read);

    let group = group_of(&ann, &[&ben, &server.register("cat").await], "Hikers").await;
    let said = at_ann.ask("sendMessage", in_group(&group, "hi")).await["messageId"].clone();
    at_ben.tell("messageRead", json!({"messageId": said, "groupId": group})).await;
    let status = at_ann.event_where("messageStatus", |status| status["messageId"] == said).await;
    assert_eq!((&status["status"], &status["readBy"]), (&json!("SENT"), &json!([ben.id])), "not everyone has it yet");
    server.assert_untroubled();
}

async fn history_is_fetched(server: &Server) {
    let Two { ann, ben, mut at_ann, mut at_ben, .. } = two(server).await;
    for text in ["one", "two", "three"] {
        at_ann.ask("sendMessage", private(&ben, text)).await;
    }
    let fetch = json!({"senderId": ann.id, "receiverId": ben.id, "page": 1, "limit": 2});
    at_ben.tell("fetchMessages", fetch).await;
    assert_eq!(texts(&at_ben.event("messagesFetched").await), ["two", "three"]);
    assert_eq!(at_ann.event("messageStatus").await["status"], "DELIVERED", "fetching delivers");

    let group = group_of(&ann, &[&ben], "Hikers").await;
    at_ann.ask("sendMessage", in_group(&group, "hello")).await;
    at_ben.tell("getGroupMessages", json!({"groupId": group, "page": 1, "limit": 20})).await;
    let fetched = at_ben.event("groupMessagesFetched").await;
    assert_eq!((texts(&fetched), &fetched["groupId"]), (vec![json!("hello")], &json!(group)));
    server.assert_untroubled();
}

fn texts(fetched: &Value) -> Vec<Value> {
    fetched["messages"].as_array().expect("messages").iter().map(|message| message["message"].clone()).collect()
}

async fn windows_are_opened_and_closed(server: &Server) {
    let Two { ann, ben, mut at_ann, mut at_ben, room } = two(server).await;
    ann.talk_with(&ben).await;
    let window = json!({"chatRoomId": room});
    at_ben.ask("joinPrivateChat", window.clone()).await;
    at_ann.ask("joinPrivateChat", window.clone()).await;
    assert_eq!(at_ben.event("userJoinedChat").await, json!({"userId": ann.id, "chatRoomId": room}));
    at_ann.ask("leavePrivateChat", window).await;
    assert_eq!(at_ben.event("userLeftChat").await, json!({"userId": ann.id, "chatRoomId": room}));

    let group = group_of(&ann, &[&ben], "Hikers").await;
    // The documented example sends this `userId`, which the server ignores.
    let window = json!({"groupId": group, "userId": ann.id});
    at_ann.ask("joinGroup", window.clone()).await;
    at_ben.ask("joinGroup", window.clone()).await;
    let joined = at_ann.event("userJoinedGroup").await;
    assert_eq!((&joined["userId"], &joined["groupId"]), (&json!(ben.id), &json!(group)), "the named user is ignored");
    at_ben.ask("leaveGroup", window).await;
    assert_eq!(at_ann.event("userLeftGroup").await["userId"], ben.id);
    server.assert_untroubled();
}

async fn typing_is_told_without_joining_and_not_after_leaving(server: &Server) {
    let Two { ann, ben, mut at_ann, mut at_ben, room } = two(server).await;
    ann.talk_with(&ben).await;
    at_ann.tell("userTyping", json!({"chatRoomId": room, "userId": ben.id})).await;
    let typing = json!({"userId": ann.id, "chatRoomId": room, "isTyping": true});
    assert_eq!(at_ben.event("userTyping").await, typing);
    at_ann.tell("userStoppedTyping", json!({"chatRoomId": room})).await;
    assert_eq!(at_ben.event("userTyping").await["isTyping"], false);

    let group = group_of(&ann, &[&ben], "Hikers").await;
    at_ben.event("groupCreated").await;
    at_ben.ask("leavePrivateChat", json!({"chatRoomId": room})).await;
    at_ann.ask("userTyping", json!({"chatRoomId": room})).await;
    at_ann.tell("userTyping", json!({"groupId": group})).await;
    assert_eq!(at_ben.event("userTyping").await, json!({"userId": ann.id, "groupId": group, "isTyping": true}));
    at_ann.tell("sendMessage", in_group(&group, "done")).await;
    assert_eq!(at_ben.event("userTyping").await["isTyping"], false, "it ends with the message");
    at_ben.ask("joinPrivateChat", json!({"chatRoomId": room})).await;
    at_ann.ask("userStoppedTyping", json!({"chatRoomId": room})).await;
    assert_eq!(at_ben.event("userTyping").await["chatRoomId"], json!(room), "joined again");
    server.assert_untroubled();
}

async fn presence_is_asked_for_and_told(server: &Server) {
    let Two { ann, ben, mut at_ann, mut at_ben, .. } = two(server).await;
    at_ann.ask("sendMessage", private(&ben, "hello")).await;
    at_ann.tell("getUserStatus", json!({"userId": ben.id})).await;
    assert_eq!(at_ann.event("userStatus").await["isOnline"], false, "ben has not answered");
    at_ben.ask("sendMessage", private(&ann, "so that they know each other")).await;
    let (known, of_ann) = (at_ann.event("userOnline").await, at_ben.event("userOnline").await);
    assert_eq!((&known["userId"], &of_ann["userId"]), (&json!(ben.id), &json!(ann.id)));
    at_ann.tell("getUserStatus", json!({"userId": ben.id})).await;
    let status = at_ann.event("userStatus").await;
    assert_eq!((&status["userId"], &status["isOnline"]), (&json!(ben.id), &json!(true)));
    at_ben.close().await;
    let gone = at_ann.event("userOffline").await;
    assert_eq!((&gone["userId"], &gone["isOnline"]), (&json!(ben.id), &json!(false)));
    assert!(gone["lastSeen"].is_string());
    let _again = server.connect_camel(&ben).await;
    let came = at_ann.event("userOnline").await;
    assert_eq!((&came["userId"], &came["isOnline"]), (&json!(ben.id), &json!(true)));
    assert!(came["connectedAt"].is_string());
    let seen = at_ann.ask("updateLastSeen", json!({"userId": ben.id})).await;
    assert_eq!(seen["userId"], ann.id, "the user's own id");
    let stored = ann.rest.get(&format!("/chat/user/{}/last-seen", ann.id)).await.data(200);
    assert_eq!(stored["lastSeen"], seen["lastSeen"]);
    server.assert_untroubled();
}

async fn calls_ring_at_the_group(server: &Server) {
    let Two { ann, ben, mut at_ann, mut at_ben, .. } = two(server).await;
    let group = group_of(&ann, &[&ben], "Hikers").await;
    at_ann.tell("groupCall", json!({"groupId": group, "callerId": ben.id, "callerName": "Annie"})).await;
    let rings = at_ben.event("groupCallIncoming").await;
    assert_eq!(
        (&rings["groupId"], &rings["callerId"]),
        (&json!(group), &json!(ann.id)),
        "the caller is the token's user"
    );
    assert!(rings["callerName"] == "Annie" && rings["timestamp"].is_string(), "{rings}");
    assert!(at_ann.seen("groupCallIncoming").await.is_empty());
    server.assert_untroubled();
}

async fn groups_are_announced(server: &Server) {
    let Two { ann, ben, mut at_ann, mut at_ben, .. } = two(server).await;
    let cat = server.register("cat").await;
    let mut at_cat = server.connect_camel(&cat).await;
    let group = group_of(&ann, &[&ben], "Hikers").await;
    let created = at_ben.event("groupCreated").await;
    assert_eq!(
        (&created["groupId"], &created["groupName"], &created["pos"]),
        (&json!(group), &json!("Hikers"), &json!(1))
    );
    assert!(created["inviteCode"].is_string() && created["members"][0].get("isOnline").is_none(), "{created}");
    let path = format!("/chat/group/{group}");
    ann.rest.put(&path, Some(&json!({"groupName": "Swimmers"}))).await.data(200);
    assert_eq!(at_ben.event("groupUpdated").await["groupName"], "Swimmers");
    ann.rest.post(&format!("{path}/member"), &json!({"userId": cat.id})).await.data(201);
    let added = at_cat.event("participant:added").await;
    assert_eq!((&added["groupId"], &added["group"]["groupName"]), (&json!(group), &json!("Swimmers")));
    assert_eq!(at_ben.event("participant:added").await["user"]["id"], cat.id);
    ann.rest.delete(&format!("{path}/member/{}", cat.id)).await.data(200);
    assert_eq!(at_cat.event("participant:removed").await["userId"], cat.id);
    at_ann.ask("sendMessage", in_group(&group, "without her")).await;
    at_ben.event("groupMessageReceived").await;
    assert!(at_cat.seen("groupMessageReceived").await.is_empty(), "a removed member gets no more messages");
    server.assert_untroubled();
}

async fn what_is_wrong_is_an_error(server: &Server) {
    let Two { mut at_ann, mut at_ben, ben, room, .. } = two(server).await;
    at_ann.tell("sendMessage", json!({"messageData": {"chatType": "PRIVATE"}})).await;
    let error = at_ann.event("error").await;
    assert_eq!((&error["code"], error["message"].is_string()), (&json!("VALIDATION_FAILED"), true));
    let mut stranger = server.connect_camel(&server.register("cat").await).await;
    let refused = stranger.try_ask("joinPrivateChat", json!({"chatRoomId": room})).await.expect_err("a refusal");
    assert_eq!(refused["code"], "FORBIDDEN");
    let unknown = json!({"messageId": ben.id});
    assert_eq!(at_ben.try_ask("messageRead", unknown).await.expect_err("a refusal")["code"], "MESSAGE_NOT_FOUND");
    server.assert_untroubled();
}

async fn what_was_missed_is_sent_again(server: &Server) {
    let Two { ann, ben, mut at_ann, mut at_ben, .. } = two(server).await;
    let first = at_ann.ask("sendMessage", private(&ben, "one")).await;
    let second = at_ann.ask("sendMessage", private(&ben, "two")).await;
    at_ann.close().await;
    at_ben.ask("messageRead", json!({"messageId": first["messageId"]})).await;
    at_ben.ask("messageDelivered", json!({"messageId": second["messageId"]})).await;
    let conversation = first["conversationId"].as_str().expect("an id");
    let url = format!("{}?dialect=camel&resume=true", server.socket_url());
    let bearer = format!("Bearer {}", ann.access_token);
    let mut again = Socket::open(&url, &[("authorization", &bearer)]).await.expect("an upgrade");
    again.tell("resume", json!({"resume": {conversation: first["pos"]}})).await;
    let missed = again.event("messageReceived").await;
    assert_eq!((&missed["messageId"], &missed["isMine"]), (&second["messageId"], &json!(true)));
    let read = again.event("messageStatus").await;
    assert_eq!(read, json!({"messageId": first["messageId"], "status": "READ", "readBy": [ben.id]}));
    let delivered = again.event("messageStatus").await;
    assert_eq!(delivered, json!({"messageId": second["messageId"], "status": "DELIVERED", "readBy": []}));
    assert_eq!(again.event("resumed").await["positions"][conversation], second["pos"]);
    server.assert_untroubled();
}

async fn both_dialects_see_the_same(server: &Server) {
    let Two { ann, ben, mut at_ann, .. } = two(server).await;
    let mut colon = server.connect(&ben).await;
    let sent = at_ann.ask("sendMessage", private(&ben, "from the second")).await;
    let created = colon.event("conversation:created").await;
    let received = colon.event("message:received").await;
    assert_eq!((&received["id"], &received["pos"]), (&sent["messageId"], &sent["pos"]));
    assert_eq!((&created["conversationId"], &received["sender"]["id"]), (&sent["conversationId"], &json!(ann.id)));
    colon.ask("message:read", json!({"conversationId": sent["conversationId"]})).await;
    let status = at_ann.event("messageStatus").await;
    assert_eq!((&status["messageId"], &status["status"]), (&sent["messageId"], &json!("READ")));
    let reply = json!({"conversationId": sent["conversationId"], "content": "from the first"});
    let reply = colon.ask("message:send", reply).await;
    let received = at_ann.event_where("messageReceived", |message| message["isMine"] == false).await;
    assert_eq!((&received["messageId"], &received["message"]), (&reply["id"], &json!("from the first")));
    server.assert_untroubled();
}
