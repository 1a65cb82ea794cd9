use crate::world::{World, code, create_group};
use chat_domain::auth::Actor;
use chat_domain::conversations::{InviteCode, Role};
use chat_domain::messages::HistoryRequest;
use chat_domain::{Audience, ChangeKind, ErrorCode, Event, PageLimit};

async fn code_of(world: &World, member: Actor, group: chat_domain::ConversationId) -> InviteCode {
    let seen = world.app.groups.find(member, group).await.expect("a group");
    seen.details.conversation.invite_code.expect("members see it")
}

#[tokio::test]
async fn whoever_has_the_code_joins_once_and_everybody_there_learns_of_it() {
    let world = World::new();
    let [ann, bob, eve] = world.users(["ann", "bob", "eve"]).await;
    let group = world.make_group(ann, "Project", &[bob]).await;
    world.send(ann, group, "before").await;
    let invite = code_of(&world, bob, group).await;
    world.bus.take();
    let joined = world.app.groups.join(eve, invite).await.expect("joined");
    let own = joined.details.participants.iter().find(|participant| participant.user.id == eve.user_id);
    assert_eq!(own.map(|own| own.role), Some(Role::Member));
    assert_eq!(own.map(|own| own.positions.unread(joined.details.conversation.last_seq)), Some(0));
    assert_eq!(code(world.app.groups.join(eve, invite).await), Some(ErrorCode::AlreadyAParticipant));
    let published = world.bus.take();
    assert_eq!(published.len(), 1);
    assert_eq!((&published[0].audience, published[0].except), (&Audience::Conversation(group), None));
    let Event::Change(change) = &published[0].event else { panic!("no change: {published:?}") };
    assert!(matches!(&change.kind, ChangeKind::ParticipantAdded { user, .. } if user.id == eve.user_id));
}

#[tokio::test]
async fn of_many_joinings_of_one_user_at_once_one_counts() {
    let world = World::new();
    let [ann, eve] = world.users(["ann", "eve"]).await;
    let group = world.make_group(ann, "Project", &[]).await;
    let invite = code_of(&world, ann, group).await;
    world.bus.take();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let groups = world.app.groups.clone();
        tasks.spawn(async move { code(groups.join(eve, invite).await) });
    }
    let mut codes = tasks.join_all().await;
    codes.retain(|code| *code != Some(ErrorCode::AlreadyAParticipant));
    assert_eq!(codes, [None]);
    assert_eq!(world.published(), ["2 added eve"]);
}

#[tokio::test]
async fn a_code_that_was_revoked_lets_nobody_in_and_the_new_one_does() {
    let world = World::new();
    let [ann, bob, eve] = world.users(["ann", "bob", "eve"]).await;
    let group = world.make_group(ann, "Project", &[bob]).await;
    let earlier = code_of(&world, bob, group).await;
    world.bus.take();
    assert_eq!(code(world.app.groups.revoke_invite_code(bob, group).await), Some(ErrorCode::NotAnAdmin));
    assert_eq!(code_of(&world, bob, group).await, earlier);
    let revoked = world.app.groups.revoke_invite_code(ann, group).await.expect("revoked");
    let present = revoked.details.conversation.invite_code.expect("a new one");
    assert_ne!(present, earlier);
    assert!(world.bus.take().is_empty(), "a new code is not published");
    assert_eq!(code(world.app.groups.join(eve, earlier).await), Some(ErrorCode::InviteNotFound));
    assert!(world.app.groups.join(eve, present).await.is_ok());
}

#[tokio::test]
async fn a_user_whom_an_admin_removed_reads_nothing_and_comes_back_by_an_admin_alone() {
    let world = World::new();
    let [ann, bob, cid] = world.users(["ann", "bob", "cid"]).await;
    let group = world.make_group(ann, "Project", &[bob, cid]).await;
    let invite = code_of(&world, bob, group).await;
    world.app.groups.remove_member(ann, group, bob.user_id).await.expect("removed");
    world.send(ann, group, "about bob").await;
    world.bus.take();
    let removed = Some(ErrorCode::RemovedByAdmin);
    assert_eq!(code(world.app.groups.join(bob, invite).await), removed);
    assert_eq!(code(world.app.groups.add_member(cid, group, bob.user_id).await), removed);
    assert_eq!(code(world.app.conversations.add_participant(cid, group, bob.user_id).await), removed);
    assert_eq!(code(world.app.groups.find(bob, group).await), Some(ErrorCode::NotAParticipant));
    let history = HistoryRequest::Latest(PageLimit::HISTORY_DEFAULT);
    assert_eq!(code(world.app.messages.history(bob, group, history).await), Some(ErrorCode::NotAParticipant));
    assert!(world.bus.take().is_empty());
    world.app.groups.add_member(ann, group, bob.user_id).await.expect("added");
    world.app.groups.remove_member(bob, group, bob.user_id).await.expect("left");
    assert!(world.app.groups.join(bob, invite).await.is_ok(), "a user who left can rejoin by the code");
}

#[tokio::test]
async fn a_group_made_as_a_conversation_has_a_code_too_and_codes_are_all_different() {
    let world = World::new();
    let [ann, bob, eve] = world.users(["ann", "bob", "eve"]).await;
    let free = world.group(ann, &[bob]).await;
    let made = world.app.groups.create(ann, create_group("Project", &[])).await.expect("a group");
    let invite = code_of(&world, bob, free).await;
    assert_ne!(Some(invite), made.details.conversation.invite_code);
    assert!(world.app.groups.join(eve, invite).await.is_ok());
    let unknown = InviteCode::new(uuid::Uuid::from_u128(7));
    assert_eq!(code(world.app.groups.join(eve, unknown).await), Some(ErrorCode::InviteNotFound));
}
