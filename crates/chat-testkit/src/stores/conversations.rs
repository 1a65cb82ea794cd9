//! Creating, finding and changing conversations.

use super::scene::sorted;
use super::{Scene, Stores};
use chat_domain::conversations::{
    ConversationChanges, ConversationDescription, ConversationKind, ConversationName, CreatedConversation, DirectKey,
    NameRule, Role, UpdateConversation,
};
use chat_domain::receipts::Positions;
use chat_domain::users::AvatarUrl;
use chat_domain::{ActionError, Change, ChangeKind, ConversationId, Metadata, Pos, Refusal, Seq, UserId};
use uuid::Uuid;

pub async fn a_group_begins_with_its_creator_as_the_first_admin(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let new = scene.new_conversation(ann, &[bob, cid], Some("Friends"));
    let CreatedConversation { overview, change } = scene.conversations.create(new.clone()).await.expect("a group");
    let conversation = &overview.details.conversation;
    assert_eq!((conversation.id, conversation.kind), (new.id, ConversationKind::Group));
    assert_eq!((&conversation.name, &conversation.description, &conversation.avatar), (&new.name, &None, &None));
    assert_eq!((conversation.created_by, conversation.is_active), (ann, true));
    assert_eq!(
        (conversation.last_seq, conversation.last_pos, conversation.participant_count),
        (Seq::ZERO, Pos::new(1), 3)
    );
    assert_eq!((conversation.created_at, conversation.updated_at), (new.at, new.at));
    for participant in &overview.details.participants {
        let expected = if participant.user.id == ann { Role::Admin } else { Role::Member };
        assert_eq!((participant.role, participant.joined_at), (expected, new.at));
        assert_eq!(participant.positions, Positions::default(), "all messages are unread");
    }
    let Some(Change { conversation_id, pos, at, kind: ChangeKind::Created { details, member_ids } }) = change else {
        panic!("{change:?}");
    };
    assert_eq!((conversation_id, pos, at, *details), (new.id, Pos::new(1), new.at, overview.details));
    assert_eq!(sorted(member_ids), sorted(vec![ann, bob, cid]));
    assert_eq!(overview.viewer.map(|viewer| viewer.user.id), Some(ann));
}

pub async fn one_other_and_no_name_is_the_direct_conversation_of_the_pair(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let made = scene.conversations.create(scene.new_conversation(ann, &[bob], None)).await.expect("made");
    assert_eq!(made.overview.details.conversation.kind, ConversationKind::Direct(DirectKey::new(ann, bob)));
    assert!(made.overview.details.participants.iter().all(|participant| participant.role == Role::Member));
    scene.say(made.overview.details.conversation.id, ann, "hello").await;
    let found = scene.conversations.create(scene.new_conversation(bob, &[ann], None)).await.expect("found");
    assert_eq!(found.overview.details.conversation.id, made.overview.details.conversation.id, "from either side");
    assert_eq!(found.change, None);
    assert_eq!(found.overview.viewer.as_ref().map(|viewer| viewer.user.id), Some(bob), "as the caller sees it");
    assert_eq!(found.overview.unread_count(), 1);
}

pub async fn a_name_makes_a_group_of_two_and_any_number_of_them(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let (one, two) = (scene.group(ann, &[bob]).await, scene.group(ann, &[bob]).await);
    assert_ne!(one, two);
    assert_eq!(scene.overview(one, ann).await.details.conversation.kind, ConversationKind::Group);
}

