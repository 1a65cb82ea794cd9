//! The field names of the wire format between nodes. A release reads what the previous one writes, and the reverse.
//! Names are added with a default, and never changed.

use super::super::*;
use super::node;
use chat_domain::conversations::{
    Conversation, ConversationDetails, ConversationKind, ConversationName, DirectKey, InviteCode, Participant, Role,
};
use chat_domain::messages::{AttachmentUrl, Emoji, Message, MessageBody, ReactionChange, ReactionStep, Reactions};
use chat_domain::receipts::{DeliveryStatus, MessageStatus, Positions, PositionsMoved};
use chat_domain::users::{AvatarUrl, UserSummary, Username};
use chat_domain::{
    Audience, Change, ChangeKind, ClientMessageId, ConversationId, Event, MessageId, Pos, Seq, Timestamp, UserId,
};
use serde_json::{Value, json};
use uuid::Uuid;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_unix_micros(micros)
}

fn user() -> UserSummary {
    UserSummary {
        id: UserId::new(id(1)),
        username: Some(Username::parse("ann").expect("a username")),
        name: "Ann".into(),
        avatar: Some(AvatarUrl::parse("/a.png").expect("an address")),
    }
}

fn user_json() -> Value {
    json!({"id": id(1), "username": "ann", "name": "Ann", "avatar": "/a.png"})
}

fn message() -> Message {
    Message {
        id: MessageId::new(id(8)),
        conversation_id: ConversationId::new(id(7)),
        kind: ConversationKind::Direct(DirectKey::new(UserId::new(id(1)), UserId::new(id(2)))),
        seq: Seq::new(4),
        pos: Pos::new(5),
        changed: None,
        sender: user(),
        body: MessageBody::parse("hello").expect("a body"),
        attachment: Some(AttachmentUrl::parse("/f.pdf").expect("an address")),
        metadata: None,
        forwarded_from: None,
        reply_to: Some(MessageId::new(id(9))),
        quoted: None,
        reactions: Reactions::default(),
        pinned_at: None,
        client_message_id: Some(ClientMessageId::parse("key").expect("a key")),
        created_at: at(10),
        updated_at: at(11),
        edited_at: Some(at(12)),
        deleted_at: None,
        deleted_by: None,
    }
}

fn message_json() -> Value {
    json!({
        "id": id(8), "conversation_id": id(7), "kind": {"direct": [id(1), id(2)]}, "seq": 4, "pos": 5,
        "sender": user_json(), "body": "hello", "attachment": "/f.pdf", "reply_to": id(9), "client_message_id": "key",
        "created_at": 10, "updated_at": 11, "edited_at": 12, "deleted_at": null
    })
}

fn details() -> ConversationDetails {
    let conversation = Conversation {
        id: ConversationId::new(id(7)),
        kind: ConversationKind::Group,
        name: Some(ConversationName::parse("Team").expect("a name")),
        description: None,
        avatar: None,
        is_active: true,
        metadata: None,
        invite_code: Some(InviteCode::new(id(255))),
        created_by: UserId::new(id(1)),
        last_seq: Seq::new(4),
        last_pos: Pos::new(5),
        participant_count: 1,
        created_at: at(1),
        updated_at: at(2),
    };
    let positions = Positions { joined: Seq::ZERO, delivered: Seq::new(4), read: Seq::new(3) };
    let participant = Participant { user: user(), role: Role::Admin, joined_at: at(3), positions };
    ConversationDetails { conversation, participants: vec![participant] }
}

fn details_json() -> Value {
    json!({
        "id": id(7), "kind": "group", "name": "Team", "description": null, "avatar": null, "is_active": true,
        "invite_code": "000000000000000000000000000000ff", "created_by": id(1), "last_seq": 4, "last_pos": 5,
        "participant_count": 1, "created_at": 1, "updated_at": 2,
        "participants": [{
            "user": user_json(), "role": "admin", "joined_at": 3, "positions": {"joined": 0, "delivered": 4, "read": 3}
        }]
    })
}

fn body(envelope: &Envelope, form: Form) -> Value {
    let bytes = write_packet(node(1), envelope, form).expect("a packet");
    let head = u32::from_be_bytes(bytes[1..PREFIX_BYTES].try_into().expect("four bytes"));
    serde_json::from_slice(&bytes[PREFIX_BYTES + head as usize..]).expect("JSON")
}

fn change(kind: ChangeKind) -> Envelope {
    Envelope::change(Change { conversation_id: ConversationId::new(id(7)), pos: Pos::new(5), at: at(10), kind })
}

