use super::*;
use chat_domain::calls::CallStarted;
use chat_domain::changes::{ChangeRecord, ChangeTag};
use chat_domain::conversations::{
    Conversation, ConversationDetails, ConversationKind, DirectKey, InviteCode, Participant, Role,
};
use chat_domain::messages::{Emoji, Message, MessageBody, PinChange, ReactionChange, ReactionStep, Reactions};
use chat_domain::presence::PresenceStatus;
use chat_domain::receipts::{DeliveryStatus, MessageStatus, Positions, PositionsMoved};
use chat_domain::users::{DisplayName, UserSummary};
use chat_domain::{Change, ClientMessageId, ConversationId, MessageId, Pos, Seq, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

const AT: Timestamp = Timestamp::from_unix_micros(1_700_000_000_123_456);

fn user(number: u128) -> UserSummary {
    UserSummary { id: UserId::new(Uuid::from_u128(number)), username: None, name: "Ann".into(), avatar: None }
}

fn sent() -> Event {
    sent_in(ConversationKind::Group)
}

fn pair() -> ConversationKind {
    ConversationKind::Direct(DirectKey::new(user(3).id, user(4).id))
}

fn sent_in(kind: ConversationKind) -> Event {
    Event::Change(Change {
        conversation_id: ConversationId::new(Uuid::from_u128(1)),
        pos: Pos::new(9),
        at: AT,
        kind: ChangeKind::MessageSent(Box::new(Message {
            id: MessageId::new(Uuid::from_u128(2)),
            conversation_id: ConversationId::new(Uuid::from_u128(1)),
            kind,
            seq: Seq::new(4),
            pos: Pos::new(9),
            changed: None,
            sender: user(3),
            body: MessageBody::parse("hi").expect("a body"),
            attachment: None,
            reply_to: None,
            quoted: None,
            metadata: None,
            forwarded_from: None,
            reactions: Reactions::default(),
            pinned_at: None,
            client_message_id: ClientMessageId::parse("k1").ok(),
            created_at: AT,
            updated_at: AT,
            edited_at: None,
            deleted_at: None,
            deleted_by: None,
        })),
    })
}

fn colon(event: &Event, variant: Variant) -> Value {
    let text = event_text(Dialect::Colon, Gateway::WebSocket, event, variant).expect("every event has a colon form");
    serde_json::from_str(&text).expect("JSON")
}

fn camel(event: &Event, variant: Variant) -> Option<Value> {
    let text = event_text(Dialect::Camel, Gateway::WebSocket, event, variant)?;
    Some(serde_json::from_str(&text).expect("JSON"))
}

fn told(event: &Event) -> Value {
    camel(event, Variant::Others).expect("a camel form")
}

#[test]
fn a_message_is_itself_with_its_pos_and_shows_the_key_to_its_sender_alone() {
    let own = colon(&sent(), Variant::Own);
    assert_eq!(
        own,
        json!({"event": "message:received", "data": {
            "id": Uuid::from_u128(2), "conversationId": Uuid::from_u128(1), "seq": 4, "pos": 9, "changedPos": 9,
            "sender": {"id": Uuid::from_u128(3), "name": "Ann", "avatar": null},
            "content": "hi", "attachment": null, "metadata": null, "forwardedFrom": null, "replyTo": null,
            "quoted": null, "reactions": [], "pinnedAt": null, "status": "SENT",
            "createdAt": "2023-11-14T22:13:20.123Z", "updatedAt": "2023-11-14T22:13:20.123Z",
            "editedAt": null, "deletedAt": null, "deletedBy": null, "clientMessageId": "k1"
        }})
    );
    let others = colon(&sent(), Variant::Others);
    assert_eq!(others["data"].get("clientMessageId"), None);
    assert_eq!(event_owner(Dialect::Colon, &sent()), Some(user(3).id));
}

#[test]
fn positions_typing_and_presence_have_the_shapes_of_the_contract() {
    let conversation_id = ConversationId::new(Uuid::from_u128(1));
    let user_id = user(3).id;
    let positions = Positions { joined: Seq::ZERO, delivered: Seq::new(5), read: Seq::new(4) };
    let cases = [
        (
            Event::PositionsMoved(PositionsMoved {
                conversation_id,
                kind: ConversationKind::Group,
                user_id,
                positions,
                covers: None,
            }),
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
        assert_eq!(colon(&event, Variant::Others), frame);
        assert_eq!(event_owner(Dialect::Colon, &event), None);
    }
}

const SENT_AT: &str = "2023-11-14T22:13:20.123Z";

#[test]
fn a_private_message_has_both_people_and_where_it_stands() {
    let (one, two, three, four) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3), Uuid::from_u128(4));
    let event = sent_in(pair());
    assert_eq!(
        camel(&event, Variant::Own),
        Some(json!({"event": "messageReceived", "data": {
            "messageId": two, "chatRoomId": format!("{three}_{four}"), "chatType": "PRIVATE",
            "sender": three, "receiver": four, "message": "hi", "status": "SENT", "isMine": true,
            "clientMessageId": "k1",
            "senderDetails": {"id": three, "username": null, "name": "Ann", "avatar": null},
            "createdAt": SENT_AT, "updatedAt": SENT_AT, "timestamp": SENT_AT,
            "conversationId": one, "seq": 4, "pos": 9, "changedPos": 9
        }}))
    );
    let others = told(&event);
    assert_eq!((&others["data"]["isMine"], others["data"].get("clientMessageId")), (&json!(false), None));
    assert_eq!(event_owner(Dialect::Camel, &event), Some(user(3).id));
}

