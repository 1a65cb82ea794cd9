//! Joining, leaving, and who is admin afterwards.

use super::scene::limit;
use super::{Scene, Stores};
use chat_domain::conversations::{AddParticipant, Participation, Role};
use chat_domain::receipts::Positions;
use chat_domain::{ActionError, ChangeKind, ConversationId, ErrorCode, Pos, Refusal, Seq, UserId};
use uuid::Uuid;

async fn role(scene: &Scene, id: ConversationId, user: UserId) -> Option<Role> {
    let found = scene.conversations.find_membership(id, user).await.expect("an answer").expect("a conversation");
    found.1.map(|membership| membership.role)
}

pub async fn any_participant_adds_a_member_whose_positions_start_at_the_newest_message(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let group = scene.group(ann, &[bob]).await;
    scene.say_many(group, ann, 3).await;
    let add = AddParticipant { conversation_id: group, actor: bob, user: cid, at: scene.now() };
    let (details, change) = scene.conversations.add_participant(add).await.expect("added");
    assert_eq!((details.conversation.participant_count, details.conversation.last_pos), (3, Pos::new(5)));
    assert_eq!(details.conversation.updated_at, add.at);
    let added = details.participants.iter().find(|one| one.user.id == cid).expect("listed").clone();
    assert_eq!((added.role, added.joined_at), (Role::Member, add.at));
    assert_eq!(added.positions, Positions::joining_at(Seq::new(3)));
    assert_eq!((change.conversation_id, change.pos, change.at), (group, Pos::new(5), add.at));
    let expected =
        ChangeKind::ParticipantAdded { user: added.user, role: Role::Member, details: Box::new(details.clone()) };
    assert_eq!(change.kind, expected);
    let overview = scene.overview(group, cid).await;
    assert_eq!((overview.details.clone(), overview.unread_count()), (details, 0));
}

pub async fn adding_is_refused_as_the_rules_say(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid, eve, gone] = scene.users_named(["ann", "bob", "cid", "eve", "gone"]).await;
    scene.users.delete(gone, scene.now()).await.expect("deleted");
    let (group, direct) = (scene.group(ann, &[bob]).await, scene.direct(ann, bob).await);
    let refusal = async |conversation_id, actor, user| {
        let add = AddParticipant { conversation_id, actor, user, at: scene.now() };
        scene.conversations.add_participant(add).await.expect_err("refused")
    };
    let unknown = ConversationId::new(Uuid::now_v7());
    assert!(matches!(refusal(unknown, ann, cid).await, ActionError::Refused(Refusal::UnknownConversation)));
    assert!(matches!(refusal(group, eve, cid).await, ActionError::Refused(Refusal::NotAParticipant)));
    assert!(matches!(refusal(direct, ann, cid).await, ActionError::Refused(Refusal::Direct)));
    assert!(matches!(refusal(group, ann, bob).await, ActionError::Refused(Refusal::AlreadyAParticipant)));
    assert!(matches!(
        refusal(group, ann, UserId::new(Uuid::now_v7())).await,
        ActionError::Refused(Refusal::UnknownUser)
    ));
    assert!(matches!(refusal(group, ann, gone).await, ActionError::Refused(Refusal::UnknownUser)), "deleted");
    assert_eq!(scene.all_changes(group).await.len(), 1, "nothing was stored");
}

pub async fn a_full_group_takes_nobody_more(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    let mut others = Vec::new();
    for number in 1..=chat_domain::conversations::MAX_PARTICIPANTS {
        others.push(scene.user(&format!("user{number}")).await);
    }
    let last = others.pop().expect("somebody");
    let group = scene.group(ann, &others).await;
    let add = AddParticipant { conversation_id: group, actor: ann, user: last, at: scene.now() };
    let refused = scene.conversations.add_participant(add).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::Full))), "{refused:?}");
    let page =
        scene.messages.history(group, ann, chat_domain::messages::HistoryRequest::Latest(super::scene::limit(1)));
    assert_eq!(page.await.expect("a history").participants.len(), 1_000, "everyone's positions");
    scene.remove(group, ann, others[0]).await;
    scene.add(group, ann, last).await;
}

