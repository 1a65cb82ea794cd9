//! Bodies from any bytes that a client may send.

use chat_domain::ConversationId;
use chat_domain::auth::PasswordPolicy;
use chat_domain::users::AvatarUrl;
use chat_protocol::auth::{LoginBody, RefreshBody, RegisterBody};
use chat_protocol::chat::{
    AddMemberBody, ChatMessageBody, ChatReceiver, CreateGroupBody, FetchChatBody, UpdateGroupBody, UpdateStatusBody,
};
use chat_protocol::conversations::{AddParticipantBody, CreateConversationBody, UpdateConversationBody};
use chat_protocol::messages::SendMessageBody;

use chat_protocol::receipts::ReadBody;
use chat_protocol::users::{ChangePasswordBody, UpdateMeBody};
use chat_protocol::{BodyError, MAX_FAULTS, parse_body};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Returns what each kind of body reports for these bytes.
fn all(json: &[u8]) -> Vec<Option<BodyError>> {
    let policy = PasswordPolicy::default();
    let conversation = ConversationId::new(uuid::Uuid::nil());
    vec![
        parse_body(json, |body: RegisterBody| body.parse(policy)).err(),
        parse_body(json, LoginBody::parse).err(),
        parse_body(json, RefreshBody::parse).err(),
        parse_body(json, UpdateMeBody::parse).err(),
        parse_body(json, |body: ChangePasswordBody| body.parse(policy)).err(),
        parse_body(json, CreateConversationBody::parse).err(),
        parse_body(json, AddParticipantBody::parse).err(),
        parse_body(json, UpdateConversationBody::parse).err(),
        parse_body(json, |body: SendMessageBody| body.parse(conversation)).err(),
        parse_body(json, ReadBody::parse).err(),
        parse_body(json, ChatMessageBody::parse).err(),
        parse_body(json, FetchChatBody::parse).err(),
        parse_body(json, UpdateStatusBody::parse).err(),
        parse_body(json, CreateGroupBody::parse).err(),
        parse_body(json, UpdateGroupBody::parse).err(),
        parse_body(json, AddMemberBody::parse).err(),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        Just(json!("00000000-0000-0000-0000-000000000001")),
        Just(json!("ann@example.com")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((field(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn field() -> impl Strategy<Value = String> {
    let known = prop_oneof![
        Just("email"),
        Just("password"),
        Just("username"),
        Just("name"),
        Just("firstName"),
        Just("lastName"),
        Just("avatar"),
        Just("refreshToken"),
        Just("currentPassword"),
        Just("newPassword"),
        Just("participantIds"),
        Just("userId"),
        Just("description"),
        Just("content"),
        Just("attachment"),
        Just("clientMessageId"),
        Just("replyTo"),
        Just("seq"),
        Just("messageId"),
        Just("sender"),
        Just("status"),
        Just("chatType"),
        Just("receiver"),
        Just("groupId"),
        Just("message"),
        Just("senderId"),
        Just("receiverId"),
        Just("groupName"),
        Just("members"),
    ];
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => ".{0,8}"]
}

proptest! {
    #[test]
    fn any_json_is_a_body_or_has_named_faults(json in any_json()) {
        let bytes = serde_json::to_vec(&json).expect("JSON");
        for error in all(&bytes).into_iter().flatten() {
            let BodyError::Invalid(invalid) = error else { return Err(TestCaseError::fail("it is JSON")) };
            prop_assert!((1..=MAX_FAULTS).contains(&invalid.faults.len()));
            for fault in invalid.faults {
                prop_assert!(fault.message.starts_with(&fault.field) || fault.field.is_empty(), "{fault:?}");
                prop_assert!(!fault.field.contains('_') || json.to_string().contains('_'), "{fault:?}");
            }
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(all(&bytes).len(), 16);
    }
}

#[test]
fn faults_and_names_of_a_hostile_body_are_bounded() {
    let fields: Map<_, _> = (0..5_000).map(|number| (format!("{number}{}", "x".repeat(500)), Value::Null)).collect();
    let bytes = serde_json::to_vec(&Value::Object(fields)).expect("JSON");
    for error in all(&bytes).into_iter().flatten() {
        assert!(error.to_string().len() < 10_000);
    }
}

#[test]
fn secrets_do_not_come_back_in_faults() {
    let body = json!({"email": "hunter22@", "password": "hunter2", "username": "hunter2!"});
    let said = parse_body(body.to_string().as_bytes(), |body: RegisterBody| body.parse(PasswordPolicy::default()));
    assert!(!said.expect_err("faults").to_string().contains("hunter2"));
}

#[test]
fn what_is_left_out_stays_and_null_clears() {
    let changes = parse_body(br#"{"firstName": null, "avatar": "/a.png"}"#, UpdateMeBody::parse).expect("changes");
    assert_eq!((changes.name, changes.first_name, changes.last_name), (None, Some(None), None));
    assert_eq!(changes.avatar.flatten().map(AvatarUrl::into_string).as_deref(), Some("/a.png"));
    let changes = parse_body(b"{}", UpdateConversationBody::parse).expect("no changes");
    assert!(changes.is_empty());
}

#[test]
fn a_chat_message_is_for_whom_it_names_whatever_room_it_claims() {
    let body = json!({
        "chatRoomId": {"not": "even a text"}, "chatType": "private", "receiver": uuid::Uuid::nil(), "message": " x "
    });
    let message = parse_body(body.to_string().as_bytes(), ChatMessageBody::parse).expect("a message");
    assert_eq!(message.receiver, ChatReceiver::User(chat_domain::UserId::new(uuid::Uuid::nil())));
    assert_eq!(message.content.body.as_str(), "x");
    let body = json!({"groupId": uuid::Uuid::nil(), "receiver": null, "message": "x"});
    let message = parse_body(body.to_string().as_bytes(), ChatMessageBody::parse).expect("a message");
    assert_eq!(message.receiver, ChatReceiver::Group(ConversationId::new(uuid::Uuid::nil())));
}

#[test]
fn what_the_server_decides_is_ignored_in_messages_alone() {
    let conversation = ConversationId::new(uuid::Uuid::nil());
    let sent = br#"{"content": "x", "sender": {"id": 1}, "messageId": [], "status": "READ"}"#;
    assert!(parse_body(sent, |body: SendMessageBody| body.parse(conversation)).is_ok());
    assert!(parse_body(br#"{"status": 1}"#, ReadBody::parse).is_err());
}
