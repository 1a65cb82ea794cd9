//! What a client missed.

use super::{Scene, Stores};
use chat_domain::changes::coalesce;
use chat_domain::conversations::{NameRule, Role};
use chat_domain::messages::Reacting;
use chat_domain::{Change, ChangeKind, ChangeRange, ConversationId, Pos};

/// A conversation in which much happens more than once.
async fn busy_group(scene: &Scene) -> ConversationId {
    let [ann, bob, cid, dan] = scene.users_named(["ann", "bob", "cid", "dan"]).await;
    let group = scene.group(ann, &[bob]).await;
    scene.say_many(group, bob, 2).await;
    let old = scene.say(group, bob, "old").await;
    for number in 0..2 {
        scene.edit(&old, &format!("edit {number}")).await;
        scene.react(&old, bob, "👍", Reacting::Add).await;
        scene.react(&old, ann, "🎉", Reacting::Replace).await;
        scene.add(group, ann, cid).await;
        scene.rename(group, ann, &format!("name {number}"), NameRule::Free).await.expect("renamed");
        let hello = scene.say(group, cid, "hello").await;
        scene.edit(&hello, "hello again").await;
        scene.pin(&old, ann, number == 0).await.expect("pinned");
        scene.react(&hello, ann, "👍", Reacting::Add).await;
        scene.remove(group, ann, cid).await;
        scene.delete_message(&hello, ann).await;
        let role = if number == 0 { Role::Admin } else { Role::Member };
        scene.change_role(group, ann, bob, role).await.expect("changed");
        scene.add(group, bob, dan).await;
        scene.remove(group, dan, dan).await;
        scene.say(group, ann, "bye").await;
    }
    scene.add(group, ann, dan).await;
    group
}

fn range(conversation_id: ConversationId, after: u64, up_to: u64) -> ChangeRange {
    ChangeRange { conversation_id, after: Pos::new(after), up_to: Pos::new(up_to) }
}

/// The whole range, coalesced. A message of which a part changed is shown whole.
async fn expected(scene: &Scene, range: ChangeRange) -> Vec<Change> {
    let mut changes = scene.changes.list_changes(&[range], u32::MAX).await.expect("changes");
    for change in &mut changes {
        let part = match &change.kind {
            ChangeKind::ReactionAdded(part) | ChangeKind::ReactionRemoved(part) => {
                Some((part.user.id, part.message_id))
            }
            ChangeKind::MessagePinned(part) | ChangeKind::MessageUnpinned(part) => {
                Some((part.user.id, part.message_id))
            }
            _ => None,
        };
        if let Some((reader, id)) = part {
            let mut found = scene.messages.find_many(range.conversation_id, reader, &[id]).await.expect("found");
            change.kind = ChangeKind::MessageUpdated(Box::new(found.messages.pop().expect("a message")));
        }
    }
    coalesce(changes)
}

pub async fn what_was_missed_is_the_whole_range_without_what_later_changes_replace(stores: Stores) {
    let scene = Scene::new(stores);
    let group = busy_group(&scene).await;
    let last = scene.all_changes(group).await.len() as u64;
    for after in 0..=last {
        for up_to in [after, after + 1, after + 4, last, last + 9] {
            let range = range(group, after, up_to);
            let missed = scene.changes.list_missed(&[range]).await.expect("changes");
            assert_eq!(missed, expected(&scene, range).await, "{range:?}");
        }
    }
    let whole = scene.changes.list_missed(&[range(group, 0, last)]).await.expect("changes");
    assert!((whole.len() as u64) < last, "nothing was replaced");
}

pub async fn what_was_missed_comes_in_the_order_of_the_ranges(stores: Stores) {
    let scene = Scene::new(stores);
    let group = busy_group(&scene).await;
    let [eve, fay] = scene.users_named(["eve", "fay"]).await;
    let direct = scene.talk(eve, fay).await;
    let ranges = [range(group, 3, 9), range(direct, 1, 9), range(group, 11, 14)];
    let mut whole = Vec::new();
    for range in ranges {
        whole.extend(expected(&scene, range).await);
    }
    assert_eq!(scene.changes.list_missed(&ranges).await.expect("changes"), whole);
    assert_eq!(scene.changes.list_missed(&[]).await.expect("changes"), []);
}

pub async fn the_places_of_what_was_missed_end_where_the_range_ends(stores: Stores) {
    let scene = Scene::new(stores);
    let group = busy_group(&scene).await;
    let last = scene.all_changes(group).await.len() as u64;
    for after in 0..last {
        let missed = range(group, after, Pos::MAX.get());
        let places = scene.changes.list_missed_pos(missed, u32::MAX).await.expect("places");
        assert!(places.is_sorted() && places.last() == Some(&Pos::new(last)), "{places:?}");
        for change in expected(&scene, missed).await {
            assert!(places.contains(&change.pos), "{change:?} is not at {places:?}");
        }
        for limit in 1..=places.len() {
            let some = scene.changes.list_missed_pos(missed, u32::try_from(limit).expect("few")).await;
            assert_eq!(some.expect("places"), places[..limit], "{limit} of {missed:?}");
        }
    }
    for empty in
        [range(group, last, last + 1), range(group, 5, 5), range(ConversationId::new(uuid::Uuid::now_v7()), 0, 9)]
    {
        assert_eq!(scene.changes.list_missed_pos(empty, 9).await.expect("places"), [], "{empty:?}");
    }
}