#[test]
fn an_unknown_change_has_one_form_in_both_dialects_and_is_nobody_s_own() {
    let conversation_id = ConversationId::new(Uuid::from_u128(1));
    let record = ChangeRecord::new(conversation_id, Pos::new(9), AT, ChangeTag::from_stored("of_a_later_release"));
    let kind = ChangeKind::Unknown(Box::new(record));
    let event = Event::Change(Change { conversation_id, pos: Pos::new(9), at: AT, kind });
    let skipped = json!({"event": "change:skipped", "data": {"conversationId": conversation_id.as_uuid(), "pos": 9}});
    assert_eq!(colon(&event, Variant::Others), skipped);
    assert_eq!(camel(&event, Variant::Others), Some(skipped));
    assert_eq!(Dialect::ALL.iter().map(|dialect| event_owner(*dialect, &event)).collect::<Vec<_>>(), [None, None]);
}

/// Whose connections receive a form of their own, in each dialect.
fn owners(event: &Event) -> Vec<Option<UserId>> {
    Dialect::ALL.iter().map(|dialect| event_owner(*dialect, event)).collect()
}

fn revised(kind: impl FnOnce(Box<Message>) -> ChangeKind) -> Event {
    let Event::Change(change) = sent() else { unreachable!("a change") };
    let ChangeKind::MessageSent(message) = change.kind else { unreachable!("a message") };
    let pos = Pos::new(12);
    Event::Change(Change { pos, kind: kind(Box::new(Message { changed: Some(pos), ..*message })), ..change })
}

#[test]
fn an_edit_has_the_whole_message_in_one_form_for_both_dialects() {
    let event = revised(|message| ChangeKind::MessageUpdated(Box::new(Message { edited_at: Some(AT), ..*message })));
    let own = colon(&event, Variant::Own);
    assert_eq!(
        own,
        json!({"event": "message:updated", "data": {
            "conversationId": Uuid::from_u128(1), "pos": 12,
            "message": {
                "id": Uuid::from_u128(2), "conversationId": Uuid::from_u128(1), "seq": 4, "pos": 9, "changedPos": 12,
                "sender": {"id": Uuid::from_u128(3), "name": "Ann", "avatar": null},
                "content": "hi", "attachment": null, "metadata": null, "forwardedFrom": null, "replyTo": null,
                "quoted": null, "reactions": [], "pinnedAt": null, "status": "SENT",
                "createdAt": SENT_AT, "updatedAt": SENT_AT, "editedAt": SENT_AT, "deletedAt": null, "deletedBy": null,
                "clientMessageId": "k1"
            }
        }})
    );
    assert_eq!(camel(&event, Variant::Own), Some(own));
    assert_eq!(colon(&event, Variant::Others)["data"]["message"].get("clientMessageId"), None);
    assert_eq!(owners(&event), [Some(user(3).id); 2]);
}

