use crate::world::{World, code, message, name, nobody, nowhere, page};
use chat_app::CreateConversation;
use chat_domain::changes::{MAX_MISSED_OF_ONE, MissedChanges};
use chat_domain::conversations::{
    ConversationChanges, ConversationFilter, ConversationKind, DirectKey, MAX_PARTICIPANTS, Role,
};
use chat_domain::{Audience, ChangeKind, ErrorCode, Event, PageLimit, Pos};

fn renamed(to: &str) -> ConversationChanges {
    ConversationChanges { name: Some(Some(name(to))), ..Default::default() }
}

#[tokio::test]
async fn one_other_and_no_name_is_the_direct_conversation_of_the_pair() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let made = world.direct(ann, bob).await;
    let pair = DirectKey::new(ann.user_id, bob.user_id);
    assert_eq!(made.details.conversation.kind, ConversationKind::Direct(pair));
    assert_eq!(world.published(), ["1 created with 2"]);
    let again = world.direct(bob, ann).await;
    assert_eq!(again.details.conversation.id, made.details.conversation.id);
    assert_eq!(again.viewer.map(|viewer| viewer.user.id), Some(bob.user_id));
    assert!(world.bus.take().is_empty(), "an existing conversation is not published again");
}

#[tokio::test]
async fn of_many_who_ask_for_one_direct_conversation_at_once_all_get_the_same() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let mut tasks = tokio::task::JoinSet::new();
    for (one, other) in [(ann, bob), (bob, ann)].repeat(8) {
        let conversations = world.app.conversations.clone();
        let command = CreateConversation { participant_ids: vec![other.user_id], name: None };
        tasks.spawn(async move { conversations.create(one, command).await.expect("made").details.conversation.id });
    }
    let mut ids = tasks.join_all().await;
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(world.bus.take().len(), 1, "exactly one call created it");
}

#[tokio::test]
async fn a_group_is_announced_to_all_of_its_members() {
    let world = World::new();
    let (ann, bob, cid) = (world.user("ann").await, world.user("bob").await, world.user("cid").await);
    let group = world.group(ann, &[bob, cid]).await;
    let published = world.bus.take();
    assert_eq!(published.len(), 1);
    assert_eq!((&published[0].audience, published[0].except), (&Audience::Conversation(group), None));
    let Event::Change(change) = &published[0].event else { panic!("not a change: {published:?}") };
    let ChangeKind::Created { member_ids, .. } = &change.kind else { panic!("not a creation: {change:?}") };
    let mut members = member_ids.clone();
    members.sort_unstable();
    assert_eq!(members, [ann.user_id, bob.user_id, cid.user_id]);
}

#[tokio::test]
async fn a_name_makes_a_group_even_of_two() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let (one, other) = (world.group(ann, &[bob]).await, world.group(ann, &[bob]).await);
    assert_ne!(one, other);
    let overview = world.app.conversations.find(ann, one).await.expect("the group");
    assert_eq!(overview.details.conversation.kind, ConversationKind::Group);
    assert_eq!(overview.viewer.map(|viewer| viewer.role), Some(Role::Admin));
}

#[tokio::test]
async fn a_conversation_needs_somebody_else_and_not_too_many() {
    let world = World::new();
    let ann = world.user("ann").await;
    let too_many = (0..MAX_PARTICIPANTS).map(|_| nobody()).collect();
    for participant_ids in [vec![], vec![ann.user_id], too_many] {
        let command = CreateConversation { participant_ids, name: None };
        let refused = world.app.conversations.create(ann, command).await.expect_err("refused");
        assert_eq!(refused.code(), ErrorCode::ValidationFailed);
        assert_eq!(refused.to_string(), "The participants must be a list of 1 to 999 other users");
    }
}

