//! Joining a group by its invite code.

use super::races::{RACERS, race};
use super::{Scene, Stores};
use chat_domain::conversations::{AddParticipant, ConversationDetails, InviteCode, MAX_PARTICIPANTS, Role};
use chat_domain::receipts::Positions;
use chat_domain::{ActionError, Change, ChangeKind, ConversationId, Pos, Refusal, Seq, UserId};
use uuid::Uuid;

/// A group and its invite code.
async fn group(scene: &Scene, admin: UserId, others: &[UserId]) -> (ConversationId, InviteCode) {
    let new = scene.new_group(admin, others, "Open house");
    let made = (new.id, new.invite_code);
    scene.groups.create_group(new).await.expect("a group");
    made
}

pub async fn whoever_has_the_code_joins_as_a_member_once(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, eve] = scene.users_named(["ann", "eve"]).await;
    let (group, code) = group(&scene, ann, &[]).await;
    scene.say_many(group, ann, 3).await;
    let (details, change) = scene.join(code, eve).await.expect("joined");
    assert_eq!((details.conversation.id, details.conversation.participant_count, change.pos), (group, 2, Pos::new(5)));
    let joined = details.participants.iter().find(|one| one.user.id == eve).expect("listed").clone();
    assert_eq!((joined.role, joined.joined_at), (Role::Member, change.at));
    assert_eq!(joined.positions, Positions::joining_at(Seq::new(3)));
    let kind = ChangeKind::ParticipantAdded { user: joined.user, role: Role::Member, details: Box::new(details) };
    assert_eq!(change.kind, kind);
    for member in [eve, ann] {
        let again = scene.join(code, member).await;
        assert!(matches!(again, Err(ActionError::Refused(Refusal::AlreadyAParticipant))), "{again:?}");
    }
    scene.remove(group, eve, eve).await;
    scene.join(code, eve).await.expect("a user who left may rejoin while the code is valid");
    scene.assert_numbered_without_gaps(group, ann).await;
}

pub async fn a_user_whom_an_admin_removed_comes_back_by_an_admin_alone(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let (group, code) = group(&scene, ann, &[bob, eve]).await;
    let add = async |actor| {
        let add = AddParticipant { conversation_id: group, actor, user: eve, at: scene.now() };
        scene.conversations.add_participant(add).await
    };
    let is_kept_out = |refused: Result<(ConversationDetails, Change), ActionError>| {
        assert!(matches!(refused, Err(ActionError::Refused(Refusal::RemovedByAdmin))), "{refused:?}");
    };
    for _ in 0..2 {
        scene.remove(group, ann, eve).await;
        let before = scene.all_changes(group).await.len();
        is_kept_out(scene.join(code, eve).await);
        let second = InviteCode::new(Uuid::new_v4());
        scene.groups.replace_invite_code(group, ann, second).await.expect("replaced");
        is_kept_out(scene.join(second, eve).await);
        scene.groups.replace_invite_code(group, ann, code).await.expect("replaced");
        is_kept_out(add(bob).await);
        assert!(matches!(add(eve).await, Err(ActionError::Refused(Refusal::NotAParticipant))));
        assert_eq!(scene.all_changes(group).await.len(), before, "nothing was stored before");
        assert_eq!(scene.overview(group, eve).await.viewer, None);
        add(ann).await.expect("an admin lets her in");
    }
    scene.remove(group, eve, eve).await;
    scene.join(code, eve).await.expect("earlier removals no longer count");
    scene.remove(group, ann, eve).await;
    // The creator is no exception once another user is the admin.
    scene.remove(group, ann, ann).await;
    scene.join(code, ann).await.expect("she left by herself");
    scene.remove(group, bob, ann).await;
    is_kept_out(scene.join(code, ann).await);
    scene.assert_numbered_without_gaps(group, bob).await;
}