pub async fn a_conversation_with_unknown_users_is_not_made(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, gone] = scene.users_named(["ann", "bob", "gone"]).await;
    scene.users.delete(gone, scene.now()).await.expect("deleted");
    let stranger = UserId::new(Uuid::now_v7());
    let new = scene.new_conversation(ann, &[bob, stranger, gone], None);
    match scene.conversations.create(new.clone()).await {
        Err(ActionError::Refused(Refusal::UnknownUsers { ids: unknown })) => {
            assert_eq!(sorted(unknown), sorted(vec![gone, stranger]));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(scene.conversations.find(new.id, ann).await.expect("an answer"), None, "nothing was stored");
    assert_eq!(scene.realtime.list_memberships(ann, 10).await.expect("memberships"), []);
}

pub async fn an_unknown_conversation_is_none(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    let unknown = ConversationId::new(Uuid::now_v7());
    assert_eq!(scene.conversations.find(unknown, ann).await.expect("an answer"), None);
    assert_eq!(scene.conversations.find_membership(unknown, ann).await.expect("an answer"), None);
}

fn update(scene: &Scene, id: ConversationId, actor: UserId, changes: ConversationChanges) -> UpdateConversation {
    UpdateConversation { conversation_id: id, actor, changes, name_rule: NameRule::Free, at: scene.now() }
}

pub async fn an_update_changes_what_it_names_and_takes_the_next_pos(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let changes = ConversationChanges {
        description: Some(Some(ConversationDescription::parse("all\nof us").expect("a description"))),
        avatar: Some(Some(AvatarUrl::parse("/a.png").expect("an avatar"))),
        metadata: Some(Some(Metadata::parse(r#"{"b":1,"a":[]}"#).expect("an object"))),
        ..ConversationChanges::default()
    };
    let request = update(&scene, group, ann, changes.clone());
    let (details, change) = scene.conversations.update(request.clone()).await.expect("updated");
    let conversation = &details.conversation;
    assert_eq!(Some(&conversation.description), changes.description.as_ref());
    assert_eq!(Some(&conversation.avatar), changes.avatar.as_ref());
    assert_eq!(Some(&conversation.metadata), changes.metadata.as_ref());
    assert_eq!(conversation.name, ConversationName::parse("a group").ok(), "the name is unchanged");
    assert_eq!((conversation.last_pos, conversation.updated_at), (Pos::new(2), request.at));
    let change = change.expect("a change");
    assert_eq!((change.pos, change.at), (Pos::new(2), request.at));
    assert_eq!(change.kind, ChangeKind::Updated(Box::new(details.clone())));
    let cleared =
        ConversationChanges { name: Some(None), description: Some(None), avatar: Some(None), metadata: Some(None) };
    let (details, change) = scene.conversations.update(update(&scene, group, ann, cleared)).await.expect("updated");
    let conversation = &details.conversation;
    assert_eq!((&conversation.name, &conversation.description, &conversation.avatar), (&None, &None, &None));
    assert_eq!(conversation.metadata, None);
    assert_eq!(change.map(|change| change.pos), Some(Pos::new(3)));
    assert_eq!(scene.overview(group, ann).await.details, details);
}

pub async fn both_users_of_a_direct_conversation_change_its_metadata_and_nothing_else(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let direct = scene.direct(ann, bob).await;
    let metadata = |text: &str| ConversationChanges {
        metadata: Some(Metadata::parse(text).ok()),
        ..ConversationChanges::default()
    };
    for (actor, text) in [(ann, r#"{"topic":"trip"}"#), (bob, r#"{"topic":"food"}"#)] {
        let (details, change) =
            scene.conversations.update(update(&scene, direct, actor, metadata(text))).await.expect("updated");
        assert_eq!(details.conversation.metadata.as_ref().map(Metadata::as_str), Some(text));
        assert_eq!(change.map(|change| change.kind), Some(ChangeKind::Updated(Box::new(details))));
    }
    let (details, change) = scene
        .conversations
        .update(update(&scene, direct, ann, metadata(r#"{"topic":"food"}"#)))
        .await
        .expect("updated");
    assert_eq!((change, details), (None, scene.overview(direct, ann).await.details), "it has these");
    let stranger = scene.conversations.update(update(&scene, direct, eve, metadata("{}"))).await;
    assert!(matches!(stranger, Err(ActionError::Refused(Refusal::NotAParticipant))), "{stranger:?}");
    let with_avatar = ConversationChanges { avatar: Some(None), ..metadata("{}") };
    let refused = scene.conversations.update(update(&scene, direct, ann, with_avatar)).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::Direct))), "{refused:?}");
}

pub async fn only_admins_of_a_group_update_it(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let (group, direct) = (scene.group(ann, &[bob]).await, scene.direct(ann, bob).await);
    let refusal = async |id, actor| {
        let changes = ConversationChanges { name: Some(None), ..ConversationChanges::default() };
        scene.conversations.update(update(&scene, id, actor, changes)).await.expect_err("refused")
    };
    assert!(matches!(refusal(group, bob).await, ActionError::Refused(Refusal::NotAnAdmin)));
    assert!(matches!(refusal(group, eve).await, ActionError::Refused(Refusal::NotAParticipant)));
    assert!(matches!(refusal(direct, ann).await, ActionError::Refused(Refusal::Direct)));
    let unknown = ConversationId::new(Uuid::now_v7());
    assert!(matches!(refusal(unknown, ann).await, ActionError::Refused(Refusal::UnknownConversation)));
    assert_eq!(scene.all_changes(group).await.len(), 1, "nothing was stored");
}