pub async fn an_admin_makes_others_admins_and_members_and_the_last_one_stays(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let group = scene.group(ann, &[bob]).await;
    let refused = async |actor, user, to| scene.change_role(group, actor, user, to).await.map_err(|error| error.code());
    assert_eq!(refused(ann, ann, Role::Member).await.expect_err("refused"), ErrorCode::LastAdmin);
    assert_eq!(refused(bob, bob, Role::Admin).await.expect_err("refused"), ErrorCode::NotAnAdmin);
    assert_eq!(refused(cid, bob, Role::Admin).await.expect_err("refused"), ErrorCode::NotAParticipant);
    assert_eq!(refused(ann, cid, Role::Admin).await.expect_err("refused"), ErrorCode::ParticipantNotFound);
    let before = scene.overview(group, bob).await.details;

    let (participant, change) = scene.change_role(group, ann, bob, Role::Admin).await.expect("changed");
    assert_eq!((participant.user.id, participant.role), (bob, Role::Admin));
    let change = change.expect("a change");
    assert_eq!(change.pos, Pos::new(2));
    assert_eq!(change.kind, ChangeKind::ParticipantUpdated { user_id: bob, role: Role::Admin });
    let after = scene.overview(group, bob).await.details;
    assert_eq!(after.participants[1], participant);
    assert_eq!((after.participants[0].clone(), after.conversation.name.clone()), {
        (before.participants[0].clone(), before.conversation.name.clone())
    });
    let (_, again) = scene.change_role(group, ann, bob, Role::Admin).await.expect("an answer");
    assert_eq!((again, scene.all_changes(group).await.len()), (None, 2), "it was so already");

    let (_, change) = scene.change_role(group, bob, ann, Role::Member).await.expect("changed");
    assert_eq!(change.expect("a change").kind, ChangeKind::ParticipantUpdated { user_id: ann, role: Role::Member });
    assert_eq!(
        (role(&scene, group, ann).await, role(&scene, group, bob).await),
        (Some(Role::Member), Some(Role::Admin))
    );
    scene.add(group, ann, cid).await;
    scene.change_role(group, bob, cid, Role::Admin).await.expect("changed");
    scene.remove(group, cid, cid).await;
    assert_eq!(refused(bob, bob, Role::Member).await.expect_err("refused"), ErrorCode::LastAdmin, "the other has left");
    scene.assert_numbered_without_gaps(group, ann).await;
    scene.deactivate(group, bob).await;
    assert_eq!(refused(bob, ann, Role::Admin).await.expect_err("refused"), ErrorCode::GroupInactive);
    let direct = scene.direct(ann, bob).await;
    let of_direct = scene.change_role(direct, ann, bob, Role::Member).await.expect_err("refused");
    assert_eq!(of_direct.code(), ErrorCode::DirectConversation);
}

pub async fn participants_are_listed_in_parts_in_order_of_joining(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid, dan, eve] = scene.users_named(["ann", "bob", "cid", "dan", "eve"]).await;
    let group = scene.group(ann, &[bob, cid]).await;
    scene.add(group, ann, dan).await;
    let walk = async |size: u64| {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = scene.conversations.list_participants(group, after, limit(size)).await.expect("a page");
            assert!(page.items.len() as u64 <= size);
            seen.extend(page.items);
            after = page.next;
            if after.is_none() {
                return seen;
            }
        }
    };
    let listed = scene.overview(group, ann).await.details.participants;
    assert_eq!(listed.len(), 4, "the first three joined together");
    for size in 1..=5 {
        assert_eq!(walk(size).await, listed, "{size} a page");
    }
    let first = scene.conversations.list_participants(group, None, limit(2)).await.expect("a page");
    let leaver = first.items.iter().map(|one| one.user.id).find(|id| *id != ann).expect("not the admin");
    scene.remove(group, ann, leaver).await;
    scene.add(group, ann, eve).await;
    scene.add(group, ann, leaver).await;
    let rest = scene.conversations.list_participants(group, first.next, limit(10)).await.expect("a page").items;
    let ids: Vec<_> = rest.iter().map(|one| one.user.id).collect();
    let expected = [listed[2].user.id, dan, eve, leaver];
    assert_eq!(ids, expected, "the cursor of a participant who left still works, and a user who rejoins comes last");
    let nowhere = ConversationId::new(Uuid::now_v7());
    let empty = scene.conversations.list_participants(nowhere, None, limit(2)).await.expect("a page");
    assert_eq!((empty.items.len(), empty.next), (0, None));
}

