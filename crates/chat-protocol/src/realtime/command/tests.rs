use super::*;
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

#[test]
fn every_command_of_the_table_is_understood() {
    let user = UserId::new(ID);
    let seq = ReceiptTarget::Seq(Seq::new(4));
    let here = json!({"conversationId": ID, "unknown": 1});
    let cases = [
        ("conversation:join", here.clone(), Command::OpenWindow(conversation())),
        ("conversation:leave", here.clone(), Command::CloseWindow(conversation())),
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
        ("typing:start", here.clone(), Command::StartTyping(conversation())),
        ("typing:stop", here.clone(), Command::StopTyping(conversation())),
        ("presence:update", json!({"status": "busy"}), Command::ChoosePresence(PresenceStatus::Busy)),
        ("presence:get", json!({"userId": ID}), Command::ReadPresence(user)),
        ("call:start", json!({"conversationId": ID, "callerId": "x"}), Command::StartCall(conversation())),
        ("auth", json!({"token": "t"}), Command::Authenticate { token: "t".into(), resume: None }),
        (
            "resume",
            json!({"resume": {ID.to_string(): 3}}),
            Command::Resume(Resume::new([(conversation(), chat_domain::Pos::new(3))])),
        ),
    ];
    for (event, data, command) in cases {
        assert_eq!(parse(event, &data), Ok(command), "{event}");
        assert!(COLON_COMMANDS.contains(&event), "{event} is listed");
    }
}

#[test]
fn a_message_is_read_with_all_that_belongs_to_it() {
    let data = json!({
        "conversationId": ID, "content": " hi ", "attachment": "/a.png", "clientMessageId": "k", "replyTo": ID,
        "sender": "somebody else"
    });
    let Ok(Command::SendMessage(send)) = parse("message:send", &data) else { panic!("a message") };
    assert_eq!((send.body.as_str(), send.reply_to), ("hi", Some(MessageId::new(ID))));
    assert_eq!(send.client_message_id.map(|key| key.as_str().to_owned()).as_deref(), Some("k"));
    let bare = json!({"conversationId": ID, "content": "hi", "attachment": null, "clientMessageId": null});
    assert!(parse("message:send", &bare).is_ok(), "null is absence");
}

#[test]
fn every_fault_of_a_command_is_named_at_once() {
    let data = json!({"conversationId": "no", "content": 7, "attachment": "javascript:x", "clientMessageId": "a b"});
    assert_eq!(fields_of("message:send", &data), ["conversationId", "content", "attachment", "clientMessageId"]);
    assert_eq!(fields_of("message:send", &json!({})), ["conversationId", "content"]);
    assert_eq!(fields_of("typing:start", &json!([])), ["data"]);
    assert_eq!(fields_of("typing:start", &json!("x")), ["data"]);
    assert_eq!(fields_of("message:read", &json!({"conversationId": ID, "seq": -1})), ["seq"]);
    assert_eq!(fields_of("message:read", &json!({"conversationId": ID, "seq": 1, "messageId": ID})), ["seq"]);
    assert_eq!(fields_of("messages:fetch", &json!({"conversationId": ID, "before": 1, "after": 1})), ["before"]);
    assert_eq!(fields_of("messages:fetch", &json!({"conversationId": ID, "limit": 101})), ["limit"]);
    assert_eq!(fields_of("presence:update", &json!({"status": "offline"})), ["status"]);
    assert_eq!(fields_of("auth", &json!({"resume": {"x": 1}})), ["token", "resume"]);
    assert_eq!(fields_of("resume", &json!({"resume": {ID.to_string(): -1}})), ["resume"]);
    assert_eq!(fields_of("resume", &json!({})), ["resume"]);
}

#[test]
fn an_unknown_event_is_named_as_such_and_a_deep_one_is_refused() {
    assert_eq!(parse("message:sand", &json!({})).expect_err("unknown").code, ErrorCode::UnknownEvent);
    let deep = format!(r#"{{"event":"typing:start","data":{{"a":{}{}}}}}"#, "[".repeat(5_000), "]".repeat(5_000));
    let frame = ClientFrame::parse(&deep).expect("a frame");
    assert_eq!(Command::parse(&frame).expect_err("too deep").code, ErrorCode::ValidationFailed);
}
