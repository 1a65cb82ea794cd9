//! The commands and events of the `camel` dialect, and how the two dialects interact.

use crate::house::{House, Person, Socket, command};
use serde_json::{Value, json};

struct Chat {
    house: House,
    ann: Person,
    ben: Person,
    at_ann: Socket,
    at_ben: Socket,
    room: String,
}

/// Two people without a conversation, both in the `camel` dialect.
async fn chat() -> Chat {
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let (at_ann, at_ben) = (house.connect_camel(&ann).await, house.connect_camel(&ben).await);
    let mut ids = [ann.id.to_string(), ben.id.to_string()];
    ids.sort_unstable();
    let room = ids.join("_");
    Chat { house, ann, ben, at_ann, at_ben, room }
}

impl Chat {
    async fn say(&mut self, text: &str) -> Value {
        let data =
            json!({"messageData": {"chatType": "PRIVATE", "receiver": self.ben.id.to_string(), "message": text}});
        self.at_ann.ask("sendMessage", &data, text).await.expect("sent")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_message_makes_the_chat_is_confirmed_and_received_by_both() {
    let mut chat = chat().await;
    let (ann, ben) = (chat.ann.id.to_string(), chat.ben.id.to_string());
    let mut elsewhere = chat.house.connect_camel(&chat.ann).await;
    let data = json!({"messageData": {
        "chatRoomId": "user1_user2", "chatType": "PRIVATE", "receiver": ben,
        "message": "hello", "clientMessageId": "k1",
        "sender": ben, "messageId": "mine", "status": "READ"
    }});
    chat.at_ann.tell("sendMessage", &data).await;
    let sent = chat.at_ann.event("messageSent").await;
    let received = chat.at_ben.event("messageReceived").await;
    assert_eq!(sent["data"], json!({"messageId": received["data"]["messageId"], "clientMessageId": "k1"}));
    let data = &received["data"];
    assert_eq!((&data["sender"], &data["receiver"]), (&json!(ann), &json!(ben)), "the sender is the token's user");
    assert_eq!((&data["chatRoomId"], &data["status"]), (&json!(chat.room), &json!("SENT")));
    assert_eq!((&data["isMine"], data.get("clientMessageId"), &data["pos"]), (&json!(false), None, &json!(2)));
    assert_eq!(data["timestamp"], data["createdAt"]);
    let own = elsewhere.event("messageReceived").await;
    assert_eq!((&own["data"]["isMine"], &own["data"]["clientMessageId"]), (&json!(true), &json!("k1")));

    let again = json!({"messageData": {"receiver": ben, "message": "hello", "clientMessageId": "k1"}});
    let ack = chat.at_ann.ask("sendMessage", &again, "c1").await.expect("acked");
    assert_eq!((&ack["messageId"], &ack["duplicate"]), (&data["messageId"], &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_s_message_reaches_the_group_with_its_sender_s_name() {
    let mut chat = chat().await;
    let group = chat.house.group(&[&chat.ann, &chat.ben]).await;
    let created = chat.at_ben.event("groupCreated").await;
    assert_eq!((&created["data"]["groupId"], &created["data"]["groupName"]), (&json!(group), &json!("Hikers")));
    let room = format!("group_{group}");
    let message = json!({"chatRoomId": room, "chatType": "GROUP", "groupId": group, "message": "hi"});
    let data = json!({"messageData": message});
    let ack = chat.at_ann.ask("sendMessage", &data, "c1").await.expect("acked");
    let received = chat.at_ben.event("groupMessageReceived").await;
    assert_eq!(received["data"]["messageId"], ack["messageId"]);
    assert_eq!((&received["data"]["senderName"], &received["data"]["groupId"]), (&json!("ann"), &json!(group)));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_connection_is_spoken_to_in_its_own_dialect_and_understood_in_both() {
    let mut chat = chat().await;
    let mut colon = chat.house.connect(&chat.ben).await;
    chat.say("one").await;
    let conversation = colon.event("message:received").await["data"]["conversationId"].clone();
    assert_eq!(chat.at_ben.event("messageReceived").await["data"]["conversationId"], conversation);

    // A `colon` command on a `camel` connection is confirmed and acked like any other.
    let data = json!({"conversationId": conversation, "content": "two"});
    let ack = chat.at_ben.ask("message:send", &data, "c1").await.expect("acked");
    assert_eq!((&ack["message"], &ack["seq"]), (&json!("two"), &json!(2)));
    let data = json!({"conversationId": conversation, "content": "three"});
    chat.at_ben.tell("message:send", &data).await;
    assert!(chat.at_ben.event("messageSent").await["data"]["messageId"].is_string());

    // The reverse: a `camel` command on a `colon` connection.
    let data = json!({"messageData": {"receiver": chat.ann.id.to_string(), "message": "four"}});
    let ack = colon.ask("sendMessage", &data, "c2").await.expect("acked");
    assert_eq!((&ack["content"], &ack["seq"]), (&json!("four"), &json!(4)));
    let fetch = json!({"senderId": chat.ann.id.to_string(), "receiverId": chat.ben.id.to_string(), "limit": 2});
    let page = colon.ask("fetchMessages", &fetch, "c3").await.expect("acked");
    assert_eq!((&page["messages"][0]["content"], &page["conversationId"]), (&json!("four"), &conversation));
    let message = page["messages"][1]["id"].clone();
    let positions = colon.ask("messageRead", &json!({"messageId": message}), "c4").await.expect("acked");
    assert_eq!(positions["conversationId"], conversation);
    let status = colon.ask("getUserStatus", &json!({"userId": chat.ann.id.to_string()}), "c5").await.expect("acked");
    assert_eq!((&status["isOnline"], &status["status"]), (&json!(true), &json!("online")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_delivered_and_read_is_told_as_the_newest_message_that_it_covers() {
    let mut chat = chat().await;
    chat.say("one").await;
    let second = chat.say("two").await;
    let ben = chat.ben.id.to_string();
    let data = json!({"messageId": second["messageId"], "userId": chat.ann.id.to_string()});
    let ack = chat.at_ben.ask("messageDelivered", &data, "c1").await.expect("acked");
    assert_eq!(ack, json!({"messageId": second["messageId"], "status": "DELIVERED", "readBy": []}));
    let status = chat.at_ann.event("messageStatus").await;
    assert_eq!(status["data"], ack, "one status covers both messages");
    let ack = chat.at_ben.ask("messageRead", &data, "c2").await.expect("acked");
    assert_eq!(ack, json!({"messageId": second["messageId"], "status": "READ", "readBy": [ben]}));
    assert_eq!(chat.at_ann.event("messageStatus").await["data"], ack);
    let own = chat.at_ann.ask("messageRead", &json!({"messageId": second["messageId"]}), "c3").await.expect("acked");
    assert_eq!(own["status"], "READ", "the user's own message moves no position, and gets an answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn history_comes_oldest_first_by_its_event_and_by_the_ack() {
    let mut chat = chat().await;
    for text in ["one", "two", "three"] {
        chat.say(text).await;
    }
    let fetch =
        json!({"senderId": chat.ann.id.to_string(), "receiverId": chat.ben.id.to_string(), "page": 1, "limit": 2});
    chat.at_ben.tell("fetchMessages", &fetch).await;
    let fetched = chat.at_ben.event("messagesFetched").await;
    let texts = |data: &Value| -> Vec<Value> {
        data["messages"].as_array().expect("messages").iter().map(|message| message["message"].clone()).collect()
    };
    assert_eq!(texts(&fetched["data"]), ["two", "three"]);
    assert_eq!(
        (&fetched["data"]["pagination"]["total"], &fetched["data"]["messages"][0]["status"]),
        (&json!(3), &json!("DELIVERED"))
    );
    assert_eq!(chat.at_ann.event("messageStatus").await["data"]["status"], "DELIVERED", "fetching delivers");

    chat.at_ben.write(&command("fetchMessages", &fetch, "c1")).await;
    assert_eq!(texts(&chat.at_ben.event("messagesFetched").await["data"]), ["two", "three"], "the event is sent too");
    assert_eq!(texts(&chat.at_ben.event("ack").await["data"]), ["two", "three"]);

    let group = chat.house.group(&[&chat.ann, &chat.ben]).await;
    chat.at_ben.tell("getGroupMessages", &json!({"groupId": group})).await;
    let fetched = chat.at_ben.event("groupMessagesFetched").await;
    assert_eq!((&fetched["data"]["groupId"], &fetched["data"]["messages"]), (&json!(group), &json!([])));
    let stranger = chat.house.register("cat").await;
    let pair = json!({"senderId": stranger.id.to_string(), "receiverId": chat.ben.id.to_string()});
    chat.at_ben.tell("fetchMessages", &pair).await;
    assert_eq!(
        chat.at_ben.event("messagesFetched").await["data"]["messages"],
        json!([]),
        "without messages there is no history"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_and_typing_of_private_chats_and_groups() {
    let mut chat = chat().await;
    let (ann, room) = (chat.ann.id.to_string(), chat.room.clone());
    let group = chat.house.group(&[&chat.ann, &chat.ben]).await;
    // The client reverses the pair's ids, and names another user as the actor.
    let turned: Vec<_> = room.split('_').rev().collect();
    let data = json!({"chatRoomId": turned.join("_"), "userId": chat.ben.id.to_string()});
    chat.at_ben.ask("joinPrivateChat", &data, "j1").await.expect("the chat is made");
    chat.say("hello").await;
    let reply = json!({"messageData": {"chatType": "PRIVATE", "receiver": ann, "message": "hello yourself"}});
    chat.at_ben.ask("sendMessage", &reply, "s1").await.expect("sent");
    chat.at_ann.ask("joinPrivateChat", &data, "j2").await.expect("joined");
    let joined = chat.at_ben.event("userJoinedChat").await;
    assert_eq!(joined["data"], json!({"userId": ann, "chatRoomId": room}));
    chat.at_ann.ask("userTyping", &data, "t1").await.expect("noted");
    let typing = chat.at_ben.event("userTyping").await;
    assert_eq!(typing["data"], json!({"userId": ann, "chatRoomId": room, "isTyping": true}));
    chat.at_ann.ask("userStoppedTyping", &data, "t2").await.expect("noted");
    assert_eq!(chat.at_ben.event("userTyping").await["data"]["isTyping"], false);
    chat.at_ann.ask("leavePrivateChat", &data, "l1").await.expect("left");
    assert_eq!(chat.at_ben.event("userLeftChat").await["data"], json!({"userId": ann, "chatRoomId": room}));

    let data = json!({"groupId": group, "userId": chat.ben.id.to_string()});
    chat.at_ben.ask("joinGroup", &data, "g1").await.expect("joined");
    chat.at_ann.ask("joinGroup", &data, "g2").await.expect("joined");
    let joined = chat.at_ben.event("userJoinedGroup").await;
    assert_eq!((&joined["data"]["userId"], &joined["data"]["groupId"]), (&json!(ann), &json!(group)));
    assert!(joined["data"]["timestamp"].is_string());
    chat.at_ann.ask("userTyping", &json!({"chatRoomId": format!("group_{group}")}), "t3").await.expect("noted");
    let typing = chat.at_ben.event("userTyping").await;
    assert_eq!(typing["data"], json!({"userId": ann, "groupId": group, "isTyping": true}));
    chat.at_ann.ask("leaveGroup", &data, "g3").await.expect("left");
    assert_eq!(chat.at_ben.event("userLeftGroup").await["data"]["groupId"], json!(group));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_beyond_the_limit_of_windows_is_opened_again_after_it_was_closed() {
    let mut chat = chat().await;
    let mut last = Value::Null;
    for number in 0..=100 {
        let group = chat.house.group(&[&chat.ann, &chat.ben]).await;
        last = json!({"groupId": group, "userId": chat.ann.id.to_string()});
        chat.at_ann.ask("joinGroup", &last, &format!("j{number}")).await.expect("joined");
    }
    let typing = json!({"chatRoomId": format!("group_{}", last["groupId"].as_str().expect("an id"))});
    chat.at_ann.ask("leaveGroup", &last, "l").await.expect("left");
    chat.at_ann.ask("joinGroup", &last, "again").await.expect("joined again");
    chat.at_ben.ask("userTyping", &typing, "t").await.expect("noted");
    assert_eq!(chat.at_ann.event("userTyping").await["data"]["groupId"], last["groupId"]);
    let room = json!({"chatRoomId": chat.room, "userId": chat.ann.id.to_string()});
    chat.at_ann.ask("joinPrivateChat", &room, "p").await.expect("joined");
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_last_seen_and_calls() {
    let mut chat = chat().await;
    let (ann, ben) = (chat.ann.id.to_string(), chat.ben.id.to_string());
    let group = chat.house.group(&[&chat.ann, &chat.ben]).await;
    chat.at_ben.tell("getUserStatus", &json!({"userId": ann})).await;
    let status = chat.at_ben.event("userStatus").await;
    assert_eq!((&status["data"]["userId"], &status["data"]["isOnline"]), (&json!(ann), &json!(true)));
    let seen = chat.at_ben.ask("updateLastSeen", &json!({"userId": ann}), "s1").await.expect("noted");
    assert_eq!(seen["userId"], json!(ben), "always the user's own time");
    let call = json!({"groupId": group, "callerId": ben, "callerName": "Annie"});
    chat.at_ann.ask("groupCall", &call, "c1").await.expect("rung");
    let rings = chat.at_ben.event("groupCallIncoming").await;
    assert_eq!((&rings["data"]["callerId"], &rings["data"]["callerName"]), (&json!(ann), &json!("Annie")));
    assert_eq!(rings["data"]["groupId"], json!(group));
    drop(chat.at_ann);
    let gone = chat.at_ben.event("userOffline").await;
    assert_eq!((&gone["data"]["userId"], &gone["data"]["isOnline"]), (&json!(ann), &json!(false)));
    assert!(gone["data"]["lastSeen"].is_string());
    chat.at_ann = chat.house.connect_camel(&chat.ann).await;
    let came = chat.at_ben.event("userOnline").await;
    assert_eq!((&came["data"]["userId"], &came["data"]["isOnline"]), (&json!(ann), &json!(true)));
    assert!(came["data"]["connectedAt"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_into_another_s_chat_by_naming_it() {
    let mut chat = chat().await;
    let group = chat.house.group(&[&chat.ann, &chat.ben]).await;
    let message = chat.say("secret").await["messageId"].clone();
    let conversation = chat.at_ben.event("messageReceived").await["data"]["conversationId"].clone();
    let stranger = chat.house.register("cat").await;
    let mut at_stranger = chat.house.connect_camel(&stranger).await;
    let (pair, in_group) = (json!({"chatRoomId": chat.room}), json!({"groupId": group}));
    let fetch = json!({"senderId": chat.ann.id.to_string(), "receiverId": chat.ben.id.to_string()});
    let cases = [
        ("joinPrivateChat", pair.clone(), "FORBIDDEN"),
        ("leavePrivateChat", pair.clone(), "FORBIDDEN"),
        ("userTyping", pair.clone(), "FORBIDDEN"),
        ("userStoppedTyping", pair, "FORBIDDEN"),
        ("fetchMessages", fetch, "FORBIDDEN"),
        ("joinGroup", in_group.clone(), "NOT_A_PARTICIPANT"),
        ("userTyping", in_group.clone(), "NOT_A_PARTICIPANT"),
        ("getGroupMessages", in_group.clone(), "NOT_A_PARTICIPANT"),
        ("groupCall", in_group, "NOT_A_PARTICIPANT"),
        ("messageRead", json!({"messageId": message}), "NOT_A_PARTICIPANT"),
        ("messageDelivered", json!({"messageId": conversation}), "MESSAGE_NOT_FOUND"),
        ("sendMessage", json!({"messageData": {"groupId": group, "message": "x"}}), "NOT_A_PARTICIPANT"),
        ("sendMessage", json!({"messageData": {"receiver": group, "message": "x"}}), "USER_NOT_FOUND"),
        (
            "sendMessage",
            json!({"messageData": {"receiver": stranger.id.to_string(), "message": "x"}}),
            "VALIDATION_FAILED",
        ),
        ("getUserStatus", json!({"userId": group}), "USER_NOT_FOUND"),
        ("fetchMessages", json!({"currentUserId": chat.ann.id.to_string(), "groupId": group}), "FORBIDDEN"),
    ];
    for (event, data, code) in cases {
        let refused = at_stranger.ask(event, &data, event).await.expect_err(event);
        assert_eq!(refused["code"], code, "{event} {data}");
    }
    // A private chat is not a group, also for its participants.
    for event in ["joinGroup", "groupCall", "getGroupMessages"] {
        let refused = chat.at_ann.ask(event, &json!({"groupId": conversation}), event).await.expect_err(event);
        assert_eq!(refused["code"], "CONVERSATION_NOT_FOUND", "{event}");
    }
    let refused =
        at_stranger.ask("userTyping", &json!({"chatRoomId": format!("{}_{}", stranger.id, chat.ann.id)}), "none").await;
    assert_eq!(refused.expect_err("none")["code"], "CONVERSATION_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dialect_may_come_with_the_token_and_does_not_change_afterwards() {
    let house = House::open();
    let ann = house.register("ann").await;
    let mut socket = house.strange_socket().await;
    let auth = json!({"token": ann.token, "dialect": "camel", "resume": {}});
    socket.ask("auth", &auth, "a1").await.expect("signed in");
    socket.event("resumed").await;
    socket.tell("getUserStatus", &json!({"userId": ann.id.to_string()})).await;
    socket.event("userStatus").await;
    let refused = socket.ask("auth", &json!({"token": ann.token, "dialect": "colon"}), "a2").await;
    assert_eq!(refused.expect_err("refused")["code"], "VALIDATION_FAILED");
    socket.ask("auth", &json!({"token": ann.token, "dialect": "camel"}), "a3").await.expect("renewed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_on_a_live_socket_is_refused_and_renews_nothing() {
    let house = House::open();
    let ann = house.register("ann").await;
    let mut socket = house.connect(&ann).await;
    let refused = socket.ask("auth", &json!({"token": ann.token, "resume": {}}), "a1").await.expect_err("refused");
    assert_eq!(refused["code"], "RESUME_TOO_LATE");
    socket.ask("auth", &json!({"token": ann.token}), "a2").await.expect("renewed without it");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_is_told_what_was_missed_and_how_far_their_messages_have_got() {
    let mut chat = chat().await;
    let first = chat.say("one").await;
    let conversation = first["conversationId"].as_str().expect("an id").to_owned();
    drop(std::mem::replace(&mut chat.at_ann, chat.house.strange_socket().await));
    let read = json!({"messageId": first["messageId"]});
    chat.at_ben.ask("messageRead", &read, "r1").await.expect("read");
    let reply = json!({"messageData": {"receiver": chat.ann.id.to_string(), "message": "two"}});
    chat.at_ben.ask("sendMessage", &reply, "r2").await.expect("sent");
    let data = json!({"token": chat.ann.token, "dialect": "camel", "resume": {conversation.clone(): first["pos"]}});
    chat.at_ann.ask("auth", &data, "a1").await.expect("signed in");
    let missed = chat.at_ann.event("messageReceived").await;
    assert_eq!((&missed["data"]["message"], &missed["data"]["pos"]), (&json!("two"), &json!(3)));
    let resumed = chat.at_ann.event("resumed").await;
    assert_eq!(resumed["data"]["positions"], json!({conversation: 3}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_may_name_ten_thousand_conversations_in_the_frame_that_signs_them_in() {
    let house = House::open();
    let ann = house.register("ann").await;
    let mut socket = house.strange_socket().await;
    let resume: serde_json::Map<_, _> =
        (0..10_000_u128).map(|number| (uuid::Uuid::from_u128(number).to_string(), json!(u64::MAX))).collect();
    let auth = command("auth", &json!({"token": ann.token, "resume": resume}), "a1");
    assert!(auth.len() > 600_000 && auth.len() < 1_000_000);
    socket.write(&auth).await;
    assert_eq!(socket.event("ack").await["id"], "a1");
    assert_eq!(socket.event("resumed").await["data"]["positions"], json!({}));
}