#[test]
fn single_changes_have_the_names_of_the_release_before() {
    let added = ChangeKind::ParticipantAdded { user: user(), role: Role::Member, details: Box::new(details()) };
    for (kind, expected) in [
        (ChangeKind::MessageSent(Box::new(message())), json!({"MessageSent": message_json()})),
        (
            ChangeKind::Created { details: Box::new(details()), member_ids: vec![UserId::new(id(1))] },
            json!({"Created": {"details": details_json(), "member_ids": [id(1)]}}),
        ),
        (ChangeKind::Updated(Box::new(details())), json!({"Updated": details_json()})),
        (added, json!({"ParticipantAdded": {"user": user_json(), "role": "member", "details": details_json()}})),
        (
            ChangeKind::ParticipantRemoved { user_id: UserId::new(id(1)) },
            json!({"ParticipantRemoved": {"user_id": id(1)}}),
        ),
    ] {
        let expected = json!({"Change": {"conversation_id": id(7), "pos": 5, "at": 10, "kind": expected}});
        assert_eq!(body(&change(kind), Form::Events), expected);
    }
}

#[test]
fn records_have_their_names() {
    let sent = body(&change(ChangeKind::MessageSent(Box::new(message()))), Form::Records);
    let record =
        json!({"conversation_id": id(7), "pos": 5, "at": 10, "kind": "message_sent", "actor": id(1), "message": id(8)});
    assert_eq!(sent, json!({"records": [record], "messages": [message_json()]}));
    let added = ChangeKind::ParticipantAdded { user: user(), role: Role::Member, details: Box::new(details()) };
    let record = json!({
        "conversation_id": id(7), "pos": 5, "at": 10, "kind": "participant_added", "subject": id(1), "role": "member"
    });
    let expected = json!({"records": [record], "users": [user_json()], "conversations": [details_json()]});
    assert_eq!(body(&change(added), Form::Records), expected);
    let emoji = Emoji::parse("+1").expect("a name");
    let reaction = ReactionChange {
        message_id: MessageId::new(id(8)),
        seq: Seq::new(4),
        emoji: emoji.clone(),
        user: user(),
        count: 2,
    };
    let record = json!({
        "conversation_id": id(7), "pos": 5, "at": 10, "kind": "reaction_added", "actor": id(1), "message": id(8),
        "detail": {"emoji": "+1", "count": 2, "seq": 4}
    });
    let reacted = change(ChangeKind::ReactionAdded(Box::new(reaction)));
    assert_eq!(body(&reacted, Form::Records), json!({"records": [record], "users": [user_json()]}));
    let mut message = message();
    message.reactions.apply(&ReactionStep::Add(emoji), UserId::new(id(1)));
    let mut expected = message_json();
    expected["reactions"] = json!([{"emoji": "+1", "count": 1, "users": [id(1)]}]);
    let edited = body(&change(ChangeKind::MessageUpdated(Box::new(message))), Form::Records);
    assert_eq!(edited["messages"], json!([expected]));
}

#[test]
fn what_is_not_durable_has_the_names_of_the_release_before() {
    let (conversation_id, user_id, kind) = (ConversationId::new(id(7)), UserId::new(id(1)), ConversationKind::Group);
    let covers = MessageStatus {
        message_id: MessageId::new(id(8)),
        status: DeliveryStatus::Delivered,
        read_by: vec![UserId::new(id(2))],
    };
    let positions = Positions { joined: Seq::ZERO, delivered: Seq::new(4), read: Seq::new(3) };
    let moved = PositionsMoved { conversation_id, kind, user_id, positions, covers: Some(covers) };
    for (event, expected) in [
        (
            Event::PositionsMoved(moved),
            json!({"PositionsMoved": {
                "conversation_id": id(7), "kind": "group", "user_id": id(1),
                "positions": {"joined": 0, "delivered": 4, "read": 3},
                "covers": {"message_id": id(8), "status": "delivered", "read_by": [id(2)]}
            }}),
        ),
        (
            Event::TypingChanged { conversation_id, kind, user_id, is_typing: true },
            json!({"TypingChanged": {"conversation_id": id(7), "kind": "group", "user_id": id(1), "is_typing": true}}),
        ),
        (
            Event::UserOnline { user: user(), status: chat_domain::presence::PresenceStatus::Away, at: at(10) },
            json!({"UserOnline": {"user": user_json(), "status": "away", "at": 10}}),
        ),
        (
            Event::UserOffline { user_id, last_seen: at(10) },
            json!({"UserOffline": {"user_id": id(1), "last_seen": 10}}),
        ),
        (
            Event::WindowOpened { conversation_id, kind, user_id, at: at(10) },
            json!({"WindowOpened": {"conversation_id": id(7), "kind": "group", "user_id": id(1), "at": 10}}),
        ),
        (
            Event::CallStarted(chat_domain::calls::CallStarted {
                conversation_id,
                kind,
                caller: user(),
                caller_name: None,
                at: at(10),
            }),
            json!({"CallStarted": {
                "conversation_id": id(7), "kind": "group", "caller": user_json(), "caller_name": null, "at": 10
            }}),
        ),
    ] {
        let envelope = Envelope { audience: Audience::Everyone, except: None, event };
        assert_eq!(body(&envelope, Form::Records), expected);
    }
}
