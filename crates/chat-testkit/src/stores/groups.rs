//! Groups with unique names, and deactivated groups.

use super::races::{RACERS, race};
use super::scene::{limit, page, sorted};
use super::{Scene, Stores};
use chat_domain::conversations::{
    AddParticipant, ConversationDescription, ConversationFilter, ConversationKind, ConversationName,
    CreatedConversation, NameRule, NewGroup, Role,
};
use chat_domain::messages::{Appended, HistoryRequest};
use chat_domain::users::AvatarUrl;
use chat_domain::{ActionError, ChangeKind, ConversationId, Pos, Refusal, UserId};
use std::collections::HashSet;
use uuid::Uuid;

fn is_taken<T>(outcome: &Result<T, ActionError>) -> bool {
    matches!(outcome, Err(ActionError::Refused(Refusal::GroupNameTaken)))
}

pub async fn a_named_group_begins_as_any_group_does(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let new = NewGroup {
        description: ConversationDescription::parse("all of us").ok(),
        avatar: AvatarUrl::parse("/a.png").ok(),
        ..scene.new_group(ann, &[bob, cid, ann, bob], "Friends")
    };
    let CreatedConversation { overview, change } = scene.groups.create_group(new.clone()).await.expect("a group");
    let conversation = &overview.details.conversation;
    assert_eq!((conversation.id, conversation.kind, conversation.is_active), (new.id, ConversationKind::Group, true));
    assert_eq!(
        (&conversation.name, &conversation.description, &conversation.avatar),
        (&Some(new.name), &new.description, &new.avatar)
    );
    assert_eq!((conversation.created_by, conversation.invite_code), (ann, Some(new.invite_code)));
    assert_eq!((conversation.last_pos, conversation.participant_count), (Pos::new(1), 3), "each takes part once");
    for participant in &overview.details.participants {
        let expected = if participant.user.id == ann { Role::Admin } else { Role::Member };
        assert_eq!(participant.role, expected);
    }
    let change = change.expect("a change");
    assert_eq!((change.conversation_id, change.pos, change.at), (new.id, Pos::new(1), new.at));
    let ChangeKind::Created { details, member_ids } = change.kind else { panic!("{change:?}") };
    assert_eq!((*details, sorted(member_ids)), (overview.details, sorted(vec![ann, bob, cid])));
    let alone = scene.named_group(ann, &[], "Just me").await;
    assert_eq!(scene.overview(alone, ann).await.details.conversation.participant_count, 1);
    let unknown = scene.groups.create_group(scene.new_group(ann, &[UserId::new(Uuid::now_v7())], "Nobody")).await;
    assert!(
        matches!(&unknown, Err(ActionError::Refused(Refusal::UnknownUsers { ids })) if ids.len() == 1),
        "{unknown:?}"
    );
    assert!(scene.groups.create_group(scene.new_group(ann, &[], "Nobody")).await.is_ok(), "nothing was reserved");
}

pub async fn a_reserved_name_is_taken_in_any_case(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    scene.named_group(ann, &[bob], "Projekt ÄRGER").await;
    for name in ["Projekt ÄRGER", "projekt ärger", "PROJEKT Ärger"] {
        assert!(is_taken(&scene.groups.create_group(scene.new_group(bob, &[], name)).await), "{name}");
    }
    scene.named_group(bob, &[], "Projekt ARGER").await;
    scene
        .conversations
        .create(scene.new_conversation(ann, &[bob], Some("Projekt ÄRGER")))
        .await
        .expect("free names are free");
    let own = scene.conversations.list(bob, ConversationFilter::Groups, page(1, 10)).await.expect("a page");
    assert_eq!(own.total, 3, "rejected groups are not stored");
}

pub async fn a_name_that_looks_like_a_reserved_one_is_taken(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let team = scene.named_group(ann, &[bob], "Team Straße").await;
    for name in [
        "Team\u{200d} Straße",
        "Te\u{200b}am Straße",
        "TEAM STRASSE",
        "Ｔｅａｍ Straße",
        "Team  Straße",
        "Te\u{430}m Straße",
    ] {
        let refused = scene.groups.create_group(scene.new_group(bob, &[], name)).await;
        assert!(is_taken(&refused), "{}", name.escape_unicode());
    }
    let other = scene.named_group(bob, &[], "Other").await;
    let refused = scene.rename(other, bob, "team\u{200c} strasse", NameRule::Reserved).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::GroupNameTaken))), "{refused:?}");
    scene
        .rename(team, ann, "TEAM STRASSE", NameRule::Reserved)
        .await
        .expect("a group may change the spelling of its own name");
    scene.named_group(bob, &[], "Team Strabe").await;
}