#[test]
fn a_deletion_names_the_place_and_shows_nothing_of_the_message() {
    let event = revised(|message| ChangeKind::MessageDeleted { message, by: user(4).id });
    let deleted = json!({"event": "message:deleted", "data": {
        "conversationId": Uuid::from_u128(1), "pos": 12, "messageId": Uuid::from_u128(2), "seq": 4,
        "deletedBy": Uuid::from_u128(4), "deletedAt": SENT_AT
    }});
    assert_eq!(colon(&event, Variant::Own), deleted);
    assert_eq!(camel(&event, Variant::Others), Some(deleted));
    assert_eq!(owners(&event), [None; 2]);
}

fn reaction() -> ReactionChange {
    let (message_id, emoji) = (MessageId::new(Uuid::from_u128(2)), Emoji::parse("👍").expect("an emoji"));
    ReactionChange { message_id, seq: Seq::new(4), emoji, user: user(4), count: 2 }
}

#[test]
fn a_reaction_names_its_user_and_is_nobody_s_own() {
    for (kind, name) in [
        (ChangeKind::ReactionAdded(Box::new(reaction())), "reaction:added"),
        (ChangeKind::ReactionRemoved(Box::new(reaction())), "reaction:removed"),
    ] {
        let event = changed(kind);
        let told = json!({"event": name, "data": {
            "conversationId": Uuid::from_u128(1), "pos": 9, "messageId": Uuid::from_u128(2), "seq": 4, "emoji": "👍",
            "user": {"id": Uuid::from_u128(4), "name": "Ann", "avatar": null}, "count": 2
        }});
        assert_eq!((colon(&event, Variant::Others), camel(&event, Variant::Others)), (told.clone(), Some(told)));
        assert_eq!(owners(&event), [None; 2]);
    }
}

fn pin() -> PinChange {
    PinChange { message_id: MessageId::new(Uuid::from_u128(2)), seq: Seq::new(4), user: user(4) }
}

#[test]
fn a_pin_names_its_user_and_its_time() {
    for (kind, name, pinned_at) in [
        (ChangeKind::MessagePinned(Box::new(pin())), "message:pinned", json!(SENT_AT)),
        (ChangeKind::MessageUnpinned(Box::new(pin())), "message:unpinned", json!(null)),
    ] {
        let event = changed(kind);
        let told = json!({"event": name, "data": {
            "conversationId": Uuid::from_u128(1), "pos": 9, "messageId": Uuid::from_u128(2), "seq": 4,
            "user": {"id": Uuid::from_u128(4), "name": "Ann", "avatar": null}, "pinnedAt": pinned_at
        }});
        assert_eq!((colon(&event, Variant::Others), camel(&event, Variant::Others)), (told.clone(), Some(told)));
        assert_eq!(owners(&event), [None; 2]);
    }
}

#[test]
fn events_name_those_who_reacted_and_leave_out_whose_reactions_they_are() {
    let event = revised(|message| {
        let mut message = *message;
        message.reactions.apply(&ReactionStep::Add(reaction().emoji), user(4).id);
        ChangeKind::MessageUpdated(Box::new(message))
    });
    let shown = colon(&event, Variant::Own)["data"]["message"]["reactions"].clone();
    assert_eq!(shown, json!([{"emoji": "👍", "count": 1, "userIds": [Uuid::from_u128(4)]}]));
}

#[test]
fn a_changed_role_has_one_form_in_both_dialects() {
    let updated = changed(ChangeKind::ParticipantUpdated { user_id: user(4).id, role: Role::Admin });
    let data = json!({"conversationId": Uuid::from_u128(1), "pos": 9, "userId": user(4).id.as_uuid(), "role": "admin"});
    let frame = json!({"event": "participant:updated", "data": data});
    assert_eq!((colon(&updated, Variant::Others), camel(&updated, Variant::Others)), (frame.clone(), Some(frame)));
}

#[test]
fn whose_a_message_is_shows_in_camel_also_without_a_key() {
    let Event::Change(mut change) = sent() else { unreachable!("a change") };
    if let ChangeKind::MessageSent(message) = &mut change.kind {
        message.client_message_id = None;
    }
    let event = Event::Change(change);
    assert_eq!(event_owner(Dialect::Camel, &event), Some(user(3).id));
    assert_eq!(event_owner(Dialect::Colon, &event), None, "both forms are the same");
}

#[test]
fn a_group_s_message_names_its_group_and_its_sender() {
    let frame = told(&sent());
    assert_eq!(frame["event"], "groupMessageReceived");
    let data = &frame["data"];
    assert_eq!((&data["groupId"], &data["senderName"]), (&json!(Uuid::from_u128(1)), &json!("Ann")));
    assert_eq!((&data["chatType"], &data["readBy"], &data["pos"]), (&json!("GROUP"), &json!([]), &json!(9)));
}