pub async fn racing_with_a_removal_no_code_leads_back_in(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, eve] = scene.users_named(["ann", "eve"]).await;
    for leaves_first in [false, true] {
        let (group, code) = {
            let new = scene.new_group(ann, &[eve], if leaves_first { "leaves" } else { "stays" });
            let made = (new.id, new.invite_code);
            scene.groups.create_group(new).await.expect("a group");
            made
        };
        let outcomes = race(|number| {
            let scene = scene.clone();
            async move {
                if number == RACERS / 2 {
                    let removal = scene.removal(group, ann, eve);
                    return Some(scene.conversations.remove_participant(removal).await.is_ok());
                }
                if leaves_first && number % 2 == 0 {
                    let _ = scene.conversations.remove_participant(scene.removal(group, eve, eve)).await;
                } else {
                    let _ = scene.join(code, eve).await;
                }
                None
            }
        })
        .await;
        let removed = outcomes.into_iter().flatten().next().expect("another call removed her");
        assert!(removed || leaves_first, "she was a participant throughout");
        if removed {
            assert_eq!(scene.overview(group, eve).await.viewer, None);
            let refused = scene.join(code, eve).await;
            assert!(matches!(refused, Err(ActionError::Refused(Refusal::RemovedByAdmin))), "{refused:?}");
        }
        scene.assert_numbered_without_gaps(group, ann).await;
    }
}

pub async fn a_replaced_code_is_of_no_more_use(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, eve] = scene.users_named(["ann", "eve"]).await;
    let (group, first) = group(&scene, ann, &[]).await;
    let second = InviteCode::new(Uuid::new_v4());
    let conversation = scene.groups.replace_invite_code(group, ann, second).await.expect("replaced");
    assert_eq!(conversation, scene.overview(group, ann).await.details.conversation);
    assert_eq!((conversation.invite_code, conversation.last_pos), (Some(second), Pos::new(1)), "no durable change");
    for unknown in [first, InviteCode::new(Uuid::new_v4())] {
        let refused = scene.join(unknown, eve).await;
        assert!(matches!(refused, Err(ActionError::Refused(Refusal::InviteNotFound))), "{refused:?}");
    }
    scene.join(second, eve).await.expect("joined");
}

pub async fn every_group_has_a_code_and_no_pair_has_one(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let new = scene.new_conversation(ann, &[bob], Some("plain"));
    let (plain, code) = (new.id, new.invite_code);
    scene.conversations.create(new).await.expect("a group");
    assert_eq!(scene.overview(plain, ann).await.details.conversation.invite_code, Some(code));
    assert_eq!(scene.join(code, eve).await.expect("joined").0.conversation.id, plain);
    let direct = scene.new_conversation(ann, &[bob], None);
    let code = direct.invite_code;
    let made = scene.conversations.create(direct).await.expect("a pair").overview.details.conversation;
    assert_eq!(made.invite_code, None);
    let refused = scene.join(code, eve).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::InviteNotFound))), "{refused:?}");
}

pub async fn nobody_joins_a_full_group_and_no_deleted_user_joins_any(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, gone] = scene.users_named(["ann", "gone"]).await;
    scene.users.delete(gone, scene.now()).await.expect("deleted");
    let mut others = Vec::new();
    for number in 1..MAX_PARTICIPANTS {
        others.push(scene.user(&format!("user{number}")).await);
    }
    let late = others.pop().expect("somebody");
    let (group, code) = group(&scene, ann, &others).await;
    let refused = scene.join(code, gone).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::UnknownUser))), "{refused:?}");
    scene.join(code, late).await.expect("the last place");
    let refused = scene.join(code, scene.user("later").await).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::Full))), "{refused:?}");
    assert_eq!(scene.all_changes(group).await.len(), 2, "nothing was stored");
}

pub async fn racing_joins_let_each_in_once_and_none_past_a_new_code(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    let mut people = Vec::new();
    for number in 0..RACERS / 4 {
        people.push(scene.user(&format!("user{number}")).await);
    }
    let (group, code) = group(&scene, ann, &[]).await;
    let second = InviteCode::new(Uuid::new_v4());
    let outcomes = race(|number| {
        let scene = scene.clone();
        // Each user joins four times, and in the middle the code is replaced.
        let person = people[number % people.len()];
        async move {
            if number == RACERS / 2 {
                scene.groups.replace_invite_code(group, ann, second).await.expect("replaced");
                return None;
            }
            match scene.join(code, person).await {
                Ok((_, change)) => Some(change.pos),
                Err(ActionError::Refused(Refusal::AlreadyAParticipant | Refusal::InviteNotFound)) => None,
                Err(other) => panic!("{other:?}"),
            }
        }
    })
    .await;
    let joined = outcomes.iter().flatten().count();
    let overview = scene.overview(group, ann).await;
    assert_eq!(overview.details.conversation.participant_count as usize, joined + 1, "each joining counted once");
    assert!(joined <= people.len());
    let refused = scene.join(code, scene.user("late").await).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::InviteNotFound))), "{refused:?}");
    scene.assert_numbered_without_gaps(group, ann).await;
}
