//! Reading durable changes.

use super::{Scene, Stores};
use chat_domain::changes::ChangeTag;
use chat_domain::conversations::{
    AddParticipant, ConversationChanges, NameRule, Participation, RemoveParticipant, Role, UpdateConversation,
};
use chat_domain::messages::Reacting;
use chat_domain::{Change, ChangeKind, ChangeRange, ConversationId, Pos, UserId};
use std::collections::BTreeSet;
use uuid::Uuid;

fn range(conversation_id: ConversationId, after: u64, up_to: u64) -> ChangeRange {
    ChangeRange { conversation_id, after: Pos::new(after), up_to: Pos::new(up_to) }
}

async fn places(scene: &Scene, ranges: &[ChangeRange], limit: u32) -> Vec<(ConversationId, u64)> {
    let changes = scene.changes.list_changes(ranges, limit).await.expect("changes");
    changes.iter().map(|change| (change.conversation_id, change.pos.get())).collect()
}

async fn rename(scene: &Scene, id: ConversationId, actor: UserId) -> Change {
    let changes = ConversationChanges { name: Some(None), ..ConversationChanges::default() };
    let update = UpdateConversation { conversation_id: id, actor, changes, name_rule: NameRule::Free, at: scene.now() };
    scene.conversations.update(update).await.expect("updated").1.expect("a change")
}

pub async fn every_kind_of_change_reads_back_in_its_place(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let created = scene.conversations.create(scene.new_conversation(ann, &[bob], Some("name"))).await.expect("a group");
    let group = created.overview.details.conversation.id;
    let message = scene.say(group, bob, "hello").await;
    let mut live = vec![created.change.expect("a change")];
    live.push(Change {
        conversation_id: group,
        pos: message.pos,
        at: message.created_at,
        kind: ChangeKind::MessageSent(Box::new(message)),
    });
    let said = scene.say(group, bob, "helo").await;
    live.push(Change::message_sent(said.clone()));
    live.extend(scene.messages.edit(scene.edit_of(&said, "hello"), scene.editor(bob)).await.expect("edited").change);
    live.extend(scene.react(&said, ann, "👍", Reacting::Add).await.changes);
    live.extend(scene.react(&said, ann, "👍", Reacting::Remove).await.changes);
    for is_pinned in [true, false] {
        live.extend(scene.pin(&said, ann, is_pinned).await.expect("pinned").change);
    }
    live.extend(scene.messages.delete(group, said.id, scene.editor(bob)).await.expect("deleted").change);
    let gone = scene.delete_message(&said, bob).await;
    live.push(scene.add(group, ann, cid).await);
    live.push(rename(&scene, group, ann).await);
    live.extend(scene.change_role(group, ann, cid, Role::Admin).await.expect("changed").1);
    live.extend(scene.change_role(group, ann, cid, Role::Member).await.expect("changed").1);
    live.extend(scene.remove(group, ann, ann).await);
    let present = scene.overview(group, bob).await.details;
    let again = scene.all_changes(group).await;
    assert_eq!(again.len(), 15);
    let tags: BTreeSet<_> = again.iter().map(|change| change.kind.tag()).collect();
    assert_eq!(tags, ChangeTag::KNOWN.iter().map(|(tag, _)| tag.clone()).collect(), "one of each kind");
    for (read, live) in again.iter().zip(&live) {
        assert_eq!((read.conversation_id, read.pos, read.at), (live.conversation_id, live.pos, live.at));
        if [ChangeTag::REACTION_ADDED, ChangeTag::REACTION_REMOVED].contains(&live.kind.tag()) {
            // The deletion erased which.
            assert_eq!((read.kind.tag(), read.record().message), (live.kind.tag(), live.record().message));
            continue;
        }
        assert_eq!(read.record(), live.record());
        match (&read.kind, &live.kind) {
            (ChangeKind::Created { details, member_ids }, ChangeKind::Created { member_ids: then, .. }) => {
                assert_eq!((details.as_ref(), member_ids), (&present, then), "the members at the creation");
            }
            (ChangeKind::Updated(details), ChangeKind::Updated(_)) => assert_eq!(**details, present),
            (
                ChangeKind::ParticipantAdded { user, role, details },
                ChangeKind::ParticipantAdded { user: user_then, role: role_then, .. },
            ) => assert_eq!((user, role, details.as_ref()), (user_then, role_then, &present)),
            (
                ChangeKind::MessageSent(message) | ChangeKind::MessageUpdated(message),
                ChangeKind::MessageSent(then) | ChangeKind::MessageUpdated(then),
            ) if message.id == said.id => assert_eq!((message.as_ref(), then.id), (&gone, said.id)),
            (read, live) => assert_eq!(read, live),
        }
    }
    scene.assert_numbered_without_gaps(group, bob).await;
}