pub async fn of_two_admins_who_step_down_at_once_one_stays(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    for _ in 0..10 {
        let group = scene.group(ann, &[bob]).await;
        scene.change_role(group, ann, bob, Role::Admin).await.expect("changed");
        let (one, other) = tokio::join!(
            scene.change_role(group, ann, ann, Role::Member),
            scene.change_role(group, bob, bob, Role::Member)
        );
        let codes: Vec<_> = [one, other].into_iter().filter_map(Result::err).map(|error| error.code()).collect();
        assert_eq!(codes, [ErrorCode::LastAdmin]);
        let roles = [role(&scene, group, ann).await, role(&scene, group, bob).await];
        assert!(roles.contains(&Some(Role::Admin)), "{roles:?}");
    }
}

pub async fn an_admin_removes_a_member_and_a_member_leaves(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let group = scene.group(ann, &[bob, cid]).await;
    for (actor, user, pos, left) in [(ann, bob, 2, 2), (cid, cid, 3, 1)] {
        let request = scene.removal(group, actor, user);
        let changes = scene.conversations.remove_participant(request).await.expect("removed");
        assert_eq!(changes.len(), 1);
        assert_eq!((changes[0].conversation_id, changes[0].pos, changes[0].at), (group, Pos::new(pos), request.at));
        assert_eq!(changes[0].kind, ChangeKind::ParticipantRemoved { user_id: user });
        let overview = scene.overview(group, user).await;
        assert_eq!((overview.viewer, overview.details.conversation.participant_count), (None, left));
        assert_eq!(overview.details.participants.len(), left as usize);
    }
}

pub async fn removing_is_refused_as_the_rules_say(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid, eve] = scene.users_named(["ann", "bob", "cid", "eve"]).await;
    let (group, direct) = (scene.group(ann, &[bob, cid]).await, scene.direct(ann, bob).await);
    let refusal = async |id, actor, user| {
        scene.conversations.remove_participant(scene.removal(id, actor, user)).await.expect_err("refused")
    };
    let unknown = ConversationId::new(Uuid::now_v7());
    assert!(matches!(refusal(unknown, ann, bob).await, ActionError::Refused(Refusal::UnknownConversation)));
    assert!(matches!(refusal(group, eve, bob).await, ActionError::Refused(Refusal::NotAParticipant)));
    assert!(matches!(refusal(group, bob, cid).await, ActionError::Refused(Refusal::NotAnAdmin)));
    assert!(matches!(refusal(group, ann, eve).await, ActionError::Refused(Refusal::NoSuchParticipant)));
    assert!(matches!(refusal(direct, ann, ann).await, ActionError::Refused(Refusal::Direct)));
    assert_eq!(scene.all_changes(group).await.len(), 1, "nothing was stored");
}

pub async fn the_last_admin_hands_over_to_the_oldest_member(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let group = scene.group(ann, &[bob]).await;
    scene.add(group, ann, cid).await;
    let changes = scene.remove(group, ann, ann).await;
    assert_eq!(changes.iter().map(|change| change.pos.get()).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(changes[0].kind, ChangeKind::ParticipantRemoved { user_id: ann });
    let ChangeKind::Updated(details) = &changes[1].kind else { panic!("{:?}", changes[1]) };
    let admins: Vec<_> =
        details.participants.iter().filter(|one| one.role == Role::Admin).map(|one| one.user.id).collect();
    assert_eq!(admins, [bob]);
    assert_eq!(
        (role(&scene, group, bob).await, role(&scene, group, cid).await),
        (Some(Role::Admin), Some(Role::Member))
    );
    scene.remove(group, bob, cid).await;
    assert_eq!(scene.remove(group, bob, bob).await.len(), 1, "no participant is left to become admin");
    scene.assert_numbered_without_gaps(group, bob).await;
}

pub async fn whoever_comes_back_begins_anew_as_a_member(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    scene.say_many(group, ann, 2).await;
    scene.remove(group, ann, ann).await;
    assert_eq!(role(&scene, group, ann).await, None);
    scene.say_many(group, bob, 3).await;
    let change = scene.add(group, bob, ann).await;
    let ChangeKind::ParticipantAdded { role: as_what, .. } = &change.kind else { panic!("{change:?}") };
    assert_eq!(*as_what, Role::Member, "no longer an admin");
    let viewer = scene.overview(group, ann).await.viewer.expect("takes part");
    assert_eq!((viewer.positions, viewer.joined_at), (Positions::joining_at(Seq::new(5)), change.at));
    let participations = scene.realtime.list_participations(ann, &[group]).await.expect("participations");
    assert_eq!(participations, [Participation::Present(group)]);
    let seqs = scene.seqs(group, ann, chat_domain::messages::HistoryRequest::Latest(super::scene::limit(10))).await;
    assert_eq!(seqs, [5, 4, 3, 2, 1], "members see the whole history");
}