fn details(kind: ConversationKind) -> Box<ConversationDetails> {
    let conversation = Conversation {
        id: ConversationId::new(Uuid::from_u128(1)),
        kind,
        name: None,
        description: None,
        avatar: None,
        is_active: true,
        metadata: None,
        invite_code: Some(InviteCode::new(Uuid::from_u128(8))),
        created_by: user(3).id,
        last_seq: Seq::ZERO,
        last_pos: Pos::new(9),
        participant_count: 1,
        created_at: AT,
        updated_at: AT,
    };
    let participant = Participant { user: user(3), role: Role::Admin, joined_at: AT, positions: Positions::default() };
    Box::new(ConversationDetails { conversation, participants: vec![participant] })
}

fn changed(kind: ChangeKind) -> Event {
    Event::Change(Change { conversation_id: ConversationId::new(Uuid::from_u128(1)), pos: Pos::new(9), at: AT, kind })
}

#[test]
fn every_kind_of_change_has_an_event_in_both_dialects() {
    let in_group = || details(ConversationKind::Group);
    let Event::Change(Change { kind: message, .. }) = sent() else { panic!("a message") };
    let ChangeKind::MessageSent(edited) = message.clone() else { panic!("a message") };
    let kinds = [
        message,
        ChangeKind::MessageUpdated(edited.clone()),
        ChangeKind::MessageDeleted { message: edited, by: user(4).id },
        ChangeKind::ReactionAdded(Box::new(reaction())),
        ChangeKind::ReactionRemoved(Box::new(reaction())),
        ChangeKind::MessagePinned(Box::new(pin())),
        ChangeKind::MessageUnpinned(Box::new(pin())),
        ChangeKind::Created { details: in_group(), member_ids: vec![user(3).id] },
        ChangeKind::Updated(in_group()),
        ChangeKind::ParticipantAdded { user: user(4), role: Role::Member, details: in_group() },
        ChangeKind::ParticipantRemoved { user_id: user(4).id },
        ChangeKind::ParticipantUpdated { user_id: user(4).id, role: Role::Admin },
    ];
    let tags: Vec<_> = kinds.iter().map(ChangeKind::tag).collect();
    assert!(ChangeTag::KNOWN.iter().all(|(tag, _)| tags.contains(tag)), "a kind is missing here: {tags:?}");
    for kind in kinds {
        let event = changed(kind);
        for dialect in Dialect::ALL {
            let text = event_text(*dialect, Gateway::WebSocket, &event, Variant::Others);
            assert!(text.is_some(), "{dialect:?} has no event for {event:?}");
        }
    }
}

#[test]
fn a_group_is_announced_without_who_is_here_and_a_private_chat_is_not() {
    let group = told(&changed(ChangeKind::Updated(details(ConversationKind::Group))));
    assert_eq!(group["event"], "groupUpdated");
    let data = &group["data"];
    assert_eq!((&data["groupId"], &data["conversationId"], &data["pos"]), (&data["id"], &data["id"], &json!(9)));
    assert_eq!(data["members"], json!([{"id": user(3).id.as_uuid(), "username": null, "name": "Ann", "avatar": null}]));
    assert_eq!(data["admins"], json!([user(3).id.as_uuid()]));
    let created =
        |kind| changed(ChangeKind::Created { details: details(kind), member_ids: vec![user(3).id, user(4).id] });
    assert_eq!(told(&created(ConversationKind::Group))["event"], "groupCreated");
    assert_eq!(camel(&created(pair()), Variant::Others), None);
}

#[test]
fn a_private_chat_that_changed_is_announced_in_both_dialects_alike() {
    let changed = changed(ChangeKind::Updated(details(pair())));
    let chat = told(&changed);
    assert_eq!((&chat["event"], &chat["data"]["pos"]), (&json!("conversation:updated"), &json!(9)));
    assert_eq!(chat, colon(&changed, Variant::Others));
}