pub async fn a_creation_names_all_its_members_however_many(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    let mut others = Vec::new();
    for number in 0..150 {
        others.push(scene.user(&format!("user{number}")).await);
    }
    let group = scene.group(ann, &others).await;
    scene.remove(group, ann, others[0]).await;
    let changes = scene.all_changes(group).await;
    let ChangeKind::Created { details, member_ids } = &changes[0].kind else { panic!("{:?}", changes[0]) };
    assert_eq!((details.participants.len(), member_ids.len()), (100, 151));
    assert!(others.iter().all(|id| member_ids.contains(id)), "also members who have left since");
}

pub async fn ranges_leave_out_their_beginning_and_include_their_end(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    scene.say_many(direct, ann, 9).await;
    let of = |numbers: std::ops::RangeInclusive<u64>| numbers.map(|number| (direct, number)).collect::<Vec<_>>();
    assert_eq!(places(&scene, &[range(direct, 0, 10)], 100).await, of(1..=10));
    assert_eq!(places(&scene, &[range(direct, 3, 6)], 100).await, of(4..=6));
    assert_eq!(places(&scene, &[range(direct, 9, 1_000)], 100).await, of(10..=10));
    for empty in [
        range(direct, 10, 20),
        range(direct, 5, 5),
        range(direct, 6, 5),
        range(ConversationId::new(Uuid::now_v7()), 0, 9),
    ] {
        assert_eq!(places(&scene, &[empty], 100).await, [], "{empty:?}");
    }
    assert_eq!(places(&scene, &[], 100).await, []);
}

pub async fn several_ranges_come_in_their_order_up_to_one_limit(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let (one, two) = (scene.group(ann, &[bob]).await, scene.group(ann, &[bob]).await);
    for group in [one, two] {
        // Messages and other changes alternate: the log must merge both.
        for _ in 0..3 {
            scene.say(group, bob, "hello").await;
            rename(&scene, group, ann).await;
        }
    }
    let ranges = [range(two, 2, 6), range(one, 0, 7)];
    let expected: Vec<_> = (3..=6).map(|pos| (two, pos)).chain((1..=7).map(|pos| (one, pos))).collect();
    assert_eq!(places(&scene, &ranges, 100).await, expected);
    for limit in 0..=11 {
        assert_eq!(places(&scene, &ranges, limit).await, expected[..limit as usize], "limit {limit}");
    }
}

pub async fn no_change_is_older_than_the_one_before_whatever_the_clock_says(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let early = scene.now();
    let group = scene.group(ann, &[bob]).await;
    let latest = scene.say(group, bob, "hello").await.created_at;
    let add = AddParticipant { conversation_id: group, actor: ann, user: cid, at: early };
    let mut live = vec![scene.conversations.add_participant(add).await.expect("added").1];
    let changes = ConversationChanges { name: Some(None), ..ConversationChanges::default() };
    let rename =
        UpdateConversation { conversation_id: group, actor: ann, changes, name_rule: NameRule::Free, at: early };
    live.extend(scene.conversations.update(rename).await.expect("updated").1);
    let remove = RemoveParticipant { conversation_id: group, actor: ann, user: ann, at: early };
    live.extend(scene.conversations.remove_participant(remove).await.expect("removed"));
    assert_eq!(live.iter().map(|change| change.at).collect::<Vec<_>>(), [latest; 4]);
    // A late clock of a change counts for the message after it too.
    let late = chat_domain::Timestamp::from_unix_micros(scene.now().as_unix_micros() + 60_000_000);
    let changes = ConversationChanges { name: Some(None), ..ConversationChanges::default() };
    let rename =
        UpdateConversation { conversation_id: group, actor: bob, changes, name_rule: NameRule::Free, at: late };
    scene.conversations.update(rename).await.expect("updated");
    assert_eq!(scene.say(group, bob, "afterwards").await.created_at, late);
    let kept: Vec<_> = scene.all_changes(group).await.iter().map(|change| change.at).collect();
    assert!(kept.is_sorted(), "{kept:?}");
    let details = scene.overview(group, bob).await.details;
    let joined = details.participants.iter().map(|one| (one.user.id, one.joined_at)).collect::<Vec<_>>();
    assert_eq!(joined.last(), Some(&(cid, latest)), "the last to join is the youngest: {joined:?}");
    let participations = scene.realtime.list_participations(ann, &[group]).await.expect("participations");
    let [Participation::Past(removal)] = participations[..] else { panic!("{participations:?}") };
    assert_eq!(removal.at, latest);
}
