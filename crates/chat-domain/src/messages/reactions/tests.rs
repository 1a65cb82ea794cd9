use super::*;
use crate::conversations::{Conversation, ConversationKind, Role};
use crate::messages::MessageBody;
use proptest::prelude::*;
use uuid::Uuid;

fn user(number: u128) -> UserId {
    UserId::new(Uuid::from_u128(number))
}

fn summary(number: u128) -> UserSummary {
    UserSummary { id: user(number), username: None, name: "Ann".into(), avatar: None }
}

fn emoji(text: &str) -> Emoji {
    Emoji::parse(text).expect("an emoji")
}

#[test]
fn an_emoji_is_one_emoji_or_a_short_name() {
    for text in ["👍", "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇫🇷", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "1️⃣", "❤️", "+1", "-1", "party_parrot", "a"]
    {
        assert_eq!(Emoji::parse(text).map(Emoji::into_string), Ok(text.to_owned()));
        assert_eq!(Emoji::from_stored(text).map(Emoji::into_string), Ok(text.to_owned()));
    }
    assert!(Emoji::parse(&"x".repeat(Emoji::MAX_NAME_CHARS)).is_ok());
    let long = "x".repeat(Emoji::MAX_NAME_CHARS + 1);
    for text in ["", " ", "👍👍", "👍 ", "A", "é", "x y", ":x:", "\u{fe0f}", "🏳️‍👍", "a\u{fe0f}", &long]
    {
        assert!(matches!(Emoji::parse(text), Err(InvalidValue::Form { .. })), "{text:?}");
    }
}

#[test]
fn presentation_selectors_make_no_second_kind() {
    for known in emojis::iter().flat_map(|known| known.skin_tones().into_iter().flatten().chain([known])) {
        let bare: String = known.as_str().chars().filter(|char| !PRESENTATION_SELECTORS.contains(char)).collect();
        assert_eq!(emoji(&bare), emoji(known.as_str()));
    }
    for text in ["❤", "❤\u{fe0e}", "❤\u{fe0f}"] {
        assert_eq!(emoji(text).as_str(), "❤\u{fe0f}");
    }
    assert_eq!(emoji("👍\u{fe0f}").as_str(), "👍");
    assert_ne!(emoji("👍"), emoji("👍🏽"), "a skin tone is another kind");
}

proptest! {
    /// A model that keeps every reaction, in the order of their making.
    #[test]
    fn the_summary_is_that_of_the_users_reactions(
        steps in proptest::collection::vec((any::<bool>(), 0_usize..3, 0_u128..30), 0..200)
    ) {
        let kinds = ["👍", "🎉", "+1"].map(emoji);
        let (mut reactions, mut model) = (Reactions::default(), Vec::<(Emoji, Vec<UserId>)>::new());
        for (adds, kind, number) in steps {
            let (kind, user) = (&kinds[kind], user(number));
            let known = model.iter_mut().find(|(emoji, _)| emoji == kind);
            let has_reacted = known.as_ref().is_some_and(|(_, users)| users.contains(&user));
            if adds == has_reacted { continue; }
            let step = if adds { ReactionStep::Add(kind.clone()) } else { ReactionStep::Remove(kind.clone()) };
            let lacks_one = reactions.apply(&step, user);
            match known {
                Some((_, users)) if adds => users.push(user),
                Some((_, users)) => users.retain(|other| *other != user),
                None => model.push((kind.clone(), vec![user])),
            }
            if lacks_one {
                let (_, users) = model.iter().find(|(emoji, _)| emoji == kind).expect("a kind");
                reactions.set_users(kind, users.iter().copied().take(MAX_NAMED_REACTORS).collect());
            }
            model.retain(|(_, users)| !users.is_empty());
            let expected: Vec<_> = model.iter().map(|(emoji, users)| Reaction {
                emoji: emoji.clone(),
                count: u32::try_from(users.len()).expect("few"),
                users: users.iter().copied().take(MAX_NAMED_REACTORS).collect(),
            }).collect();
            prop_assert_eq!(reactions.clone().into_kinds(), expected);
            for (emoji, users) in &model {
                prop_assert!(users.len() <= MAX_NAMED_REACTORS || reactions.may_hide(users[MAX_NAMED_REACTORS]));
                prop_assert_eq!(reactions.count(emoji) as usize, users.len());
            }
        }
    }
}

#[test]
fn of_many_users_who_react_the_oldest_are_named() {
    let mut reactions = Reactions::default();
    for number in 0..=MAX_NAMED_REACTORS as u128 {
        assert!(!reactions.may_hide(user(number)));
        reactions.apply(&ReactionStep::Add(emoji("👍")), user(number));
    }
    let last = user(MAX_NAMED_REACTORS as u128);
    assert!(reactions.may_hide(last) && !reactions.may_hide(user(3)));
    assert!(!reactions.clone().apply(&ReactionStep::Remove(emoji("👍")), last), "nobody is missing in the list");
    assert!(reactions.apply(&ReactionStep::Remove(emoji("👍")), user(3)), "somebody is");
}

#[cfg(feature = "serde")]
#[test]
fn reactions_are_stored_as_text() {
    let mut reactions = Reactions::default();
    assert_eq!(reactions.to_stored(), None);
    reactions.apply(&ReactionStep::Add(emoji("👍")), user(1));
    reactions.apply(&ReactionStep::Add(emoji("+1")), user(2));
    let text = reactions.to_stored().expect("a text");
    assert_eq!(Reactions::from_stored(&text), Ok(reactions));
    assert!(Reactions::from_stored("{").is_err());
}