#[test]
fn who_comes_into_a_group_is_shown_the_group_and_the_others_are_not() {
    let added = changed(ChangeKind::ParticipantAdded {
        user: user(4),
        role: Role::Member,
        details: details(ConversationKind::Group),
    });
    let own = camel(&added, Variant::Own).expect("a camel form");
    assert_eq!((&own["event"], &own["data"]["role"]), (&json!("participant:added"), &json!("member")));
    assert_eq!(own["data"]["group"]["groupId"], json!(Uuid::from_u128(1)));
    assert_eq!(told(&added)["data"].get("group"), None);
    assert_eq!(event_owner(Dialect::Camel, &added), Some(user(4).id));
    let (one, four) = (Uuid::from_u128(1), Uuid::from_u128(4));
    assert_eq!(
        told(&changed(ChangeKind::ParticipantRemoved { user_id: user(4).id })),
        json!({
            "event": "participant:removed",
            "data": {"groupId": one, "conversationId": one, "pos": 9, "userId": four}
        })
    );
}

#[test]
fn a_move_of_positions_is_the_status_of_the_newest_message_that_it_covers() {
    let moved = |covers| {
        Event::PositionsMoved(PositionsMoved {
            conversation_id: ConversationId::new(Uuid::from_u128(1)),
            kind: pair(),
            user_id: user(4).id,
            positions: Positions::default(),
            covers,
        })
    };
    let (message_id, read_by) = (MessageId::new(Uuid::from_u128(2)), vec![user(4).id]);
    let status = MessageStatus { message_id, status: DeliveryStatus::Read, read_by };
    assert_eq!(
        told(&moved(Some(status))),
        json!({"event": "messageStatus", "data": {
            "messageId": Uuid::from_u128(2), "status": "READ", "readBy": [Uuid::from_u128(4)]}})
    );
    assert_eq!(camel(&moved(None), Variant::Others), None);
}

#[test]
fn typing_windows_presence_and_calls_have_the_shapes_of_the_contract() {
    let (one, three, four) = (Uuid::from_u128(1), Uuid::from_u128(3), Uuid::from_u128(4));
    let room = format!("{three}_{four}");
    let (conversation_id, user_id, at) = (ConversationId::new(one), user(3).id, AT);
    let group = ConversationKind::Group;
    let call =
        |kind, caller_name| Event::CallStarted(CallStarted { conversation_id, kind, caller: user(3), caller_name, at });
    let cases = [
        (
            Event::TypingChanged { conversation_id, kind: pair(), user_id, is_typing: true },
            json!({"event": "userTyping", "data": {"userId": three, "chatRoomId": room, "isTyping": true}}),
        ),
        (
            Event::TypingChanged { conversation_id, kind: group, user_id, is_typing: false },
            json!({"event": "userTyping", "data": {"userId": three, "groupId": one, "isTyping": false}}),
        ),
        (
            Event::WindowOpened { conversation_id, kind: pair(), user_id, at },
            json!({"event": "userJoinedChat", "data": {"userId": three, "chatRoomId": room}}),
        ),
        (
            Event::WindowClosed { conversation_id, kind: pair(), user_id, at },
            json!({"event": "userLeftChat", "data": {"userId": three, "chatRoomId": room}}),
        ),
        (
            Event::WindowOpened { conversation_id, kind: group, user_id, at },
            json!({"event": "userJoinedGroup", "data": {"userId": three, "groupId": one, "timestamp": SENT_AT}}),
        ),
        (
            Event::WindowClosed { conversation_id, kind: group, user_id, at },
            json!({"event": "userLeftGroup", "data": {"userId": three, "groupId": one, "timestamp": SENT_AT}}),
        ),
        (
            Event::UserOnline { user: user(3), status: PresenceStatus::Away, at },
            json!({"event": "userOnline", "data": {"userId": three, "isOnline": true, "connectedAt": SENT_AT}}),
        ),
        (
            Event::UserOffline { user_id, last_seen: at },
            json!({"event": "userOffline", "data": {"userId": three, "isOnline": false, "lastSeen": SENT_AT}}),
        ),
        (
            call(group, DisplayName::parse("Annie").ok()),
            json!({"event": "groupCallIncoming", "data": {
                "groupId": one, "callerId": three, "callerName": "Annie", "timestamp": SENT_AT}}),
        ),
        (
            call(pair(), None),
            json!({"event": "groupCallIncoming", "data": {
                "chatRoomId": room, "callerId": three, "callerName": "Ann", "timestamp": SENT_AT}}),
        ),
    ];
    for (event, frame) in cases {
        assert_eq!(told(&event), frame);
        assert_eq!(event_owner(Dialect::Camel, &event), None);
    }
}
