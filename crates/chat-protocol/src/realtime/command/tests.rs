use super::*;
use crate::chat::ChatReceiver;
use crate::realtime::COMMANDS;
use chat_domain::conversations::DirectKey;
use chat_domain::messages::{Anchor, Emoji, MessageBody, Reacting};
use chat_domain::receipts::ReceiptTarget;
use chat_domain::{PageLimit, PageNumber, PageRequest, Pos, Seq};
use serde_json::Value;
use serde_json::json;
use uuid::Uuid;

const ID: Uuid = Uuid::from_u128(7);

fn parse(event: &str, data: &Value) -> Result<Command, InvalidFrame> {
    let text = json!({"event": event, "data": data}).to_string();
    Command::parse(&ClientFrame::parse(&text).expect("a frame"))
}

fn fields_of(event: &str, data: &Value) -> Vec<String> {
    let invalid = parse(event, data).expect_err("a fault");
    assert_eq!(invalid.code, ErrorCode::ValidationFailed);
    invalid.faults.into_iter().map(|fault| fault.field).collect()
}

fn conversation() -> ConversationId {
    ConversationId::new(ID)
}

fn pin(is_pinned: bool) -> Command {
    Command::Pin(PinMessage { conversation_id: conversation(), message_id: MessageId::new(ID), is_pinned })
}

fn react(action: Reacting) -> Command {
    let emoji = Emoji::parse("❤\u{fe0f}").expect("an emoji");
    Command::React(Box::new(React { conversation_id: conversation(), message_id: MessageId::new(ID), emoji, action }))
}

/// Replaces the text, and removes the attachment.
fn edit() -> Command {
    Command::EditMessage(Box::new(EditMessage {
        conversation_id: conversation(),
        message_id: MessageId::new(ID),
        body: MessageBody::parse("hi").ok(),
        attachment: Some(None),
        metadata: None,
        if_changed_pos: Some(Pos::new(4)),
    }))
}

#[test]
fn every_command_of_the_table_is_understood() {
    let user = UserId::new(ID);
    let seq = ReceiptTarget::Seq(Seq::new(4));
    let place = ChatPlace::Conversation(conversation());
    let here = json!({"conversationId": ID, "unknown": 1});
    let cases = [
        ("conversation:join", here.clone(), Command::OpenWindow(place)),
        ("conversation:leave", here.clone(), Command::CloseWindow(place)),
        (
            "message:delivered",
            json!({"conversationId": ID, "seq": 4}),
            Command::Advance(conversation(), AdvancePositions::Delivered(seq)),
        ),
        (
            "message:read",
            json!({"conversationId": ID}),
            Command::Advance(conversation(), AdvancePositions::Read(ReceiptTarget::Latest)),
        ),
        (
            "messages:fetch",
            json!({"conversationId": ID, "before": "12", "limit": 3}),
            Command::FetchMessages(
                conversation(),
                HistoryRequest::Before(Anchor::Seq(Seq::new(12)), PageLimit::parse(3).expect("a limit")),
            ),
        ),
        ("typing:start", here.clone(), Command::StartTyping(place)),
        ("typing:stop", here.clone(), Command::StopTyping(place)),
        ("presence:update", json!({"status": "busy"}), Command::ChoosePresence(PresenceStatus::Busy)),
        ("presence:get", json!({"userId": ID}), Command::ReadPresence(user)),
        (
            "message:edit",
            json!({"conversationId": ID, "messageId": ID, "content": " hi ", "attachment": null, "ifChangedPos": 4}),
            edit(),
        ),
        ("reaction:add", json!({"conversationId": ID, "messageId": ID, "emoji": "❤"}), react(Reacting::Add)),
        (
            "reaction:add",
            json!({"conversationId": ID, "messageId": ID, "emoji": "❤\u{fe0f}", "replace": true}),
            react(Reacting::Replace),
        ),
        ("reaction:remove", json!({"conversationId": ID, "messageId": ID, "emoji": "❤"}), react(Reacting::Remove)),
        ("message:pin", json!({"conversationId": ID, "messageId": ID}), pin(true)),
        ("message:unpin", json!({"conversationId": ID, "messageId": ID}), pin(false)),
        (
            "message:delete",
            json!({"conversationId": ID, "messageId": ID}),
            Command::DeleteMessage(conversation(), MessageId::new(ID)),
        ),
        (
            "call:start",
            json!({"conversationId": ID, "callerId": "x", "callerName": "x"}),
            Command::StartCall(place, None),
        ),
        ("auth", json!({"token": "t"}), Command::Authenticate { token: "t".into(), dialect: None, resume: None }),
        (
            "resume",
            json!({"resume": {ID.to_string(): 3}}),
            Command::Resume(Resume::new([(conversation(), chat_domain::Pos::new(3))])),
        ),
    ];
    let mut tried = vec!["message:send"];
    for (event, data, command) in cases {
        assert_eq!(parse(event, &data), Ok(command), "{event}");
        tried.push(event);
    }
    assert_all_tried(Dialect::Colon, &tried);
}

