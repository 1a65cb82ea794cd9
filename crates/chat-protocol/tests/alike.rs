//! REST and the sockets read the same data alike: the same values, and the same sentence for the same fault.

use chat_domain::ConversationId;
use chat_domain::receipts::AdvancePositions;
use chat_protocol::chat::{ChatMessageBody, FetchChatBody};
use chat_protocol::messages::SendMessageBody;
use chat_protocol::realtime::{ClientFrame, Command};
use chat_protocol::receipts::ReadBody;
use chat_protocol::{BodyError, Fault, parse_body};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use uuid::Uuid;

const ID: &str = "00000000-0000-0000-0000-000000000001";

fn conversation() -> ConversationId {
    ConversationId::new(Uuid::from_u128(1))
}

/// Any value, often one that a field of some body accepts.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0_u32..200).prop_map(|whole| Value::from(f64::from(whole))),
        (0_u64..200).prop_map(Value::from),
        ".{0,10}".prop_map(Value::from),
        Just(json!(ID)),
        Just(json!("PRIVATE")),
        Just(json!("group")),
        Just(json!("/a.png")),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::vec((".{0,3}", inner), 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A subset of these fields, with any values.
fn some_of(fields: &'static [&'static str]) -> impl Strategy<Value = Map<String, Value>> {
    proptest::collection::vec((proptest::sample::select(fields), any_value()), 0..8)
        .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn of_request<T>(read: Result<T, BodyError>, name: impl Fn(Fault) -> Fault) -> Result<T, Vec<Fault>> {
    read.map_err(|error| match error {
        BodyError::Invalid(invalid) => invalid.faults.into_iter().map(name).collect(),
        BodyError::Malformed(problem) => panic!("it is JSON: {problem}"),
    })
}

/// Sentences about the body as a whole: a request calls it the body, a frame `data`.
fn as_data(fault: Fault) -> Fault {
    match fault.message.strip_prefix("the body ") {
        Some(problem) if fault.field.is_empty() => Fault::new("data", problem),
        _ => fault,
    }
}

/// The fault of a body in a field of `data`.
fn within(outer: &str, fault: &Fault) -> Fault {
    let problem = fault.message.trim_start_matches(fault.field.as_str()).trim_start();
    Fault::new(format!("{outer}.{}", fault.field), problem)
}

fn of_frame(event: &str, data: &Value) -> Result<Command, Vec<Fault>> {
    let text = json!({"event": event, "data": data}).to_string();
    Command::parse(&ClientFrame::parse(&text).expect("a frame")).map_err(|invalid| {
        assert_eq!(Some(&invalid.message), invalid.faults.first().map(|fault| &fault.message));
        invalid.faults
    })
}

fn bytes(fields: &Map<String, Value>) -> Vec<u8> {
    serde_json::to_vec(fields).expect("JSON")
}

fn beside_conversation(mut fields: Map<String, Value>) -> Value {
    fields.insert("conversationId".to_owned(), json!(ID));
    fields.into()
}

proptest! {
    #[test]
    fn a_message(fields in some_of(&["content", "attachment", "metadata", "forwardOf", "clientMessageId", "replyTo"])) {
        let request = parse_body(&bytes(&fields), |body: SendMessageBody| body.parse(conversation()));
        let request = request.map(|send| Command::SendMessage(Box::new(send)));
        prop_assert_eq!(of_request(request, as_data), of_frame("message:send", &beside_conversation(fields)));
    }

    #[test]
    fn a_position(fields in some_of(&["seq", "messageId"])) {
        let request = parse_body(&bytes(&fields), ReadBody::parse);
        let request = request.map(|target| Command::Advance(conversation(), AdvancePositions::Read(target)));
        prop_assert_eq!(of_request(request, as_data), of_frame("message:read", &beside_conversation(fields)));
    }

    #[test]
    fn a_message_of_a_chat(
        fields in some_of(&[
            "chatRoomId", "chatType", "receiver", "groupId", "message", "attachment", "metadata", "forwardOf",
            "clientMessageId", "replyTo",
        ])
    ) {
        let request = parse_body(&bytes(&fields), ChatMessageBody::parse);
        let request = request.map(|message| Command::SendChatMessage(Box::new(message)));
        let request = of_request(request, |fault| within("messageData", &fault));
        prop_assert_eq!(request, of_frame("sendMessage", &json!({"messageData": fields})));
    }

    #[test]
    fn a_page_of_a_chat(
        fields in some_of(&["currentUserId", "senderId", "receiverId", "groupId", "page", "limit"])
    ) {
        let request = parse_body(&bytes(&fields), FetchChatBody::parse).map(Command::FetchChat);
        prop_assert_eq!(of_request(request, as_data), of_frame("fetchMessages", &fields.into()));
    }
}

#[test]
fn an_id_of_the_wrong_type_has_one_sentence() {
    let faults = of_frame("message:send", &json!({"conversationId": ID, "content": "x", "replyTo": 7}));
    assert_eq!(faults, Err(vec![Fault::new("replyTo", "must be a UUID")]));
    let request = parse_body(br#"{"content": "x", "replyTo": 7}"#, |body: SendMessageBody| body.parse(conversation()));
    assert_eq!(of_request(request, as_data).err(), faults.err());
}
