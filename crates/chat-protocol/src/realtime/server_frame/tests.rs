use super::*;
use crate::Fault;
use chat_domain::conversations::ConversationKind;
use chat_domain::messages::{Message, MessageBody};
use chat_domain::receipts::{Positions, PositionsMoved};
use chat_domain::users::UserSummary;
use chat_domain::{Change, ClientMessageId, ErrorCode, MessageId, Seq, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

const AT: Timestamp = Timestamp::from_unix_micros(1_700_000_000_123_456);

fn user(number: u128) -> UserSummary {
    UserSummary { id: UserId::new(Uuid::from_u128(number)), username: None, name: "Ann".into(), avatar: None }
}

fn sent() -> Event {
    Event::Change(Change {
        conversation_id: ConversationId::new(Uuid::from_u128(1)),
        pos: Pos::new(9),
        at: AT,
        kind: ChangeKind::MessageSent(Box::new(Message {
            id: MessageId::new(Uuid::from_u128(2)),
            conversation_id: ConversationId::new(Uuid::from_u128(1)),
            kind: ConversationKind::Group,
            seq: Seq::new(4),
            pos: Pos::new(9),
            sender: user(3),
            body: MessageBody::parse("hi").expect("a body"),
            attachment: None,
            reply_to: None,
            client_message_id: ClientMessageId::parse("k1").ok(),
            created_at: AT,
            updated_at: AT,
            edited_at: None,
            deleted_at: None,
        })),
    })
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_message_is_itself_with_its_pos_and_shows_the_key_to_its_sender_alone() {
    let own = read(&event_text(Dialect::Colon, &sent(), Variant::Own));
    assert_eq!(
        own,
        json!({"event": "message:received", "data": {
            "id": Uuid::from_u128(2), "conversationId": Uuid::from_u128(1), "seq": 4, "pos": 9,
            "sender": {"id": Uuid::from_u128(3), "name": "Ann", "avatar": null},
            "content": "hi", "attachment": null, "replyTo": null, "status": "SENT",
            "createdAt": "2023-11-14T22:13:20.123Z", "updatedAt": "2023-11-14T22:13:20.123Z",
            "editedAt": null, "deletedAt": null, "clientMessageId": "k1"
        }})
    );
    let others = read(&event_text(Dialect::Colon, &sent(), Variant::Others));
    assert_eq!(others["data"].get("clientMessageId"), None);
    assert_eq!(event_owner(&sent()), Some(user(3).id));
}

#[test]
fn positions_typing_and_presence_have_the_shapes_of_the_contract() {
    let conversation_id = ConversationId::new(Uuid::from_u128(1));
    let user_id = user(3).id;
    let positions = Positions { joined: Seq::ZERO, delivered: Seq::new(5), read: Seq::new(4) };
    let cases = [
        (
            Event::PositionsMoved(PositionsMoved { conversation_id, kind: ConversationKind::Group, user_id, positions, covers: None }),
            json!({"event": "message:status", "data": {
                "conversationId": Uuid::from_u128(1), "userId": Uuid::from_u128(3), "deliveredSeq": 5, "readSeq": 4}}),
        ),
        (
            Event::TypingChanged { conversation_id, kind: ConversationKind::Group, user_id, is_typing: true },
            json!({"event": "typing:update", "data": {
                "conversationId": Uuid::from_u128(1), "userId": Uuid::from_u128(3), "isTyping": true}}),
        ),
        (
            Event::UserOffline { user_id, last_seen: AT },
            json!({"event": "user:offline", "data": {
                "userId": Uuid::from_u128(3), "lastSeen": "2023-11-14T22:13:20.123Z"}}),
        ),
        (
            Event::WindowOpened { conversation_id, kind: ConversationKind::Group, user_id, at: AT },
            json!({"event": "conversation:joined", "data": {
                "conversationId": Uuid::from_u128(1), "userId": Uuid::from_u128(3)}}),
        ),
    ];
    for (event, frame) in cases {
        assert_eq!(read(&event_text(Dialect::Colon, &event, Variant::Others)), frame);
        assert_eq!(event_owner(&event), None);
    }
}

#[test]
fn answers_name_the_command_and_errors_say_what_is_wrong() {
    assert_eq!(read(&empty_ack_text("c1")), json!({"event": "ack", "id": "c1", "data": {}}));
    assert_eq!(read(&ack_text("c1", &json!({"a": 1}))), json!({"event": "ack", "id": "c1", "data": {"a": 1}}));
    let mut failure = Failure::new(ErrorCode::ValidationFailed, "content must not be empty");
    assert_eq!(
        read(&error_text(None, &failure)),
        json!({"event": "error", "data": {"code": "VALIDATION_FAILED", "message": "content must not be empty"}})
    );
    failure.details.push(Fault::new("content", "must not be empty"));
    let frame = read(&error_text(Some("c2"), &failure));
    assert_eq!((frame["id"].as_str(), &frame["data"]["details"][0]["field"]), (Some("c2"), &json!("content")));
}

#[test]
fn resumed_maps_conversations_to_positions() {
    let id = ConversationId::new(Uuid::from_u128(1));
    assert_eq!(
        read(&resumed_text([(id, Pos::new(3))], [id])),
        json!({"event": "resumed", "data": {"positions": {Uuid::from_u128(1).to_string(): 3}, "limited": [Uuid::from_u128(1)]}})
    );
}
