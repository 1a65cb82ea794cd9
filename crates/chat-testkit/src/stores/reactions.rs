//! Reactions to messages.

use super::edits::{present, refusal};
use super::races::{RACERS, race};
use super::scene::limit;
use super::{Scene, Stores};
use chat_domain::messages::{
    Emoji, HistoryRequest, MAX_NAMED_REACTORS, MAX_REACTION_KINDS, Message, ReactedMessage, Reacting, Reaction,
    ReactionChange, ReactorPage, ReactorsWanted,
};
use chat_domain::{
    ActionError, Change, ChangeKind, ChangeRange, ConversationId, MessageId, PageLimit, Pos, Refusal, UserId,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn emoji(text: &str) -> Emoji {
    Emoji::parse(text).expect("an emoji")
}

fn kind(text: &str, users: &[UserId]) -> Reaction {
    let named = users.iter().copied().take(MAX_NAMED_REACTORS).collect();
    Reaction { emoji: emoji(text), count: u32::try_from(users.len()).expect("few"), users: named }
}

async fn part(scene: &Scene, message: &Message, text: &str, after: Pos, limit: PageLimit) -> ReactorPage {
    let wanted = ReactorsWanted { emoji: emoji(text), after, limit };
    scene.messages.list_reactors(message.conversation_id, message.id, wanted).await.expect("a list")
}

/// All users who reacted so, read in small parts.
async fn reactors(scene: &Scene, message: &Message, text: &str) -> Vec<UserId> {
    let (mut users, mut after) = (Vec::new(), Pos::ZERO);
    loop {
        let page = part(scene, message, text, after, limit(7)).await;
        users.extend(page.items.iter().map(|user| user.id));
        let Some(next) = page.next else { return users };
        after = next;
    }
}

/// The message's reactions are those of the users, as the lists of each kind name them.
async fn assert_counts(scene: &Scene, message: &Message, reader: UserId) -> Message {
    let message = present(scene, message, reader).await;
    for reaction in message.reactions.iter() {
        let users = reactors(scene, &message, reaction.emoji.as_str()).await;
        assert_eq!(*reaction, kind(reaction.emoji.as_str(), &users));
    }
    message
}

/// The `pos`, whether it adds, the kind and the count of each change.
fn steps(changes: &[Change]) -> Vec<(u64, bool, &str, u32)> {
    fn step(change: &Change) -> (u64, bool, &str, u32) {
        match &change.kind {
            ChangeKind::ReactionAdded(reaction) => (change.pos.get(), true, reaction.emoji.as_str(), reaction.count),
            ChangeKind::ReactionRemoved(reaction) => (change.pos.get(), false, reaction.emoji.as_str(), reaction.count),
            other => panic!("{other:?}"),
        }
    }
    changes.iter().map(step).collect()
}

pub async fn a_reaction_is_seen_wherever_the_message_is(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let said = scene.say(group, bob, "hello").await;
    let ReactedMessage { message, changes } = scene.react(&said, ann, "👍", Reacting::Add).await;
    let [change] = <[Change; 1]>::try_from(changes).expect("one change");
    let user = scene.overview(group, ann).await.details.participants[0].user.clone();
    let reaction = ReactionChange { message_id: said.id, seq: said.seq, emoji: emoji("👍"), user, count: 1 };
    assert_eq!((change.pos, &change.kind), (Pos::new(3), &ChangeKind::ReactionAdded(Box::new(reaction))));
    assert_eq!(message.reactions.clone().into_kinds(), [kind("👍", &[ann])]);
    assert_eq!((message.changed_pos(), message.updated_at, message.edited_at), (change.pos, said.updated_at, None));
    let expected = Message { reactions: message.reactions.clone(), changed: Some(change.pos), ..said.clone() };
    assert_eq!(message, expected);
    assert_eq!(present(&scene, &said, bob).await, expected);
    let page = scene.messages.history(group, bob, HistoryRequest::Latest(limit(10))).await.expect("a history");
    assert_eq!(page.messages, std::slice::from_ref(&expected));
    let overview = scene.overview(group, ann).await;
    assert_eq!((overview.unread_count(), overview.last_message), (1, Some(expected.clone())), "it does not count");
    let sent = ChangeRange { conversation_id: group, after: Pos::new(1), up_to: Pos::MAX };
    let missed = scene.changes.list_missed(&[sent]).await.expect("changes");
    let kinds: Vec<_> = missed.into_iter().map(|change| change.kind).collect();
    let [whole, again] = [expected.clone(), expected.clone()].map(Box::new);
    assert_eq!(kinds, [ChangeKind::MessageSent(whole), ChangeKind::MessageUpdated(again)]);

    scene.edit(&said, "hello again").await;
    let more = scene.react(&said, bob, "👍", Reacting::Add).await;
    scene.react(&said, bob, "+1", Reacting::Add).await;
    assert_eq!(steps(&more.changes), [(5, true, "👍", 2)]);
    let gone = scene.react(&said, ann, "👍", Reacting::Remove).await;
    assert_eq!(steps(&gone.changes), [(7, false, "👍", 1)]);
    let now = assert_counts(&scene, &said, ann).await;
    assert_eq!(now, gone.message);
    assert_eq!((now.body.as_str(), now.changed_pos()), ("hello again", Pos::new(7)));
    assert_eq!(now.reactions.into_kinds(), [kind("👍", &[bob]), kind("+1", &[bob])]);
    scene.assert_numbered_without_gaps(group, ann).await;
}

pub async fn a_reaction_that_is_so_already_changes_nothing(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let said = scene.say(scene.direct(ann, bob).await, ann, "hello").await;
    let nothing = scene.react(&said, bob, "👍", Reacting::Remove).await;
    assert_eq!(nothing, ReactedMessage { message: said.clone(), changes: Vec::new() });
    let message = scene.react(&said, bob, "👍", Reacting::Add).await.message;
    for action in [Reacting::Add, Reacting::Replace] {
        let again = scene.react(&said, bob, "👍", action).await;
        assert_eq!(again, ReactedMessage { message: message.clone(), changes: Vec::new() });
    }
    assert_eq!(scene.overview(said.conversation_id, ann).await.details.conversation.last_pos, Pos::new(3));
}

pub async fn a_reaction_replaces_the_others_of_its_user(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let said = scene.say(scene.direct(ann, bob).await, ann, "hello").await;
    for text in ["👍", "🎉"] {
        scene.react(&said, bob, text, Reacting::Add).await;
    }
    scene.react(&said, ann, "🎉", Reacting::Add).await;
    let replaced = scene.react(&said, bob, "❤️", Reacting::Replace).await;
    let (last, removed) = replaced.changes.split_last().expect("changes");
    assert_eq!(steps(std::slice::from_ref(last)), [(8, true, "❤️", 1)]);
    let removed: BTreeSet<_> = steps(removed).into_iter().map(|(_, added, text, count)| (added, text, count)).collect();
    assert_eq!(removed, BTreeSet::from([(false, "👍", 0), (false, "🎉", 1)]));
    assert_eq!(replaced.message.reactions.clone().into_kinds(), [kind("🎉", &[ann]), kind("❤️", &[bob])]);
    assert_eq!(assert_counts(&scene, &said, ann).await, replaced.message);
}

pub async fn of_many_users_the_first_are_named_and_all_are_listed(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    let mut users = Vec::new();
    for number in 0..MAX_NAMED_REACTORS + 3 {
        users.push(scene.user(&format!("user{number}")).await);
    }
    let group = scene.group(ann, &users).await;
    let said = scene.say(group, ann, "hello").await;
    let other = scene.say(group, ann, "other").await;
    for user in &users {
        scene.react(&said, *user, "👍", Reacting::Add).await;
        scene.react(&other, *user, "👍", Reacting::Add).await;
    }
    let hidden_from = async |reader| {
        let page = scene.messages.history(group, reader, HistoryRequest::Latest(limit(10))).await.expect("a history");
        let found = scene.messages.find_many(group, reader, &[said.id]).await.expect("found");
        let of = |message: &Message| page.hidden_reactions.contains(message.id, &emoji("👍"));
        assert_eq!(of(&said), found.hidden_reactions.contains(said.id, &emoji("👍")));
        (of(&said), of(&other))
    };
    assert_eq!(reactors(&scene, &said, "👍").await, users);
    assert_eq!(assert_counts(&scene, &said, ann).await.reactions.into_kinds(), [kind("👍", &users)]);
    let last = users[MAX_NAMED_REACTORS + 2];
    assert_eq!(hidden_from(last).await, (true, true), "of those who are not named, the reader's own are found");
    assert_eq!((hidden_from(ann).await, hidden_from(users[0]).await), ((false, false), (false, false)));

    scene.react(&said, users[3], "👍", Reacting::Remove).await;
    scene.react(&said, last, "👍", Reacting::Remove).await;
    users.remove(3);
    users.pop();
    assert_eq!(assert_counts(&scene, &said, ann).await.reactions.into_kinds(), [kind("👍", &users)]);
    assert_eq!(hidden_from(last).await, (false, true));
    let one = part(&scene, &said, "👍", Pos::ZERO, limit(100)).await;
    assert_eq!((one.items.len(), one.next), (users.len(), None));
    assert_eq!(part(&scene, &said, "🎉", Pos::ZERO, limit(100)).await.items, []);
    let wanted = ReactorsWanted { emoji: emoji("👍"), after: Pos::ZERO, limit: limit(1) };
    let elsewhere = scene.direct(ann, users[0]).await;
    let listed = scene.messages.list_reactors(elsewhere, said.id, wanted).await;
    assert_eq!(refusal(listed), Refusal::UnknownMessage);
}

pub async fn a_message_has_at_most_twenty_kinds_of_reactions(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let said = scene.say(scene.direct(ann, bob).await, ann, "hello").await;
    for number in 0..MAX_REACTION_KINDS {
        scene.react(&said, bob, &format!("n{number}"), Reacting::Add).await;
    }
    let one_more = Scene::reaction(&said, "one_more", Reacting::Add);
    let refused = scene.messages.react(one_more.clone(), scene.by(ann)).await;
    assert_eq!(refusal(refused), Refusal::TooManyReactions);
    scene.react(&said, ann, "n7", Reacting::Add).await;
    scene.react(&said, bob, "n3", Reacting::Remove).await;
    scene.messages.react(one_more, scene.by(ann)).await.expect("there is room");
    let kinds = assert_counts(&scene, &said, ann).await.reactions.into_kinds();
    assert_eq!((kinds.len(), kinds.last()), (MAX_REACTION_KINDS, Some(&kind("one_more", &[ann]))));
}

pub async fn reactions_go_with_the_message(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let said = scene.say(group, bob, "hello").await;
    let other = scene.say(group, bob, "other").await;
    for message in [&said, &other] {
        scene.react(message, ann, "👍", Reacting::Add).await;
        scene.react(message, bob, "🎉", Reacting::Add).await;
        scene.react(message, bob, "🎉", Reacting::Remove).await;
    }
    let gone = scene.delete_message(&said, bob).await;
    assert!(gone.reactions.is_empty());
    assert_eq!(present(&scene, &said, ann).await, gone);
    assert_eq!(reactors(&scene, &said, "👍").await, []);
    assert_eq!(reactors(&scene, &other, "👍").await, [ann]);
    let logged = scene.all_changes(group).await;
    let logged: Vec<_> = logged.into_iter().filter(|change| (4..=9).contains(&change.pos.get())).collect();
    let of_deleted = [(4, true, "_", 0), (5, true, "_", 0), (6, false, "_", 0)];
    let of_other = [(7, true, "👍", 1), (8, true, "🎉", 1), (9, false, "🎉", 0)];
    assert_eq!(steps(&logged), [of_deleted, of_other].concat(), "the log does not keep them either");
    for action in [Reacting::Add, Reacting::Replace, Reacting::Remove] {
        let reacted = scene.messages.react(Scene::reaction(&said, "👍", action), scene.by(ann)).await;
        assert_eq!(refusal(reacted), Refusal::MessageDeleted);
    }
}

pub async fn those_who_may_not_react_change_nothing(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let (group, other) = (scene.group(ann, &[bob]).await, scene.group(ann, &[eve]).await);
    let said = scene.say(group, bob, "hello").await;
    let react = async |at, id, user| {
        let command = Scene::reaction(&Message { conversation_id: at, id, ..said.clone() }, "👍", Reacting::Add);
        refusal(scene.messages.react(command, scene.by(user)).await)
    };
    assert_eq!(react(ConversationId::new(Uuid::now_v7()), said.id, ann).await, Refusal::UnknownConversation);
    assert_eq!(react(group, said.id, eve).await, Refusal::NotAParticipant);
    assert_eq!(react(other, said.id, ann).await, Refusal::UnknownMessage, "it is in another conversation");
    assert_eq!(react(group, MessageId::new(Uuid::now_v7()), ann).await, Refusal::UnknownMessage);
    scene.deactivate(group, ann).await;
    assert_eq!(react(group, said.id, ann).await, Refusal::Inactive);
    assert_eq!(present(&scene, &said, ann).await, said);
}

/// Takes the outcome of a reaction that may meet a limit or a tombstone.
fn may_be_refused(outcome: Result<ReactedMessage, ActionError>, expected: &Refusal) -> Option<ReactedMessage> {
    match outcome {
        Ok(reacted) => Some(reacted),
        Err(ActionError::Refused(refusal)) if refusal == *expected => None,
        Err(error) => panic!("{error:?}"),
    }
}

pub async fn a_deletion_among_reactions_ends_them(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let said = scene.say(group, bob, "hello").await;
    race(|number| {
        let (scene, said) = (scene.clone(), said.clone());
        async move {
            if number == RACERS / 2 {
                scene.delete_message(&said, ann).await;
                return;
            }
            let (user, text) = if number % 2 == 0 { (ann, "👍") } else { (bob, "🎉") };
            let action = if number % 3 == 0 { Reacting::Remove } else { Reacting::Add };
            let reacted = scene.messages.react(Scene::reaction(&said, text, action), scene.by(user)).await;
            may_be_refused(reacted, &Refusal::MessageDeleted);
        }
    })
    .await;
    let gone = present(&scene, &said, ann).await;
    assert!(gone.reactions.is_empty() && gone.deleted_at.is_some());
    assert_eq!((reactors(&scene, &said, "👍").await, reactors(&scene, &said, "🎉").await), (vec![], vec![]));
    let last = scene.all_changes(group).await.pop().expect("a change");
    assert!(matches!(last.kind, ChangeKind::MessageDeleted { .. }), "nothing reacts to a tombstone: {last:?}");
    assert_eq!(gone.changed_pos(), last.pos);
    scene.assert_numbered_without_gaps(group, ann).await;
}

pub async fn of_racing_new_kinds_no_more_than_twenty_are_stored(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let said = scene.say(scene.direct(ann, bob).await, ann, "hello").await;
    let outcomes = race(|number| {
        let (scene, said) = (scene.clone(), said.clone());
        async move {
            let command = Scene::reaction(&said, &format!("n{}", number % 40), Reacting::Add);
            let user = if number % 2 == 0 { ann } else { bob };
            may_be_refused(scene.messages.react(command, scene.by(user)).await, &Refusal::TooManyReactions).is_some()
        }
    })
    .await;
    assert!(outcomes.contains(&true) && outcomes.contains(&false));
    let kinds = assert_counts(&scene, &said, ann).await.reactions.into_kinds();
    assert_eq!(kinds.len(), MAX_REACTION_KINDS);
}

pub async fn devices_that_race_leave_what_their_changes_say(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let said = scene.say(group, bob, "hello").await;
    race(|number| {
        let (scene, said) = (scene.clone(), said.clone());
        async move {
            let (user, text) = (if number % 2 == 0 { ann } else { bob }, ["👍", "🎉", "+1"][number % 3]);
            let action = [Reacting::Add, Reacting::Remove, Reacting::Add, Reacting::Replace][number / 2 % 4];
            scene.react(&said, user, text, action).await;
        }
    })
    .await;
    let mut model: BTreeMap<Emoji, BTreeSet<UserId>> = BTreeMap::new();
    let changes = scene.all_changes(group).await;
    for change in &changes {
        let (reaction, is_new) = match &change.kind {
            ChangeKind::ReactionAdded(reaction) => {
                (reaction, model.entry(reaction.emoji.clone()).or_default().insert(reaction.user.id))
            }
            ChangeKind::ReactionRemoved(reaction) => {
                (reaction, model.entry(reaction.emoji.clone()).or_default().remove(&reaction.user.id))
            }
            _ => continue,
        };
        assert!(is_new, "every change changes something: {change:?}");
        assert_eq!(reaction.count as usize, model[&reaction.emoji].len());
    }
    model.retain(|_, users| !users.is_empty());
    let now = assert_counts(&scene, &said, ann).await;
    let shown = now.reactions.iter().map(|kind| (kind.emoji.clone(), kind.users.iter().copied().collect()));
    assert_eq!(shown.collect::<BTreeMap<Emoji, BTreeSet<UserId>>>(), model);
    assert_eq!(Some(now.changed_pos()), changes.last().map(|change| change.pos));
    scene.assert_numbered_without_gaps(group, ann).await;
}