fn assert_all_tried(dialect: Dialect, tried: &[&str]) {
    let names = COMMANDS.iter().flat_map(|row| row.names).filter(|entry| entry.dialect == dialect);
    for entry in names {
        assert!(tried.contains(&entry.name), "{} is missing in this test", entry.name);
    }
}

#[test]
fn every_command_of_the_second_dialect_is_understood_and_those_who_act_are_not_asked_for() {
    let other = Uuid::from_u128(8);
    let pair = ChatRoomId::Pair(DirectKey::new(UserId::new(ID), UserId::new(other)));
    let group = ChatPlace::Room(ChatRoomId::Group(conversation()));
    let private = json!({"chatRoomId": format!("{other}_{ID}"), "userId": other});
    let in_group = json!({"groupId": ID, "userId": other});
    let page = PageRequest { number: PageNumber::FIRST, limit: PageLimit::parse(3).expect("a limit") };
    let fetch = |room| ChatFetch { current_user: None, room, page };
    let cases = [
        ("joinPrivateChat", private.clone(), Command::OpenWindow(ChatPlace::Room(pair))),
        ("leavePrivateChat", private.clone(), Command::CloseWindow(ChatPlace::Room(pair))),
        ("joinGroup", in_group.clone(), Command::OpenWindow(group)),
        ("leaveGroup", in_group.clone(), Command::CloseWindow(group)),
        ("userTyping", private, Command::StartTyping(ChatPlace::Room(pair))),
        ("userTyping", json!({"chatRoomId": format!("group_{ID}")}), Command::StartTyping(group)),
        ("userStoppedTyping", in_group.clone(), Command::StopTyping(group)),
        (
            "messageDelivered",
            json!({"messageId": ID, "userId": other}),
            Command::AdvanceMessage(MessageId::new(ID), DeliveryStatus::Delivered),
        ),
        (
            "messageRead",
            json!({"messageId": ID, "groupId": ID}),
            Command::AdvanceMessage(MessageId::new(ID), DeliveryStatus::Read),
        ),
        (
            "fetchMessages",
            json!({"senderId": other, "receiverId": ID, "page": 1, "limit": 3, "unknown": 1}),
            Command::FetchChat(fetch(pair)),
        ),
        (
            "fetchMessages",
            json!({"groupId": ID, "limit": "3"}),
            Command::FetchChat(fetch(ChatRoomId::Group(conversation()))),
        ),
        (
            "getGroupMessages",
            json!({"groupId": ID, "receiverId": other, "limit": 3}),
            Command::FetchGroup(fetch(ChatRoomId::Group(conversation()))),
        ),
        (
            "message:edit",
            json!({"conversationId": ID, "messageId": ID, "content": " hi ", "attachment": null, "ifChangedPos": 4}),
            edit(),
        ),
        ("reaction:add", json!({"conversationId": ID, "messageId": ID, "emoji": "❤"}), react(Reacting::Add)),
        (
            "reaction:add",
            json!({"conversationId": ID, "messageId": ID, "emoji": "❤\u{fe0f}", "replace": true}),
            react(Reacting::Replace),
        ),
        ("reaction:remove", json!({"conversationId": ID, "messageId": ID, "emoji": "❤"}), react(Reacting::Remove)),
        ("message:pin", json!({"conversationId": ID, "messageId": ID}), pin(true)),
        ("message:unpin", json!({"conversationId": ID, "messageId": ID}), pin(false)),
        (
            "message:delete",
            json!({"conversationId": ID, "messageId": ID}),
            Command::DeleteMessage(conversation(), MessageId::new(ID)),
        ),
        ("getUserStatus", json!({"userId": other}), Command::ReadPresence(UserId::new(other))),
        ("updateLastSeen", json!({"userId": other}), Command::UpdateLastSeen),
        ("groupCall", json!({"groupId": ID, "callerId": other}), Command::StartCall(group, None)),
        (
            "groupCall",
            json!({"groupId": ID, "callerName": " Ann "}),
            Command::StartCall(group, DisplayName::parse("Ann").ok()),
        ),
        (
            "auth",
            json!({"token": "t", "dialect": "camel"}),
            Command::Authenticate { token: "t".into(), dialect: Some(Dialect::Camel), resume: None },
        ),
        ("resume", json!({"resume": {}}), Command::Resume(Resume::default())),
    ];
    let mut tried = vec!["sendMessage"];
    for (event, data, command) in cases {
        assert_eq!(parse(event, &data), Ok(command), "{event}");
        tried.push(event);
    }
    assert_all_tried(Dialect::Camel, &tried);
}

