use crate::house::{FIN, House, Socket, TEXT, command, frame};
use chat_app::CreateConversation;
use chat_domain::auth::LiveConnections as _;
use chat_realtime::RealtimeSettings;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_one_connection_are_answered_in_order() {
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let actor = house.state.app.auth.authenticate(&ann.token).expect("an actor");
    let create = CreateConversation { participant_ids: vec![ben.id], name: None };
    let made = house.state.app.conversations.create(actor, create).await.expect("made");
    let id = made.details.conversation.id.to_string();
    let (mut at_ann, mut at_ben) = (house.connect(&ann).await, house.connect(&ben).await);
    let mut burst = Vec::new();
    for number in 0..200 {
        let data =
            json!({"conversationId": id, "content": format!("m{number}"), "clientMessageId": format!("k{number}")});
        burst.extend(command("message:send", &data, &format!("c{number}")));
    }
    at_ann.write(&burst).await;
    for number in 0..200 {
        let ack = at_ann.event("ack").await;
        assert_eq!((&ack["id"], &ack["data"]["seq"]), (&json!(format!("c{number}")), &json!(number + 1)));
        let received = at_ben.event("message:received").await;
        assert_eq!(received["data"]["content"], format!("m{number}"));
        assert_eq!(received["data"].get("clientMessageId"), None);
    }
    let again = json!({"conversationId": id, "content": "m7", "clientMessageId": "k7"});
    at_ann.write(&command("message:send", &again, "again")).await;
    let ack = at_ann.event("ack").await;
    assert_eq!((&ack["data"]["seq"], &ack["data"]["duplicate"]), (&json!(8), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_an_error_and_no_end() {
    let house = House::open();
    let ann = house.register("ann").await;
    let mut socket = house.connect(&ann).await;
    let stranger = json!({"conversationId": "00000000-0000-0000-0000-000000000001"});
    let cases: [(Vec<u8>, Value, &str); 6] = [
        (frame(FIN | TEXT, b"not json"), Value::Null, "PROTOCOL_ERROR"),
        (command("no:such", &json!({}), "1"), json!("1"), "UNKNOWN_EVENT"),
        (command("message:send", &json!({}), "2"), json!("2"), "VALIDATION_FAILED"),
        (command("conversation:join", &stranger, "3"), json!("3"), "CONVERSATION_NOT_FOUND"),
        (command("resume", &json!({"resume": {}}), "4"), json!("4"), "RESUME_TOO_LATE"),
        (command("auth", &json!({"token": "nonsense"}), "5"), json!("5"), "TOKEN_INVALID"),
    ];
    for (bytes, id, code) in cases {
        socket.write(&bytes).await;
        let error = socket.event("error").await;
        assert_eq!((&error["id"], &error["data"]["code"]), (&id, &json!(code)));
    }
    let other = house.register("ben").await;
    socket.write(&command("auth", &json!({"token": other.token}), "6")).await;
    assert_eq!(socket.event("error").await["data"]["code"], "FORBIDDEN", "a socket cannot change its user");
    socket.write(&command("auth", &json!({"token": ann.token}), "7")).await;
    assert_eq!(socket.event("ack").await["id"], "7");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_may_only_say_who_they_are() {
    let house = House::open();
    let mut socket = house.strange_socket().await;
    socket.write(&command("typing:start", &json!({}), "1")).await;
    assert_eq!(socket.event("error").await["data"]["code"], "VALIDATION_FAILED");
    socket.write(&command("presence:update", &json!({"status": "away"}), "2")).await;
    assert_eq!(socket.event("error").await["data"]["code"], "UNAUTHENTICATED");
    socket.write(&command("auth", &json!({"token": "nonsense"}), "3")).await;
    assert_eq!(socket.event("error").await["id"], "3");
    assert_eq!(socket.close_code().await, 4001);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_goes_on_talking_is_closed() {
    let house = House::open();
    let mut socket = house.strange_socket().await;
    let talk: Vec<u8> = (0..200).flat_map(|_| command("presence:update", &json!({"status": "away"}), "x")).collect();
    socket.write(&talk).await;
    assert_eq!(socket.close_code().await, 4009);
}

#[tokio::test(flavor = "multi_thread")]
async fn delivery_is_held_for_whoever_announces_what_they_have() {
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let actor = house.state.app.auth.authenticate(&ann.token).expect("an actor");
    let create = CreateConversation { participant_ids: vec![ben.id], name: None };
    let made = house.state.app.conversations.create(actor, create).await.expect("made");
    let id = made.details.conversation.id.to_string();
    let mut at_ann = house.connect(&ann).await;
    let mut at_ben = Socket::to(house.address).await;
    let token = format!("Bearer {}", ben.token);
    at_ben.upgrade("/api/v1/ws?resume=true", &[("Authorization", &token)], b"").await;
    at_ann.write(&command("message:send", &json!({"conversationId": id, "content": "one"}), "1")).await;
    assert_eq!(at_ann.event("ack").await["data"]["pos"], 2);
    at_ben.write(&command("resume", &json!({"resume": {id.clone(): 0}}), "r")).await;
    let (_, first) = at_ben.frame().await.expect("a frame");
    let first: Value = serde_json::from_slice(&first).expect("JSON");
    assert_eq!(first["event"], "ack", "the ack is the first frame: {first}");
    assert_eq!(at_ben.event("conversation:created").await["data"]["pos"], 1);
    assert_eq!(at_ben.event("message:received").await["data"]["pos"], 2);
    let resumed = at_ben.event("resumed").await;
    let epoch = RealtimeSettings::default().epoch.to_string();
    assert_eq!(resumed["data"], json!({"epoch": epoch, "positions": {id: 2}, "limited": [], "reset": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_session_ends_its_sockets_at_once() {
    let house = House::open();
    let ann = house.register("ann").await;
    let session = house.state.app.auth.authenticate(&ann.token).expect("an actor").session_id;
    let mut socket = house.connect(&ann).await;
    house.state.fan_out.close_session(session);
    assert_eq!(socket.close_code().await, 4003);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_say_in_time_what_they_have_is_told_where_everything_stands() {
    let resume_timeout = Duration::from_millis(300);
    let house = House::with(RealtimeSettings { resume_timeout, ..RealtimeSettings::default() });
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let actor = house.state.app.auth.authenticate(&ann.token).expect("an actor");
    let create = CreateConversation { participant_ids: vec![ben.id], name: None };
    let made = house.state.app.conversations.create(actor, create).await.expect("made");
    let id = made.details.conversation.id.to_string();
    let mut at_ann = house.connect(&ann).await;
    let mut at_ben = Socket::to(house.address).await;
    let token = format!("Bearer {}", ben.token);
    at_ben.upgrade("/api/v1/ws?resume=true", &[("Authorization", &token)], b"").await;
    let said = |text: &str| command("message:send", &json!({"conversationId": id, "content": text}), text);
    at_ann.write(&said("held")).await;
    assert_eq!(at_ann.event("ack").await["data"]["pos"], 2);
    let resumed = at_ben.event("resumed").await;
    let data = &resumed["data"];
    assert_eq!((&data["positions"], &data["limited"]), (&json!({id.clone(): 2}), &json!([])), "so the gap shows");
    at_ann.write(&said("next")).await;
    assert_eq!(at_ben.event("message:received").await["data"]["pos"], 3);
    at_ben.write(&command("resume", &json!({"resume": {id: 1}}), "late")).await;
    assert_eq!(at_ben.event("error").await["data"]["code"], "RESUME_TOO_LATE");
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_and_deletions_are_told_to_all_in_one_form() {
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let actor = house.state.app.auth.authenticate(&ann.token).expect("an actor");
    let create = CreateConversation { participant_ids: vec![ben.id], name: None };
    let made = house.state.app.conversations.create(actor, create).await.expect("made");
    let id = made.details.conversation.id.to_string();
    let (mut at_ann, mut at_ben) = (house.connect(&ann).await, house.connect(&ben).await);
    at_ann.write(&command("message:send", &json!({"conversationId": id, "content": "helo"}), "1")).await;
    let sent = at_ann.event("ack").await["data"].clone();
    assert_eq!((&sent["pos"], &sent["changedPos"]), (&json!(2), &json!(2)));

    let place = json!({"conversationId": id, "messageId": sent["id"]});
    let mut edit = place.clone();
    edit["content"] = json!("hello");
    at_ben.write(&command("message:edit", &edit, "2")).await;
    assert_eq!(at_ben.event("error").await["data"]["code"], "FORBIDDEN");
    edit["ifChangedPos"] = json!(2);
    at_ann.write(&command("message:edit", &edit, "3")).await;
    let ack = at_ann.event("ack").await;
    assert_eq!((&ack["data"]["content"], &ack["data"]["changedPos"]), (&json!("hello"), &json!(3)));
    let updated = at_ben.event("message:updated").await;
    assert_eq!((&updated["data"]["pos"], &updated["data"]["message"]), (&json!(3), &ack["data"]));

    at_ann.write(&command("message:delete", &place, "4")).await;
    let ack = at_ann.event("ack").await;
    assert_eq!((&ack["data"]["content"], &ack["data"]["deletedBy"]), (&json!(""), &json!(ann.id)));
    let deleted = at_ben.event("message:deleted").await;
    let expected = json!({
        "conversationId": id, "pos": 4, "messageId": sent["id"], "seq": 1, "deletedBy": ann.id,
        "deletedAt": ack["data"]["deletedAt"]
    });
    assert_eq!(deleted["data"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_and_pins_are_told_to_all_in_one_form() {
    let house = House::open();
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let actor = house.state.app.auth.authenticate(&ann.token).expect("an actor");
    let create = CreateConversation { participant_ids: vec![ben.id], name: None };
    let made = house.state.app.conversations.create(actor, create).await.expect("made");
    let id = made.details.conversation.id.to_string();
    let (mut at_ann, mut at_ben) = (house.connect(&ann).await, house.connect(&ben).await);
    at_ann.write(&command("message:send", &json!({"conversationId": id, "content": "hello"}), "1")).await;
    let sent = at_ann.event("ack").await["data"].clone();

    let reaction = json!({"conversationId": id, "messageId": sent["id"], "emoji": "👍"});
    at_ben.write(&command("reaction:add", &reaction, "2")).await;
    let ack = at_ben.event("ack").await;
    let kinds = json!([{"emoji": "👍", "count": 1, "userIds": [ben.id]}]);
    assert_eq!((&ack["data"]["reactions"], &ack["data"]["changedPos"]), (&kinds, &json!(3)));
    let added = at_ann.event("reaction:added").await["data"].clone();
    let expected = json!({
        "conversationId": id, "pos": 3, "messageId": sent["id"], "seq": 1, "emoji": "👍", "count": 1,
        "user": added["user"]
    });
    assert_eq!((&added, &added["user"]["id"]), (&expected, &json!(ben.id)));

    at_ben.write(&command("reaction:remove", &reaction, "3")).await;
    assert_eq!(at_ben.event("ack").await["data"]["reactions"], json!([]));
    let removed = at_ann.event("reaction:removed").await;
    assert_eq!((&removed["data"]["pos"], &removed["data"]["count"]), (&json!(4), &json!(0)));

    let place = json!({"conversationId": id, "messageId": sent["id"]});
    for (name, event, pos) in [("message:pin", "message:pinned", 5), ("message:unpin", "message:unpinned", 6)] {
        at_ben.write(&command(name, &place, "4")).await;
        let ack = at_ben.event("ack").await["data"].clone();
        let told = at_ann.event(event).await["data"].clone();
        assert_eq!((&told["pos"], &told["pinnedAt"]), (&json!(pos), &ack["pinnedAt"]));
        assert_eq!((&told["user"]["id"], ack["pinnedAt"].is_string()), (&json!(ben.id), pos == 5));
    }
}