fn context(message: Message) -> EditContext {
    let conversation = Conversation {
        id: message.conversation_id,
        kind: message.kind,
        name: None,
        description: None,
        avatar: None,
        metadata: None,
        is_active: true,
        invite_code: None,
        created_by: user(1),
        last_seq: Seq::new(1),
        last_pos: Pos::new(9),
        participant_count: 2,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
    };
    let (role, user) = (Some(Role::Member), Some(summary(1)));
    EditContext { conversation: Some(conversation), role, user, message: Some(message), earlier_versions: 0 }
}

fn message(reactions: Reactions) -> Message {
    Message {
        id: MessageId::new(Uuid::from_u128(8)),
        conversation_id: ConversationId::new(Uuid::from_u128(7)),
        kind: ConversationKind::Group,
        seq: Seq::new(1),
        pos: Pos::new(2),
        changed: None,
        sender: summary(2),
        body: MessageBody::parse("hello").expect("a body"),
        attachment: None,
        metadata: None,
        forwarded_from: None,
        reply_to: None,
        quoted: None,
        reactions,
        pinned_at: None,
        client_message_id: None,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
        edited_at: None,
        deleted_at: None,
        deleted_by: None,
    }
}

fn react(text: &str, action: Reacting) -> React {
    let Message { conversation_id, id: message_id, .. } = message(Reactions::default());
    React { conversation_id, message_id, emoji: emoji(text), action }
}

fn steps(own: &[&str], text: &str, action: Reacting) -> Vec<ReactionStep> {
    let own: Vec<_> = own.iter().map(|text| emoji(text)).collect();
    let mut reactions = Reactions::default();
    for emoji in &own {
        reactions.add(emoji, user(1));
    }
    decide_reaction(context(message(reactions)), &own, &react(text, action)).expect("allowed").2
}

#[test]
fn a_reaction_takes_the_steps_that_make_it_so() {
    let (add, remove) = (|text| ReactionStep::Add(emoji(text)), |text| ReactionStep::Remove(emoji(text)));
    for (own, action, expected) in [
        (&[][..], Reacting::Add, vec![add("👍")]),
        (&["👍"], Reacting::Add, vec![]),
        (&["🎉"], Reacting::Add, vec![add("👍")]),
        (&[], Reacting::Remove, vec![]),
        (&["🎉"], Reacting::Remove, vec![]),
        (&["🎉", "👍"], Reacting::Remove, vec![remove("👍")]),
        (&[], Reacting::Replace, vec![add("👍")]),
        (&["👍"], Reacting::Replace, vec![]),
        (&["🎉", "x"], Reacting::Replace, vec![remove("🎉"), remove("x"), add("👍")]),
        (&["🎉", "👍"], Reacting::Replace, vec![remove("🎉")]),
    ] {
        assert_eq!(steps(own, "👍", action), expected, "{own:?} {action:?}");
    }
}

#[test]
fn a_message_has_at_most_twenty_kinds() {
    let names: Vec<_> = (0..MAX_REACTION_KINDS).map(|number| format!("n{number}")).collect();
    let mut reactions = Reactions::default();
    for name in &names {
        reactions.add(&emoji(name), user(1));
    }
    let decide = |own: &[Emoji], text, action| {
        decide_reaction(context(message(reactions.clone())), own, &react(text, action)).map(|(.., steps)| steps.len())
    };
    assert_eq!(decide(&[], "one_more", Reacting::Add), Err(Refusal::TooManyReactions));
    assert_eq!(decide(&[], "n7", Reacting::Add), Ok(1), "another user, the same kind");
    assert_eq!(decide(&[emoji("n7")], "one_more", Reacting::Replace), Ok(2), "its kind goes with the last user");
    assert_eq!(decide(&[emoji("n7")], "n7", Reacting::Remove), Ok(1));
}

#[test]
fn reactions_are_refused_in_the_order_of_the_contract() {
    let decide = |context| decide_reaction(context, &[], &react("👍", Reacting::Remove)).map(drop);
    let tombstone = message(Reactions::default()).deleted(user(2), (Pos::new(9), Timestamp::default()));
    assert_eq!(decide(EditContext::default()), Err(Refusal::UnknownConversation));
    let outside = EditContext { role: None, user: None, ..context(tombstone.clone()) };
    assert_eq!(decide(outside), Err(Refusal::NotAParticipant));
    let mut inactive = context(tombstone.clone());
    inactive.conversation.iter_mut().for_each(|conversation| conversation.is_active = false);
    assert_eq!(decide(inactive), Err(Refusal::Inactive));
    let unknown = EditContext { message: None, ..context(tombstone.clone()) };
    assert_eq!(decide(unknown), Err(Refusal::UnknownMessage));
    assert_eq!(decide(context(tombstone)), Err(Refusal::MessageDeleted));
    assert_eq!(decide(context(message(Reactions::default()))), Ok(()));
}

#[test]
fn a_deleted_message_has_no_reactions() {
    let mut reactions = Reactions::default();
    reactions.add(&emoji("👍"), user(1));
    assert!(message(reactions).deleted(user(2), (Pos::new(9), Timestamp::default())).reactions.is_empty());
}
