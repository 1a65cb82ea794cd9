//! Generates any envelope that the domain allows, including text that only earlier releases accepted.

use chat_domain::calls::CallStarted;
use chat_domain::changes::{ChangeRecord, ChangeTag, Detail, DetailValue, Effect};
use chat_domain::conversations::{
    Conversation, ConversationDescription, ConversationDetails, ConversationKind, ConversationName, DirectKey,
    InviteCode, Participant, Role,
};
use chat_domain::messages::{
    AttachmentUrl, Emoji, ForwardedFrom, Message, MessageBody, PinChange, QuotedMessage, ReactionChange, ReactionStep,
    Reactions,
};
use chat_domain::presence::PresenceStatus;
use chat_domain::receipts::{DeliveryStatus, MessageStatus, Positions, PositionsMoved};
use chat_domain::users::{AvatarUrl, DisplayName, UserSummary, Username};
use chat_domain::{
    Audience, Change, ChangeKind, ClientMessageId, ConversationId, Envelope, Event, InvalidValue, MessageId, Metadata,
    Pos, Seq, Timestamp, UserId,
};
use proptest::option::of;
use proptest::prelude::*;
use uuid::Uuid;

fn id<T>(make: fn(Uuid) -> T) -> impl Strategy<Value = T> + Clone
where
    T: std::fmt::Debug,
{
    any::<u128>().prop_map(move |number| make(Uuid::from_u128(number)))
}

fn value<T: std::fmt::Debug>(
    pattern: &'static str,
    parse: fn(&str) -> Result<T, InvalidValue>,
) -> impl Strategy<Value = T> {
    pattern.prop_filter_map("the domain rejects it", move |text| parse(&text).ok())
}

fn at() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_unix_micros)
}

fn seq() -> impl Strategy<Value = Seq> {
    any::<u64>().prop_map(Seq::new)
}

fn pos() -> impl Strategy<Value = Pos> {
    any::<u64>().prop_map(Pos::new)
}

fn user() -> BoxedStrategy<UserSummary> {
    let username = of(value("[a-zA-Z0-9._-]{3,32}", Username::from_stored));
    let avatar = of(value("(https://|/)\\PC{1,40}", AvatarUrl::from_stored));
    (id(UserId::new), username, ".{0,20}", avatar)
        .prop_map(|(id, username, name, avatar)| UserSummary { id, username, name, avatar })
        .boxed()
}

fn positions() -> impl Strategy<Value = Positions> {
    (seq(), seq(), seq()).prop_map(|(joined, delivered, read)| Positions { joined, delivered, read })
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Admin), Just(Role::Member)]
}

fn kind() -> BoxedStrategy<ConversationKind> {
    prop_oneof![
        (id(UserId::new), id(UserId::new))
            .prop_map(|(one, other)| ConversationKind::Direct(DirectKey::new(one, other))),
        Just(ConversationKind::Group)
    ]
    .boxed()
}

fn message_status() -> BoxedStrategy<MessageStatus> {
    let status = prop_oneof![Just(DeliveryStatus::Sent), Just(DeliveryStatus::Delivered), Just(DeliveryStatus::Read)];
    (id(MessageId::new), status, proptest::collection::vec(id(UserId::new), 0..4))
        .prop_map(|(message_id, status, read_by)| MessageStatus { message_id, status, read_by })
        .boxed()
}

fn quoted() -> impl Strategy<Value = QuotedMessage> {
    let values = (id(MessageId::new), seq(), user(), value("(.|\n){0,20}", MessageBody::from_stored), of(at()), pos());
    values.prop_map(|(id, seq, sender, excerpt, deleted_at, changed_pos)| QuotedMessage {
        id,
        seq,
        sender,
        excerpt,
        deleted_at,
        changed_pos,
    })
}

fn emoji() -> impl Strategy<Value = Emoji> {
    value("\\PC{1,9}", Emoji::from_stored)
}

fn reactions() -> impl Strategy<Value = Reactions> {
    let reaction = (emoji(), id(UserId::new));
    proptest::collection::vec(reaction, 0..4).prop_map(|made| {
        let mut reactions = Reactions::default();
        for (emoji, user) in made {
            reactions.apply(&ReactionStep::Add(emoji), user);
        }
        reactions
    })
}

fn pin_change() -> impl Strategy<Value = Box<PinChange>> {
    let seq = (0..=Seq::MAX.get()).prop_map(Seq::new);
    (id(MessageId::new), seq, user()).prop_map(|(message_id, seq, user)| Box::new(PinChange { message_id, seq, user }))
}

fn reaction_change() -> impl Strategy<Value = Box<ReactionChange>> {
    let seq = (0..=Seq::MAX.get()).prop_map(Seq::new);
    (id(MessageId::new), seq, emoji(), user(), any::<u32>()).prop_map(|(message_id, seq, emoji, user, count)| {
        Box::new(ReactionChange { message_id, seq, emoji, user, count })
    })
}

