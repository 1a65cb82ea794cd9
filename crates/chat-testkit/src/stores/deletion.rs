//! Deleting an account.

use super::scene::{limit, page, sorted};
use super::{Scene, Stores};
use chat_domain::auth::RotateOutcome;
use chat_domain::conversations::Role;
use chat_domain::messages::HistoryRequest;
use chat_domain::users::{DELETED_USER_NAME, SearchTerm};
use chat_domain::{ActionError, ChangeKind, Pos, Refusal};
use std::time::Duration;

pub async fn a_deleted_user_is_nobody_and_their_names_are_free(stores: Stores) {
    let scene = Scene::new(stores);
    let new = scene.new_user("ann");
    let ann = scene.users.create(new.clone()).await.expect("a user").id;
    let deleted = scene.users.delete(ann, scene.now()).await.expect("deleted").expect("a user");
    assert_eq!((deleted.changes, deleted.ended_sessions), (vec![], vec![]));
    assert_eq!(scene.users.find(ann).await.expect("an answer"), None);
    assert_eq!(scene.users.list_by_ids(&[ann]).await.expect("users"), []);
    assert_eq!(scene.users.find_credentials(ann).await.expect("an answer"), None);
    assert_eq!(scene.users.find_credentials_by_email(&new.email).await.expect("an answer"), None);
    let term = SearchTerm::parse("ann").expect("a term");
    assert_eq!(scene.users.search(&term, page(1, 10)).await.expect("a page").total, 0);
    let deleted = SearchTerm::parse(DELETED_USER_NAME).expect("a term");
    assert_eq!(scene.users.search(&deleted, page(1, 10)).await.expect("a page").total, 0);
    assert_eq!(scene.users.delete(ann, scene.now()).await.expect("an answer"), None, "once");
    assert_ne!(scene.user("ann").await, ann, "email and username are free");
}

pub async fn deleting_ends_every_session(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let (one, two, of_bob) = (scene.session(ann).await, scene.session(ann).await, scene.session(bob).await);
    let at = scene.now();
    let deleted = scene.users.delete(ann, at).await.expect("deleted").expect("a user");
    assert_eq!(sorted(deleted.ended_sessions), sorted(vec![one, two]));
    let ended = scene.sessions.list_ended(None).await.expect("sessions").items;
    assert_eq!(sorted(ended.iter().map(|session| session.id).collect()), sorted(vec![one, two]));
    assert_eq!(scene.sessions.list(bob, scene.now()).await.expect("sessions")[0].id, of_bob);
}

pub async fn a_session_made_after_the_deletion_is_over_at_once(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    scene.users.delete(ann, scene.now()).await.expect("deleted");
    let new = scene.new_session(ann);
    let id = new.session.id;
    assert_eq!(scene.sessions.create(new).await.expect("an answer"), [id]);
    let ended = scene.sessions.list_ended(None).await.expect("sessions").items;
    assert_eq!(ended.iter().map(|session| session.id).collect::<Vec<_>>(), [id]);
    let rotate = chat_domain::auth::RotateSession {
        session_id: id,
        presented: chat_domain::auth::RefreshTokenHash::new([1; 32]),
        successor: chat_domain::auth::RefreshTokenHash::new([2; 32]),
        client: chat_domain::auth::ClientInfo::default(),
        at: scene.now(),
        expires_at: scene.now().plus(Duration::from_hours(1)),
    };
    assert_eq!(scene.sessions.rotate(rotate).await.expect("an outcome"), RotateOutcome::Unknown);
}

pub async fn a_deleted_user_leaves_every_group_and_hands_over(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let (own, others) = (scene.group(ann, &[bob, cid]).await, scene.group(bob, &[ann, cid]).await);
    let left = scene.group(ann, &[bob]).await;
    scene.remove(left, ann, ann).await;
    let at = scene.now();
    let deleted = scene.users.delete(ann, at).await.expect("deleted").expect("a user");
    let of = |id| deleted.changes.iter().filter(|change| change.conversation_id == id).collect::<Vec<_>>();
    assert_eq!((of(own).len(), of(others).len(), of(left).len()), (2, 1, 0));
    for (group, first) in [(own, of(own)[0]), (others, of(others)[0])] {
        assert_eq!((first.pos, first.at), (Pos::new(2), at));
        assert_eq!(first.kind, ChangeKind::ParticipantRemoved { user_id: ann });
        scene.assert_numbered_without_gaps(group, bob).await;
    }
    let ChangeKind::Updated(details) = &of(own)[1].kind else { panic!("{:?}", of(own)[1]) };
    let admins: Vec<_> =
        details.participants.iter().filter(|one| one.role == Role::Admin).map(|one| one.user.id).collect();
    assert_eq!((of(own)[1].pos, admins), (Pos::new(3), vec![bob.min(cid)]), "joined together: the lower id");
    assert_eq!(scene.overview(own, bob).await.details.conversation.participant_count, 2);
}

pub async fn what_a_deleted_user_said_stays_under_another_name(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    scene.say(direct, ann, "remember me").await;
    scene.users.delete(ann, scene.now()).await.expect("deleted");
    let page = scene.messages.history(direct, bob, HistoryRequest::Latest(limit(10))).await.expect("a history");
    let sender = &page.messages[0].sender;
    assert_eq!((page.messages[0].body.as_str(), sender.id), ("remember me", ann));
    assert_eq!((sender.name.as_str(), &sender.username, &sender.avatar), (DELETED_USER_NAME, &None, &None));
}

pub async fn a_deleted_user_stays_in_direct_conversations_and_says_nothing_more(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    let said = scene.say(direct, ann, "remember me").await;
    scene.users.delete(ann, scene.now()).await.expect("deleted");
    let details = scene.overview(direct, bob).await.details;
    assert_eq!(details.conversation.participant_count, 2);
    let other = details.participants.iter().find(|one| one.user.id == ann).expect("still there");
    assert_eq!((other.user.name.as_str(), &other.user.username), (DELETED_USER_NAME, &None));
    let refused = scene.messages.append(scene.draft(direct, ann, "from beyond")).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::NotAParticipant))), "{refused:?}");
    let refused = scene.messages.edit(scene.edit_of(&said, "forget me"), scene.editor(ann)).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::NotAParticipant))), "{refused:?}");
    let refused = scene.messages.delete(direct, said.id, scene.editor(ann)).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::NotAParticipant))), "{refused:?}");
    scene.say(direct, bob, "goodbye").await;
    let group = scene.group(bob, &[scene.user("cid").await]).await;
    let add =
        chat_domain::conversations::AddParticipant { conversation_id: group, actor: bob, user: ann, at: scene.now() };
    let refused = scene.conversations.add_participant(add).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::UnknownUser))), "{refused:?}");
}
