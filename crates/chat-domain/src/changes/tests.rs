use super::*;
use crate::conversations::{Conversation, ConversationDetails, ConversationKind, Role};
use crate::messages::{Emoji, Message, MessageBody, PinChange, ReactionChange, Reactions};
use crate::users::UserSummary;
use crate::{ConversationId, MessageId, Pos, Seq, Timestamp, UserId};
use std::collections::BTreeSet;
use uuid::Uuid;

const PLACE: ConversationId = ConversationId::new(Uuid::from_u128(7));

fn user(number: u128) -> UserId {
    UserId::new(Uuid::from_u128(number))
}

fn summary(number: u128) -> UserSummary {
    UserSummary { id: user(number), username: None, name: "n".into(), avatar: None }
}

fn details() -> Box<ConversationDetails> {
    let conversation = Conversation {
        id: PLACE,
        kind: ConversationKind::Group,
        name: None,
        description: None,
        avatar: None,
        is_active: true,
        metadata: None,
        invite_code: None,
        created_by: user(1),
        last_seq: Seq::ZERO,
        last_pos: Pos::new(9),
        participant_count: 2,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
    };
    Box::new(ConversationDetails { conversation, participants: Vec::new() })
}

fn message() -> Message {
    Message {
        id: MessageId::new(Uuid::from_u128(8)),
        conversation_id: PLACE,
        kind: ConversationKind::Group,
        seq: Seq::new(1),
        pos: Pos::new(3),
        changed: None,
        sender: summary(1),
        body: MessageBody::parse("hello").expect("a body"),
        attachment: None,
        reply_to: None,
        quoted: None,
        metadata: None,
        forwarded_from: None,
        reactions: Reactions::default(),
        pinned_at: None,
        client_message_id: None,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
        edited_at: None,
        deleted_at: None,
        deleted_by: None,
    }
}

/// One of each kind.
fn every_kind() -> Vec<ChangeKind> {
    vec![
        ChangeKind::MessageSent(Box::new(message())),
        ChangeKind::Created { details: details(), member_ids: vec![user(1), user(2)] },
        ChangeKind::Updated(details()),
        ChangeKind::ParticipantAdded { user: summary(3), role: Role::Member, details: details() },
        ChangeKind::ParticipantRemoved { user_id: user(3) },
        ChangeKind::ParticipantUpdated { user_id: user(3), role: Role::Admin },
        ChangeKind::MessageUpdated(Box::new(message())),
        ChangeKind::MessageDeleted { message: Box::new(message()), by: user(3) },
        ChangeKind::ReactionAdded(Box::new(reaction("👍"))),
        ChangeKind::ReactionRemoved(Box::new(reaction("party_parrot"))),
        ChangeKind::MessagePinned(Box::new(pin())),
        ChangeKind::MessageUnpinned(Box::new(pin())),
    ]
}

fn pin() -> PinChange {
    PinChange { message_id: message().id, seq: Seq::new(1), user: summary(3) }
}

fn reaction(emoji: &str) -> ReactionChange {
    let emoji = Emoji::parse(emoji).expect("an emoji");
    ReactionChange { message_id: message().id, seq: Seq::new(1), emoji, user: summary(3), count: 2 }
}

fn change(kind: ChangeKind) -> Change {
    Change { conversation_id: PLACE, pos: Pos::new(3), at: Timestamp::default(), kind }
}

fn present_of(change: &Change) -> Present {
    let Shown { message, user, conversation } = change.kind.shown();
    Present::new(message.cloned(), user.cloned(), conversation.cloned())
}

#[test]
fn every_kind_has_a_row_and_comes_back_from_its_record() {
    let tags: BTreeSet<_> = every_kind().iter().map(ChangeKind::tag).collect();
    let known: BTreeSet<_> = ChangeTag::KNOWN.iter().map(|(tag, _)| tag.clone()).collect();
    assert_eq!(tags, known, "`KNOWN` and the kinds of this test differ");
    assert!(ChangeTag::BASELINE.iter().all(|tag| known.contains(tag)));
    for change in every_kind().into_iter().map(change) {
        assert_eq!(ChangeTag::from_stored(change.kind.tag().as_str()), change.kind.tag());
        let record = change.record();
        assert_eq!(record.effect, change.kind.effect().to_owned());
        assert_eq!(resolve(record, &present_of(&change)), change);
    }
}