fn message() -> BoxedStrategy<Message> {
    let ids = (id(MessageId::new), id(ConversationId::new), of(id(MessageId::new)), seq(), pos(), of(pos()));
    let texts = (
        value("(.|\n|\"){1,60}", MessageBody::from_stored),
        of(value("https?://\\PC{1,40}", AttachmentUrl::from_stored)),
        of(value("[!-~]{1,128}", ClientMessageId::parse)),
    );
    let others = (of(quoted()), of(value("\\{\"a\":[0-9]\\}", Metadata::from_stored)), of((user(), at())));
    let from = |(sender, created_at)| Box::new(ForwardedFrom { sender, created_at });
    let more = (others, reactions(), of(at()));
    (ids, kind(), user(), (texts, more), (at(), at(), of(at()), of(at()), of(id(UserId::new))))
        .prop_map(move |(ids, kind, sender, (texts, (others, reactions, pinned_at)), times)| Message {
            id: ids.0,
            conversation_id: ids.1,
            kind,
            seq: ids.3,
            pos: ids.4,
            changed: ids.5,
            sender,
            body: texts.0,
            attachment: texts.1,
            reply_to: ids.2,
            quoted: others.0.map(Box::new),
            metadata: others.1,
            forwarded_from: others.2.map(from),
            reactions,
            pinned_at,
            client_message_id: texts.2,
            created_at: times.0,
            updated_at: times.1,
            edited_at: times.2,
            deleted_at: times.3,
            deleted_by: times.4,
        })
        .boxed()
}

fn participant() -> BoxedStrategy<Participant> {
    (user(), role(), at(), positions())
        .prop_map(|(user, role, joined_at, positions)| Participant { user, role, joined_at, positions })
        .boxed()
}

/// A conversation whose participants have these avatars.
pub(super) fn details(id: ConversationId, avatars: Vec<AvatarUrl>) -> ConversationDetails {
    let participant = |avatar| Participant {
        user: UserSummary { id: UserId::new(Uuid::nil()), username: None, name: "n".repeat(100), avatar: Some(avatar) },
        role: Role::Member,
        joined_at: Timestamp::default(),
        positions: Positions::default(),
    };
    let conversation = Conversation {
        id,
        kind: ConversationKind::Group,
        name: None,
        description: None,
        avatar: None,
        is_active: true,
        metadata: None,
        invite_code: None,
        created_by: UserId::new(Uuid::nil()),
        last_seq: Seq::ZERO,
        last_pos: Pos::new(1),
        participant_count: 1,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
    };
    ConversationDetails { conversation, participants: avatars.into_iter().map(participant).collect() }
}

fn any_details() -> BoxedStrategy<Box<ConversationDetails>> {
    let texts = (
        of(value(".{1,60}", ConversationName::from_stored)),
        of(value("(.|\n){1,60}", ConversationDescription::from_stored)),
        of(value("/\\PC{1,40}", AvatarUrl::from_stored)),
    );
    let code = of(any::<u128>().prop_map(|random| InviteCode::new(Uuid::from_u128(random))));
    let numbers = (id(ConversationId::new), id(UserId::new), seq(), pos(), any::<u32>());
    let people = proptest::collection::vec(participant(), 0..4);
    (texts, kind(), (any::<bool>(), code), numbers, at(), at(), people)
        .prop_map(|(texts, kind, (is_active, invite_code), numbers, created_at, updated_at, participants)| {
            let conversation = Conversation {
                id: numbers.0,
                kind,
                name: texts.0,
                description: texts.1,
                avatar: texts.2,
                metadata: None,
                is_active,
                invite_code,
                created_by: numbers.1,
                last_seq: numbers.2,
                last_pos: numbers.3,
                participant_count: numbers.4,
                created_at,
                updated_at,
            };
            Box::new(ConversationDetails { conversation, participants })
        })
        .boxed()
}

fn change_kind() -> BoxedStrategy<ChangeKind> {
    prop_oneof![
        message().prop_map(|message| ChangeKind::MessageSent(Box::new(message))),
        (any_details(), proptest::collection::vec(id(UserId::new), 0..6))
            .prop_map(|(details, member_ids)| ChangeKind::Created { details, member_ids }),
        any_details().prop_map(ChangeKind::Updated),
        (user(), role(), any_details()).prop_map(|(user, role, details)| ChangeKind::ParticipantAdded {
            user,
            role,
            details
        }),
        id(UserId::new).prop_map(|user_id| ChangeKind::ParticipantRemoved { user_id }),
        (id(UserId::new), role()).prop_map(|(user_id, role)| ChangeKind::ParticipantUpdated { user_id, role }),
        message().prop_map(|message| ChangeKind::MessageUpdated(Box::new(message))),
        (message(), id(UserId::new))
            .prop_map(|(message, by)| ChangeKind::MessageDeleted { message: Box::new(message), by }),
        reaction_change().prop_map(ChangeKind::ReactionAdded),
        reaction_change().prop_map(ChangeKind::ReactionRemoved),
        pin_change().prop_map(ChangeKind::MessagePinned),
        pin_change().prop_map(ChangeKind::MessageUnpinned),
    ]
    .boxed()
}

