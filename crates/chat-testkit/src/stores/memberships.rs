//! The memberships that a connection reads at its start and for repair.

use super::scene::sorted;
use super::{Scene, Stores};
use chat_domain::conversations::{Membership, Participation, Removal, Role};
use chat_domain::receipts::Positions;
use chat_domain::{ConversationId, Pos, Seq};
use uuid::Uuid;

pub async fn memberships_are_listed_by_newest_activity_up_to_a_limit(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let (one, two, left) =
        (scene.direct(ann, bob).await, scene.group(bob, &[ann, cid]).await, scene.group(ann, &[bob]).await);
    scene.remove(left, ann, ann).await;
    scene.say(one, bob, "hello").await;
    let expected = [
        Membership {
            conversation_id: one,
            role: Role::Member,
            last_pos: Pos::new(2),
            positions: Positions::default(),
            participant_count: 2,
        },
        Membership {
            conversation_id: two,
            role: Role::Member,
            last_pos: Pos::new(1),
            positions: Positions::default(),
            participant_count: 3,
        },
    ];
    assert_eq!(scene.realtime.list_memberships(ann, 10).await.expect("memberships"), expected);
    assert_eq!(scene.realtime.list_memberships(ann, 1).await.expect("memberships"), expected[..1]);
}

pub async fn a_membership_is_found_with_its_conversation(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let group = scene.group(ann, &[bob]).await;
    scene.say_many(group, bob, 2).await;
    let found =
        async |user| scene.conversations.find_membership(group, user).await.expect("an answer").expect("a group");
    let (conversation, membership) = found(bob).await;
    assert_eq!(conversation, scene.overview(group, bob).await.details.conversation);
    let read = Positions::default().read(Seq::new(2), Seq::new(2));
    let expected = Membership {
        conversation_id: group,
        role: Role::Member,
        last_pos: Pos::new(3),
        positions: read,
        participant_count: 2,
    };
    assert_eq!(membership, Some(expected));
    assert_eq!(found(ann).await.1.map(|membership| membership.role), Some(Role::Admin));
    assert_eq!(found(eve).await.1, None);
    scene.remove(group, ann, bob).await;
    assert_eq!(found(bob).await.1, None);
}

pub async fn participations_tell_where_a_user_takes_or_took_part(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let (gone, back, stayed, here) = (
        scene.group(ann, &[bob]).await,
        scene.group(ann, &[bob]).await,
        scene.group(ann, &[bob]).await,
        scene.direct(ann, bob).await,
    );
    let removed = scene.remove(gone, ann, bob).await;
    scene.remove(back, ann, bob).await;
    scene.add(back, ann, bob).await;
    let asked = [gone, back, stayed, ConversationId::new(Uuid::now_v7()), here];
    let listed = async |user, asked: &[ConversationId]| {
        sorted(scene.realtime.list_participations(user, asked).await.expect("participations"))
    };
    let past = Participation::Past(Removal { conversation_id: gone, pos: removed[0].pos, at: removed[0].at });
    let present = Participation::Present;
    assert_eq!(listed(bob, &asked).await, sorted(vec![past, present(back), present(stayed), present(here)]));
    assert_eq!(listed(bob, &[back]).await, [present(back)], "only those asked about");
    assert_eq!(listed(eve, &asked).await, []);
}

pub async fn the_newest_pos_is_listed_for_those_that_exist(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let (one, two) = (scene.direct(ann, bob).await, scene.group(ann, &[bob]).await);
    scene.say_many(one, ann, 4).await;
    let asked = [two, ConversationId::new(Uuid::now_v7()), one];
    let found = scene.realtime.list_last_pos(&asked).await.expect("positions");
    assert_eq!(sorted(found), sorted(vec![(one, Pos::new(5)), (two, Pos::new(1))]));
    assert_eq!(scene.realtime.list_last_pos(&[]).await.expect("positions"), []);
}

pub async fn positions_are_listed_for_those_who_take_part_now(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let (asked, other) = (scene.group(ann, &[bob, cid]).await, scene.group(ann, &[bob]).await);
    scene.say_many(asked, bob, 2).await;
    scene.say(other, ann, "not asked about").await;
    scene.remove(asked, ann, cid).await;
    let found = scene.realtime.list_positions(&[asked, ConversationId::new(Uuid::now_v7())]).await;
    let found = found.expect("positions").into_iter().map(|moved| {
        assert_eq!((moved.conversation_id, moved.positions.joined), (asked, Seq::ZERO));
        (moved.user_id, moved.positions.delivered, moved.positions.read)
    });
    let sent = (bob, Seq::new(2), Seq::new(2));
    assert_eq!(sorted(found.collect()), sorted(vec![(ann, Seq::ZERO, Seq::ZERO), sent]));
    assert_eq!(scene.realtime.list_positions(&[]).await.expect("positions"), []);
}

pub async fn very_many_conversations_may_be_asked_about_at_once(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let mut asked: Vec<_> = (0..70_000).map(|_| ConversationId::new(Uuid::now_v7())).collect();
    asked.push(group);
    assert_eq!(scene.realtime.list_last_pos(&asked).await.expect("positions"), [(group, Pos::new(1))]);
    let participations = scene.realtime.list_participations(ann, &asked).await.expect("participations");
    assert_eq!(participations, [Participation::Present(group)]);
}