#[tokio::test]
async fn whoever_does_not_exist_is_named_and_nothing_is_made() {
    let world = World::new();
    let (ann, bob, ghost) = (world.user("ann").await, world.user("bob").await, nobody());
    let command = CreateConversation { participant_ids: vec![bob.user_id, ghost], name: None };
    let refused = world.app.conversations.create(ann, command).await.expect_err("refused");
    assert_eq!(refused.code(), ErrorCode::UserNotFound);
    assert_eq!(refused.to_string(), format!("These users do not exist: {ghost}"));
    let many = CreateConversation { participant_ids: (0..900).map(|_| nobody()).collect(), name: None };
    let refused = world.app.conversations.create(ann, many).await.expect_err("refused");
    assert!(refused.to_string().len() < 300 && refused.to_string().ends_with(", ..."), "{refused}");
    assert_eq!(
        world.app.conversations.list(ann, ConversationFilter::All, page(1, 10)).await.expect("a page").total(),
        Some(0)
    );
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn one_finds_the_conversations_one_takes_part_in_and_no_others() {
    let world = World::new();
    let (ann, bob, eve) = (world.user("ann").await, world.user("bob").await, world.user("eve").await);
    let group = world.group(ann, &[bob]).await;
    assert_eq!(
        world.app.conversations.list(bob, ConversationFilter::All, page(1, 10)).await.expect("a page").total(),
        Some(1)
    );
    assert_eq!(
        world.app.conversations.list(eve, ConversationFilter::All, page(1, 10)).await.expect("a page").total(),
        Some(0)
    );
    assert!(world.app.conversations.find(bob, group).await.is_ok());
    assert_eq!(code(world.app.conversations.find(eve, group).await), Some(ErrorCode::NotAParticipant));
    assert_eq!(code(world.app.conversations.find(ann, nowhere()).await), Some(ErrorCode::ConversationNotFound));
}

#[tokio::test]
async fn any_participant_adds_somebody_to_a_group() {
    let world = World::new();
    let (ann, bob, cid) = (world.user("ann").await, world.user("bob").await, world.user("cid").await);
    let group = world.group(ann, &[bob]).await;
    world.bus.take();
    let details = world.app.conversations.add_participant(bob, group, cid.user_id).await.expect("added");
    assert_eq!(details.conversation.participant_count, 3);
    assert_eq!(world.published(), ["2 added cid"]);
    assert!(world.app.conversations.find(cid, group).await.is_ok());
}

#[tokio::test]
async fn adding_is_refused_by_the_rules() {
    let world = World::new();
    let (ann, bob, eve) = (world.user("ann").await, world.user("bob").await, world.user("eve").await);
    let group = world.group(ann, &[bob]).await;
    let direct = world.direct(ann, bob).await.details.conversation.id;
    world.bus.take();
    let add = |actor, conversation, user| {
        let conversations = world.app.conversations.clone();
        async move { code(conversations.add_participant(actor, conversation, user).await) }
    };
    assert_eq!(add(eve, group, eve.user_id).await, Some(ErrorCode::NotAParticipant));
    assert_eq!(add(ann, group, bob.user_id).await, Some(ErrorCode::AlreadyAParticipant));
    assert_eq!(add(ann, direct, eve.user_id).await, Some(ErrorCode::DirectConversation));
    assert_eq!(add(ann, nowhere(), eve.user_id).await, Some(ErrorCode::ConversationNotFound));
    assert_eq!(add(ann, group, nobody()).await, Some(ErrorCode::UserNotFound));
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn one_leaves_by_oneself_and_is_removed_by_admins_only() {
    let world = World::new();
    let (ann, bob, cid) = (world.user("ann").await, world.user("bob").await, world.user("cid").await);
    let group = world.group(ann, &[bob, cid]).await;
    world.bus.take();
    let conversations = &world.app.conversations;
    let refused = conversations.remove_participant(bob, group, cid.user_id).await;
    assert_eq!(code(refused), Some(ErrorCode::NotAnAdmin));
    conversations.remove_participant(ann, group, cid.user_id).await.expect("removed");
    conversations.remove_participant(bob, group, bob.user_id).await.expect("left");
    assert_eq!(world.published(), ["2 participant_removed", "3 participant_removed"]);
    let refused = conversations.remove_participant(ann, group, cid.user_id).await;
    assert_eq!(code(refused), Some(ErrorCode::ParticipantNotFound));
    let refused = conversations.remove_participant(ann, nowhere(), cid.user_id).await;
    assert_eq!(code(refused), Some(ErrorCode::ConversationNotFound));
    assert_eq!(code(conversations.find(cid, group).await), Some(ErrorCode::NotAParticipant));
}

#[tokio::test]
async fn the_last_admin_who_leaves_hands_over() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let group = world.group(ann, &[bob]).await;
    world.bus.take();
    world.app.conversations.remove_participant(ann, group, ann.user_id).await.expect("left");
    assert_eq!(world.published(), ["2 participant_removed", "3 updated"]);
    assert!(world.app.conversations.update(bob, group, renamed("Mine")).await.is_ok());
}

#[tokio::test]
async fn an_admin_changes_roles_and_only_what_changes_is_told() {
    let world = World::new();
    let (ann, bob, eve) = (world.user("ann").await, world.user("bob").await, world.user("eve").await);
    let group = world.group(ann, &[bob]).await;
    world.bus.take();
    let conversations = &world.app.conversations;
    for _ in 0..2 {
        let participant = conversations.change_role(ann, group, bob.user_id, Role::Admin).await.expect("changed");
        assert_eq!(participant.role, Role::Admin);
    }
    assert_eq!(world.published(), ["2 participant_updated"]);
    let refused = conversations.change_role(eve, group, bob.user_id, Role::Member).await;
    assert_eq!(code(refused), Some(ErrorCode::NotAParticipant));
    let limit = chat_domain::PageLimit::GREATEST;
    let page = conversations.list_participants(bob, group, None, limit).await.expect("a page");
    assert_eq!((page.items.len(), page.next), (2, None));
    let refused = conversations.list_participants(eve, group, None, limit).await;
    assert_eq!(code(refused), Some(ErrorCode::NotAParticipant));
    let refused = conversations.list_participants(eve, nowhere(), None, limit).await;
    assert_eq!(code(refused), Some(ErrorCode::ConversationNotFound));
}

#[tokio::test]
async fn whoever_is_removed_while_writing_has_stopped_writing() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let group = world.group(ann, &[bob]).await;
    world.app.typing.start(bob, group).await.expect("writing");
    world.bus.take();
    world.app.conversations.remove_participant(ann, group, bob.user_id).await.expect("removed");
    assert_eq!(world.published_at_least(2).await, ["2 participant_removed", "typing false"]);
}