fn event() -> BoxedStrategy<Event> {
    let conversation = || id(ConversationId::new);
    let person = || id(UserId::new);
    let status = prop_oneof![
        Just(PresenceStatus::Offline),
        Just(PresenceStatus::Online),
        Just(PresenceStatus::Away),
        Just(PresenceStatus::Busy)
    ];
    prop_oneof![
        1 => (conversation(), kind(), person(), positions(), of(message_status())).prop_map(
            |(conversation_id, kind, user_id, positions, covers)| {
                Event::PositionsMoved(PositionsMoved { conversation_id, kind, user_id, positions, covers })
            }
        ),
        1 => (conversation(), kind(), person(), any::<bool>()).prop_map(
            |(conversation_id, kind, user_id, is_typing)| {
                Event::TypingChanged { conversation_id, kind, user_id, is_typing }
            }
        ),
        1 => (user(), status, at()).prop_map(|(user, status, at)| Event::UserOnline { user, status, at }),
        1 => (person(), at()).prop_map(|(user_id, last_seen)| Event::UserOffline { user_id, last_seen }),
        1 => (conversation(), kind(), person(), at()).prop_map(
            |(conversation_id, kind, user_id, at)| Event::WindowOpened { conversation_id, kind, user_id, at }
        ),
        1 => (conversation(), kind(), person(), at()).prop_map(
            |(conversation_id, kind, user_id, at)| Event::WindowClosed { conversation_id, kind, user_id, at }
        ),
        1 => (conversation(), kind(), user(), of(value("\\PC{1,20}", DisplayName::from_stored)), at()).prop_map(
            |(conversation_id, kind, caller, caller_name, at)| {
                Event::CallStarted(CallStarted { conversation_id, kind, caller, caller_name, at })
            }
        ),
    ]
    .boxed()
}

/// Any durable change, including kinds that this release does not know. It shows what its record refers to.
pub(super) fn any_change() -> impl Strategy<Value = Change> {
    (id(ConversationId::new), pos(), at(), prop_oneof![5 => change_kind(), 1 => unknown()]).prop_map(
        |(conversation_id, pos, at, mut kind)| {
            if let ChangeKind::MessageSent(message) = kind {
                return Change::message_sent(*message);
            }
            if let ChangeKind::MessageUpdated(message) | ChangeKind::MessageDeleted { message, .. } = &mut kind {
                message.conversation_id = conversation_id;
            }
            if let ChangeKind::Created { details, .. }
            | ChangeKind::Updated(details)
            | ChangeKind::ParticipantAdded { details, .. } = &mut kind
            {
                details.conversation.id = conversation_id;
            }
            if let ChangeKind::Unknown(record) = &mut kind {
                (record.conversation_id, record.pos, record.at) = (conversation_id, pos, at);
            }
            Change { conversation_id, pos, at, kind }
        },
    )
}

fn unknown() -> BoxedStrategy<ChangeKind> {
    let users = || proptest::collection::vec(id(UserId::new), 0..4);
    let effect = prop_oneof![Just(Effect::None), users().prop_map(Effect::Joins), users().prop_map(Effect::Leaves)];
    let who = (of(id(UserId::new)), of(id(UserId::new)), of(id(MessageId::new)), of(role()));
    let detail = of((".{0,20}", any::<i64>(), any::<bool>()));
    ("[a-z_]{20,32}".prop_map(|text| ChangeTag::from_stored(&text)), effect, who, detail)
        .prop_map(|(tag, effect, (actor, subject, message, role), detail)| {
            let detail = detail.map_or_else(Detail::default, |(text, number, flag)| {
                Detail::default()
                    .with("text", DetailValue::Text(text))
                    .with("number", DetailValue::Number(number))
                    .with("flag", DetailValue::Flag(flag))
            });
            ChangeKind::Unknown(Box::new(ChangeRecord {
                conversation_id: ConversationId::new(Uuid::nil()),
                pos: Pos::ZERO,
                at: Timestamp::default(),
                tag,
                effect,
                actor,
                subject,
                message,
                role,
                detail,
            }))
        })
        .boxed()
}

/// Any event, with any audience that is possible for it.
pub(super) fn any_envelope() -> impl Strategy<Value = Envelope> {
    let audience = prop_oneof![
        id(ConversationId::new).prop_map(Audience::Conversation),
        id(ConversationId::new).prop_map(Audience::Window),
        proptest::collection::vec(id(ConversationId::new), 0..20).prop_map(Audience::Conversations),
        id(UserId::new).prop_map(Audience::User),
        Just(Audience::Everyone),
    ];
    prop_oneof![
        any_change().prop_map(Envelope::change),
        (audience, of(id(UserId::new)), event()).prop_map(|(audience, except, event)| Envelope {
            audience,
            except,
            event
        }),
    ]
}