pub async fn a_renamed_group_gives_its_old_name_back(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let (one, other) = (scene.named_group(ann, &[bob], "One").await, scene.named_group(ann, &[], "Other").await);
    let refused = scene.rename(other, ann, "ONE", NameRule::Reserved).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::GroupNameTaken))), "{refused:?}");
    assert_eq!(scene.all_changes(other).await.len(), 1, "nothing was stored");
    scene.rename(one, ann, "oNe", NameRule::Reserved).await.expect("its own name in another case");
    let (details, change) = scene.rename(one, ann, "Two", NameRule::Reserved).await.expect("renamed");
    assert_eq!(
        (details.conversation.name.as_ref().map(ConversationName::as_str), change.pos),
        (Some("Two"), Pos::new(3))
    );
    scene.rename(other, ann, "One", NameRule::Reserved).await.expect("the name is free");
    let plain = scene.group(ann, &[bob]).await;
    scene.rename(plain, ann, "two", NameRule::Free).await.expect("a free name may be one that is reserved");
    let refused = scene.rename(plain, ann, "two", NameRule::Reserved).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::GroupNameTaken))), "{refused:?}");
    scene.rename(one, ann, "Two", NameRule::Free).await.expect("renamed");
    scene.rename(plain, ann, "two", NameRule::Reserved).await.expect("a free name reserves nothing");
}

pub async fn what_leaves_the_name_alone_keeps_it_reserved(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    let group = scene.named_group(ann, &[], "Kept").await;
    let changes = chat_domain::conversations::ConversationChanges {
        description: Some(ConversationDescription::parse("new").ok()),
        ..Default::default()
    };
    let (conversation_id, actor, name_rule, at) = (group, ann, NameRule::Free, scene.now());
    let update = chat_domain::conversations::UpdateConversation { conversation_id, actor, changes, name_rule, at };
    scene.conversations.update(update).await.expect("updated");
    assert!(is_taken(&scene.groups.create_group(scene.new_group(ann, &[], "kept")).await));
}

pub async fn of_racing_creations_of_one_name_exactly_one_wins(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let outcomes = race(|number| {
        let scene = scene.clone();
        let (creator, name) = if number % 2 == 0 { (ann, "Straße ÉTÉ") } else { (bob, "STRAßE été") };
        async move { scene.groups.create_group(scene.new_group(creator, &[ann, bob], name)).await }
    })
    .await;
    let (made, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (1, RACERS - 1));
    assert!(refused.iter().all(is_taken));
    assert_eq!(scene.realtime.list_memberships(ann, 100).await.expect("memberships").len(), 1);
}

pub async fn of_racing_renames_to_one_name_exactly_one_wins(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    let mut groups = Vec::with_capacity(RACERS / 4);
    for number in 0..RACERS / 4 {
        groups.push(scene.named_group(ann, &[], &format!("group {number}")).await);
    }
    let made = race(|number| {
        // One call in four renames a group, the others create one.
        let (scene, group) = (scene.clone(), groups[number / 4]);
        async move {
            if number % 4 == 0 {
                match scene.rename(group, ann, "Wanted", NameRule::Reserved).await {
                    Ok(_) => true,
                    Err(ActionError::Refused(Refusal::GroupNameTaken)) => false,
                    Err(other) => panic!("{other:?}"),
                }
            } else {
                match scene.groups.create_group(scene.new_group(ann, &[], "wanted")).await {
                    Ok(_) => true,
                    Err(ActionError::Refused(Refusal::GroupNameTaken)) => false,
                    Err(other) => panic!("{other:?}"),
                }
            }
        }
    })
    .await;
    assert_eq!(made.into_iter().filter(|has_it| *has_it).count(), 1);
    let mut names = HashSet::new();
    for group in groups {
        let name = scene.overview(group, ann).await.details.conversation.name.expect("a name");
        assert!(names.insert(name.as_str().to_lowercase()), "{name:?} twice");
    }
}