#[test]
fn what_a_view_shows_is_what_its_kind_needs() {
    for change in every_kind().into_iter().map(change) {
        let (needs, shown) = (Needs::of([&change.record()]), change.kind.shown());
        assert_eq!(needs.messages, shown.message.map(|message| message.id).into_iter().collect::<Vec<_>>());
        assert_eq!(needs.users, shown.user.map(|user| user.id).into_iter().collect::<Vec<_>>());
        assert_eq!(needs.conversations, shown.conversation.map(|_| PLACE).into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn what_cannot_be_read_is_unknown_and_keeps_its_number_and_effect() {
    let newer = ChangeTag::from_stored("hands_raised");
    for change in every_kind().into_iter().map(change) {
        let record = ChangeRecord { tag: newer.clone(), ..change.record() };
        let read = resolve(record.clone(), &present_of(&change));
        assert_eq!((read.pos, read.kind.effect().to_owned()), (change.pos, record.effect.clone()));
        assert_eq!(read.kind, ChangeKind::Unknown(Box::new(record.clone())));
        assert_eq!(read.record(), record, "the record is passed on unchanged");
        if !change.record().tag.needs().is_empty() {
            let without = resolve(change.record(), &Present::default());
            assert!(without.kind.is_unknown(), "{without:?}");
        }
    }
}

#[test]
fn needs_of_several_records_name_each_thing_once() {
    let records: Vec<_> = every_kind().into_iter().chain(every_kind()).map(|kind| change(kind).record()).collect();
    let needs = Needs::of(&records);
    assert_eq!((needs.messages.len(), needs.users, needs.conversations), (1, vec![user(3)], vec![PLACE]));
}

#[test]
fn an_effect_reads_back_from_its_columns_and_names_no_more_users_than_it_must() {
    let record = |effect, subject| ChangeRecord { effect, subject, ..change(ChangeKind::Updated(details())).record() };
    for (effect, subject, named) in [
        (Effect::None, None, 0),
        (Effect::None, Some(user(1)), 0),
        (Effect::Joins(vec![user(1)]), Some(user(1)), 0),
        (Effect::Joins(vec![user(2)]), Some(user(1)), 1),
        (Effect::Leaves(vec![user(1), user(2)]), Some(user(1)), 2),
        (Effect::Joins(Vec::new()), None, 0),
    ] {
        let record = record(effect, subject);
        let users = record.named_users().map(<[_]>::to_vec);
        assert_eq!(users.as_ref().map_or(0, Vec::len), named);
        assert_eq!(Effect::from_stored(record.effect.as_str(), users, subject), record.effect);
    }
    assert_eq!(Effect::from_stored("mutes", Some(vec![user(1)]), None), Effect::None, "an effect of a later release");
}

#[test]
fn every_kind_is_a_feature_and_names_fit_into_a_list_with_spaces() {
    let known: BTreeSet<_> = Feature::known().collect();
    assert!(ChangeTag::KNOWN.iter().all(|(tag, _)| known.contains(&tag.clone().into())));
    assert!(Feature::baseline().all(|feature| known.contains(&feature)));
    for feature in &known {
        let name = feature.as_str();
        assert!(!name.is_empty() && !name.contains(' '), "{name}");
        assert_eq!(Feature::from_stored(name), *feature);
    }
}

#[test]
fn tags_of_this_release_are_short_words_and_any_other_is_read_too() {
    for (tag, _) in ChangeTag::KNOWN {
        let is_word = tag.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        assert!(is_word && (1..=ChangeTag::MAX_BYTES).contains(&tag.as_str().len()), "{tag}");
    }
    for text in ["", "Created", "a-b", "é"] {
        let tag = ChangeTag::from_stored(text);
        assert_eq!((tag.as_str(), tag.needs()), (text, &[][..]));
    }
}

fn at(pos: u64, kind: ChangeKind) -> Change {
    let kind = match kind {
        ChangeKind::MessageSent(message) => {
            ChangeKind::MessageSent(Box::new(Message { pos: Pos::new(pos), ..*message }))
        }
        kind => kind,
    };
    Change { pos: Pos::new(pos), ..change(kind) }
}

fn left_by_coalescing(kinds: Vec<ChangeKind>) -> Vec<u64> {
    let changes = (1..).zip(kinds).map(|(pos, kind)| at(pos, kind)).collect();
    coalesce(changes).iter().map(|change| change.pos.get()).collect()
}

#[test]
fn of_several_changes_that_set_the_same_the_last_one_stays() {
    let added = |number| ChangeKind::ParticipantAdded { user: summary(number), role: Role::Member, details: details() };
    let removed = |number| ChangeKind::ParticipantRemoved { user_id: user(number) };
    let updated = || ChangeKind::Updated(details());
    let sent = || ChangeKind::MessageSent(Box::new(message()));
    assert_eq!(left_by_coalescing(vec![updated(), sent(), updated(), sent()]), [2, 3, 4]);
    assert_eq!(left_by_coalescing(vec![added(3), added(4), removed(3), sent()]), [2, 3, 4]);
    assert_eq!(left_by_coalescing(vec![removed(3), added(3), removed(4), sent()]), [2, 3, 4]);
    let role = |number| ChangeKind::ParticipantUpdated { user_id: user(number), role: Role::Admin };
    let edited = || ChangeKind::MessageUpdated(Box::new(message()));
    assert_eq!(left_by_coalescing(vec![role(3), role(4), role(3), sent()]), [2, 3, 4]);
    assert_eq!(left_by_coalescing(vec![sent(), edited(), removed(3)]), [1, 3], "sent in the range");
    let kinds = vec![removed(3), updated(), edited(), edited(), updated()];
    assert_eq!(left_by_coalescing(kinds), [1, 4, 5], "sent before");
    assert!(left_by_coalescing(Vec::new()).is_empty());
}

#[test]
fn the_changes_of_parts_of_a_message_are_missed_as_one_update_of_the_whole() {
    let whole = |kind| {
        let record = change(kind).record().missed();
        resolve(record, &Present::new([message()], [summary(3)], []))
    };
    for (kind, tag) in [
        (ChangeKind::ReactionAdded(Box::new(reaction("👍"))), ChangeTag::MESSAGE_UPDATED),
        (ChangeKind::ReactionRemoved(Box::new(reaction("👍"))), ChangeTag::MESSAGE_UPDATED),
        (ChangeKind::MessagePinned(Box::new(pin())), ChangeTag::MESSAGE_UPDATED),
        (ChangeKind::MessageUnpinned(Box::new(pin())), ChangeTag::MESSAGE_UPDATED),
        (ChangeKind::MessageDeleted { message: Box::new(message()), by: user(3) }, ChangeTag::MESSAGE_DELETED),
        (ChangeKind::ParticipantRemoved { user_id: user(3) }, ChangeTag::PARTICIPANT_REMOVED),
    ] {
        assert_eq!(whole(kind).kind.tag(), tag);
    }
    let later: Vec<_> = ChangeTag::of_sent_messages().collect();
    assert!(ChangeTag::KNOWN.iter().all(|(tag, _)| !tag.is_of_part() || later.contains(&tag)));
}

#[test]
fn changes_of_unknown_kinds_all_stay() {
    let unknown = || {
        let record = ChangeRecord {
            tag: ChangeTag::from_stored("hands_raised"),
            ..change(ChangeKind::Updated(details())).record()
        };
        ChangeKind::Unknown(Box::new(record))
    };
    assert_eq!(left_by_coalescing(vec![unknown(), unknown(), ChangeKind::Updated(details()), unknown()]), [1, 2, 3, 4]);
}