#[test]
fn a_message_in_the_second_dialect_is_for_a_user_or_a_group_and_its_sender_is_not_asked_for() {
    let data = json!({"messageData": {
        "chatRoomId": "user1_user2", "chatType": "private", "receiver": ID, "message": " hi ", "clientMessageId": "k",
        "sender": "somebody else", "messageId": "mine", "status": "READ", "unknown": []
    }});
    let Ok(Command::SendChatMessage(message)) = parse("sendMessage", &data) else { panic!("a message") };
    assert_eq!((message.receiver, message.content.body.as_str()), (ChatReceiver::User(UserId::new(ID)), "hi"));
    let data = json!({"messageData": {"chatType": "GROUP", "groupId": ID, "message": "hi"}});
    let Ok(Command::SendChatMessage(message)) = parse("sendMessage", &data) else { panic!("a message") };
    assert_eq!(message.receiver, ChatReceiver::Group(conversation()));
}

#[test]
fn faults_of_the_second_dialect_name_their_fields() {
    assert_eq!(
        fields_of("sendMessage", &json!({"messageData": {"chatType": "PRIVATE"}})),
        ["messageData.message", "messageData.receiver"]
    );
    assert_eq!(fields_of("sendMessage", &json!({"message": "hi"})), ["messageData"]);
    assert_eq!(fields_of("sendMessage", &json!({"messageData": ["hi"]})), ["messageData"]);
    for event in ["joinPrivateChat", "leavePrivateChat"] {
        for room in ["user1_user2".to_owned(), format!("group_{ID}"), format!("{ID}"), String::new()] {
            assert_eq!(fields_of(event, &json!({"chatRoomId": room})), ["chatRoomId"], "{event} {room}");
        }
    }
    assert_eq!(fields_of("userTyping", &json!({})), ["chatRoomId"]);
    assert_eq!(fields_of("userTyping", &json!({"groupId": "x", "chatRoomId": format!("group_{ID}")})), ["groupId"]);
    assert_eq!(fields_of("messageRead", &json!({"messageId": 7})), ["messageId"]);
    assert_eq!(fields_of("getGroupMessages", &json!({"senderId": ID, "receiverId": ID})), ["groupId"]);
    assert_eq!(fields_of("fetchMessages", &json!({"groupId": ID, "page": 0, "limit": 101})), ["limit", "page"]);
    assert_eq!(fields_of("groupCall", &json!({"callerName": " "})), ["callerName", "groupId"]);
    assert_eq!(fields_of("auth", &json!({"token": "t", "dialect": "klingon"})), ["dialect"]);
}

#[test]
fn faults_of_reactions_name_their_fields() {
    let data = json!({"conversationId": ID, "messageId": ID, "emoji": "👍👍", "replace": 1});
    assert_eq!(fields_of("reaction:add", &data), ["emoji", "replace"]);
    assert_eq!(fields_of("reaction:remove", &json!({})), ["conversationId", "emoji", "messageId"]);
}

#[test]
fn a_message_is_read_with_all_that_belongs_to_it() {
    let data = json!({
        "conversationId": ID, "content": " hi ", "attachment": "/a.png", "clientMessageId": "k", "replyTo": ID,
        "sender": "somebody else"
    });
    let Ok(Command::SendMessage(send)) = parse("message:send", &data) else { panic!("a message") };
    assert_eq!((send.content.body.as_str(), send.content.reply_to), ("hi", Some(MessageId::new(ID))));
    assert_eq!(send.client_message_id.map(|key| key.as_str().to_owned()).as_deref(), Some("k"));
    let bare = json!({"conversationId": ID, "content": "hi", "attachment": null, "clientMessageId": null});
    assert!(parse("message:send", &bare).is_ok(), "null counts as absent");
}