pub async fn a_deactivated_group_frees_its_name_and_is_read_by_its_members_alone(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let group = scene.named_group(ann, &[bob], "Over").await;
    scene.say(group, bob, "hello").await;
    let at = scene.now();
    let (details, change) = scene.groups.deactivate(group, ann, at).await.expect("deactivated");
    assert!(!details.conversation.is_active);
    assert_eq!((details.conversation.last_pos, details.conversation.updated_at), (Pos::new(3), at));
    assert_eq!((change.conversation_id, change.pos, change.at), (group, Pos::new(3), at));
    assert_eq!(change.kind, ChangeKind::Updated(Box::new(details.clone())));
    let overview = scene.overview(group, bob).await;
    assert_eq!((overview.unread_count(), overview.details), (0, details), "readable by id");
    assert_eq!(scene.seqs(group, bob, HistoryRequest::Latest(limit(10))).await, [1]);
    for filter in [ConversationFilter::All, ConversationFilter::Groups] {
        assert_eq!(scene.conversations.list(ann, filter, page(1, 10)).await.expect("a page").total, 0);
    }
    assert_eq!(scene.realtime.list_memberships(ann, 10).await.expect("memberships").len(), 1, "still a member");
    assert_eq!(scene.overview(group, eve).await.viewer, None);
    let successor = scene.named_group(eve, &[], "OVER").await;
    assert!(is_taken(&scene.groups.create_group(scene.new_group(ann, &[], "Over")).await), "for one group only");
    assert!(scene.overview(successor, eve).await.details.conversation.is_active);
    scene.assert_numbered_without_gaps(group, ann).await;
}

pub async fn an_inactive_group_refuses_every_write_but_leaving(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let new = scene.new_group(ann, &[bob], "Over");
    let (group, code) = (new.id, new.invite_code);
    scene.groups.create_group(new).await.expect("a group");
    let sent = scene.messages.append(scene.keyed_draft(group, ann, "hello", "k")).await.expect("a message");
    let Appended::New(message) = sent else { panic!("{sent:?}") };
    scene.deactivate(group, ann).await;

    let again = scene.messages.append(scene.keyed_draft(group, ann, "hello", "k")).await.expect("a message");
    assert_eq!(again, Appended::Replayed(message), "a replay comes first");
    let refused = scene.messages.append(scene.draft(group, ann, "hello?")).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::Inactive))), "{refused:?}");
    let inactive = |refused: ActionError| {
        assert!(matches!(refused, ActionError::Refused(Refusal::Inactive)), "{refused:?}");
    };
    let add = AddParticipant { conversation_id: group, actor: ann, user: cid, at: scene.now() };
    inactive(scene.conversations.add_participant(add).await.expect_err("refused"));
    inactive(scene.join(code, cid).await.expect_err("refused"));
    inactive(scene.rename(group, ann, "Again", NameRule::Reserved).await.expect_err("refused"));
    inactive(scene.groups.deactivate(group, ann, scene.now()).await.expect_err("refused"));
    inactive(scene.groups.replace_invite_code(group, ann, code).await.expect_err("refused"));
    inactive(scene.conversations.remove_participant(scene.removal(group, ann, bob)).await.expect_err("refused"));
    assert_eq!(scene.all_changes(group).await.len(), 3, "nothing was stored");
    assert_eq!(scene.remove(group, ann, ann).await.len(), 2, "leaving works, and another participant becomes admin");
}

pub async fn only_admins_deactivate_a_group(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let (group, direct) = (scene.named_group(ann, &[bob], "Ours").await, scene.direct(ann, bob).await);
    let refusal = async |id, actor| scene.groups.deactivate(id, actor, scene.now()).await.expect_err("refused");
    assert!(matches!(refusal(group, bob).await, ActionError::Refused(Refusal::NotAnAdmin)));
    assert!(matches!(refusal(group, eve).await, ActionError::Refused(Refusal::NotAParticipant)));
    assert!(matches!(refusal(direct, ann).await, ActionError::Refused(Refusal::Direct)));
    let unknown = ConversationId::new(Uuid::now_v7());
    assert!(matches!(refusal(unknown, ann).await, ActionError::Refused(Refusal::UnknownConversation)));
    let code = chat_domain::conversations::InviteCode::new(Uuid::new_v4());
    let refused = scene.groups.replace_invite_code(group, bob, code).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::NotAnAdmin))), "{refused:?}");
    assert_eq!(scene.all_changes(group).await.len(), 1, "nothing was stored");
}

pub async fn a_group_that_everyone_has_left_is_inactive_and_its_name_free(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let (left, abandoned) = (scene.named_group(ann, &[bob], "Left").await, scene.named_group(ann, &[], "Gone").await);
    scene.remove(left, ann, ann).await;
    assert!(is_taken(&scene.groups.create_group(scene.new_group(bob, &[], "left")).await), "a participant remains");
    assert_eq!(scene.remove(left, bob, bob).await.len(), 1);
    assert!(!scene.overview(left, bob).await.details.conversation.is_active);
    scene.named_group(bob, &[], "left").await;
    scene.users.delete(ann, scene.now()).await.expect("deleted");
    assert!(!scene.overview(abandoned, bob).await.details.conversation.is_active);
    scene.named_group(bob, &[], "gone").await;
    scene.assert_numbered_without_gaps(left, bob).await;
}