#[tokio::test]
async fn admins_change_what_a_group_is_called() {
    let world = World::new();
    let (ann, bob, eve) = (world.user("ann").await, world.user("bob").await, world.user("eve").await);
    let group = world.group(ann, &[bob]).await;
    world.bus.take();
    let details = world.app.conversations.update(ann, group, renamed("Family")).await.expect("changed");
    assert_eq!(details.conversation.name, Some(name("Family")));
    assert_eq!(world.published(), ["2 updated"]);
    let update = |actor, changes| {
        let conversations = world.app.conversations.clone();
        async move { code(conversations.update(actor, group, changes).await) }
    };
    assert_eq!(update(bob, renamed("Bob's")).await, Some(ErrorCode::NotAnAdmin));
    assert_eq!(update(eve, renamed("Eve's")).await, Some(ErrorCode::NotAParticipant));
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn changing_nothing_is_no_change_and_as_forbidden() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let group = world.group(ann, &[bob]).await;
    let direct = world.direct(ann, bob).await.details.conversation.id;
    world.bus.take();
    let nothing = ConversationChanges::default;
    let conversations = &world.app.conversations;
    let details = conversations.update(ann, group, nothing()).await.expect("nothing changes");
    assert_eq!(details.conversation.last_pos.get(), 1);
    assert_eq!(code(conversations.update(bob, group, nothing()).await), Some(ErrorCode::NotAnAdmin));
    assert_eq!(code(conversations.update(ann, direct, nothing()).await), Some(ErrorCode::DirectConversation));
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn a_client_that_missed_too_much_reads_the_conversation_anew() {
    let world = World::new();
    let [ann, bob] = world.users(["ann", "bob"]).await;
    let group = world.group(ann, &[bob]).await;
    let most = u64::from(MAX_MISSED_OF_ONE);
    let missed = async |after| {
        let after = Pos::new(after);
        world.app.conversations.missed(bob, group, after, PageLimit::GREATEST).await.expect("an answer")
    };
    for _ in 0..most / 500 {
        let mut sends = tokio::task::JoinSet::new();
        for _ in 0..500 {
            let (messages, hello) = (world.app.messages.clone(), message(group, "hello", None));
            sends.spawn(async move { messages.send(ann, hello).await.expect("sent") });
        }
        sends.join_all().await;
    }
    let all = missed(1).await;
    assert_eq!((all.changes.len(), all.next, all.as_of), (100, Some(Pos::new(101)), Pos::new(most + 1)));
    assert_eq!(missed(0).await, MissedChanges::reset(Pos::new(most + 1)), "one more: the creation");
    let last = missed(most).await;
    assert_eq!((last.changes.len(), last.next, last.is_reset), (1, None, false));
    assert_eq!(missed(most + 2).await, MissedChanges::reset(Pos::new(most + 1)), "beyond the newest");
}