#[test]
fn every_fault_of_a_command_is_named_at_once() {
    let data = json!({"conversationId": "no", "content": 7, "attachment": "javascript:x", "clientMessageId": "a b"});
    assert_eq!(fields_of("message:send", &data), ["conversationId", "attachment", "clientMessageId", "content"]);
    assert_eq!(fields_of("message:send", &json!({})), ["conversationId", "content"]);
    let data = json!({"messageId": 7, "content": null, "attachment": "javascript:x", "ifChangedPos": -1});
    let faulty = ["conversationId", "messageId", "attachment", "content", "ifChangedPos"];
    assert_eq!(fields_of("message:edit", &data), faulty);
    assert_eq!(fields_of("message:delete", &json!({})), ["conversationId", "messageId"]);
    assert_eq!(fields_of("typing:start", &json!([])), ["data"]);
    assert_eq!(fields_of("typing:start", &json!("x")), ["data"]);
    assert_eq!(fields_of("message:read", &json!({"conversationId": ID, "seq": -1})), ["seq"]);
    assert_eq!(fields_of("message:read", &json!({"conversationId": ID, "seq": 1, "messageId": ID})), ["seq"]);
    assert_eq!(fields_of("messages:fetch", &json!({"conversationId": ID, "before": 1, "after": 1})), ["before"]);
    assert_eq!(fields_of("messages:fetch", &json!({"conversationId": ID, "limit": 101})), ["limit"]);
    assert_eq!(fields_of("presence:update", &json!({"status": "offline"})), ["status"]);
    assert_eq!(fields_of("auth", &json!({"resume": {"x": 1}})), ["resume", "token"]);
    assert_eq!(fields_of("resume", &json!({"resume": {ID.to_string(): -1}})), ["resume"]);
    assert_eq!(fields_of("resume", &json!({})), ["resume"]);
    assert_eq!(fields_of("resume", &json!({"resume": 1, "epoch": "x".repeat(101)})), ["epoch", "resume"]);
}

#[test]
fn whole_numbers_may_be_written_with_a_fraction_or_an_exponent() {
    let up_to = |seq| Command::Advance(conversation(), AdvancePositions::Read(ReceiptTarget::Seq(Seq::new(seq))));
    let parse = |event: &str, data: &str| {
        let text = format!(r#"{{"event":"{event}","data":{data}}}"#);
        Command::parse(&ClientFrame::parse(&text).expect("a frame"))
    };
    for (number, seq) in [("1.0", 1), ("1e3", 1_000), ("999999999999999.0", 999_999_999_999_999)] {
        let data = format!(r#"{{"conversationId":"{ID}","seq":{number}}}"#);
        assert_eq!(parse("message:read", &data), Ok(up_to(seq)), "{number}");
        let data = format!(r#"{{"resume":{{"{ID}":{number}}}}}"#);
        let resume = Resume::new([(conversation(), chat_domain::Pos::new(seq))]);
        assert_eq!(parse("resume", &data), Ok(Command::Resume(resume)), "{number}");
    }
    for number in ["1.5", "-1.0", "1e-1", "9007199254740993.0", "1e300", "9223372036854775808"] {
        let data = format!(r#"{{"conversationId":"{ID}","seq":{number}}}"#);
        assert_eq!(parse("message:read", &data).expect_err(number).faults[0].field, "seq", "{number}");
    }
    let data = format!(r#"{{"conversationId":"{ID}","before":12.0,"limit":3.0}}"#);
    let before = HistoryRequest::Before(Anchor::Seq(Seq::new(12)), PageLimit::parse(3).expect("a limit"));
    assert_eq!(parse("messages:fetch", &data), Ok(Command::FetchMessages(conversation(), before)));
    let data = format!(r#"{{"groupId":"{ID}","page":1.0,"limit":3e0}}"#);
    let page = PageRequest { number: PageNumber::FIRST, limit: PageLimit::parse(3).expect("a limit") };
    let fetch = ChatFetch { current_user: None, room: ChatRoomId::Group(conversation()), page };
    assert_eq!(parse("getGroupMessages", &data), Ok(Command::FetchGroup(fetch)));
}

#[test]
fn a_field_that_stands_twice_is_a_fault_as_in_a_request() {
    let text = format!(r#"{{"event":"typing:start","data":{{"conversationId":"{ID}","conversationId":"{ID}"}}}}"#);
    let invalid = Command::parse(&ClientFrame::parse(&text).expect("a frame")).expect_err("twice");
    assert_eq!(invalid.code, ErrorCode::ValidationFailed);
    assert_eq!(invalid.message, "data must not have the field conversationId twice");
}

#[test]
fn an_unknown_event_is_named_as_such_and_a_deep_one_is_refused() {
    assert_eq!(parse("message:sand", &json!({})).expect_err("unknown").code, ErrorCode::UnknownEvent);
    let deep = format!(r#"{{"event":"typing:start","data":{{"a":{}{}}}}}"#, "[".repeat(5_000), "]".repeat(5_000));
    let frame = ClientFrame::parse(&deep).expect("a frame");
    assert_eq!(Command::parse(&frame).expect_err("too deep").code, ErrorCode::ValidationFailed);
}
