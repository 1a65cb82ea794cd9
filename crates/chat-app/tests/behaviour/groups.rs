use crate::world::{World, code, connection, create_group, name, nobody, nowhere, page};
use chat_app::{ChatTarget, CreateGroup, GroupProfile, Receipt};
use chat_domain::auth::Actor;
use chat_domain::conversations::{ConversationChanges, ConversationFilter, MAX_PARTICIPANTS, Role};
use chat_domain::presence::PresenceStatus;
use chat_domain::receipts::{AdvancePositions, DeliveryStatus, ReceiptTarget};
use chat_domain::{Audience, ChangeKind, ConversationId, ErrorCode, Event, UserId};

fn renamed(to: &str) -> ConversationChanges {
    ConversationChanges { name: Some(Some(name(to))), ..Default::default() }
}

fn members(group: &GroupProfile) -> Vec<(UserId, Role)> {
    group.details.participants.iter().map(|participant| (participant.user.id, participant.role)).collect()
}

#[tokio::test]
async fn whoever_makes_a_group_is_its_first_admin_and_all_of_its_members_learn_of_it_once() {
    let world = World::new();
    let (ann, bob, cid) = (world.user("ann").await, world.user("bob").await, world.user("cid").await);
    world.app.presence.connected(bob, connection()).await;
    let command = create_group("Project", &[bob, cid, bob, ann]);
    let made = world.app.groups.create(ann, command).await.expect("a group");
    assert_eq!(made.details.participants.len(), 3, "each once");
    assert!(members(&made).contains(&(ann.user_id, Role::Admin)));
    assert!(members(&made).contains(&(bob.user_id, Role::Member)));
    assert!(made.details.conversation.invite_code.is_some());
    assert_eq!(made.presence[&bob.user_id].status, PresenceStatus::Online);
    assert_eq!(made.presence[&cid.user_id].status, PresenceStatus::Offline);

    let published = world.bus.take();
    assert_eq!(published.len(), 1);
    let id = made.details.conversation.id;
    assert_eq!((&published[0].audience, published[0].except), (&Audience::Conversation(id), None));
    let Event::Change(change) = &published[0].event else { panic!("not a change: {published:?}") };
    let ChangeKind::Created { member_ids, .. } = &change.kind else { panic!("not a creation: {change:?}") };
    assert_eq!(member_ids.len(), 3);
    let seen = world.app.conversations.find(cid, id).await.expect("a conversation like any other");
    assert_eq!(seen.details.conversation.name, Some(name("Project")));
}

#[tokio::test]
async fn one_may_make_a_group_with_nobody_yet_and_with_no_more_than_it_holds() {
    let world = World::new();
    let ann = world.user("ann").await;
    assert_eq!(members(&world.app.groups.create(ann, create_group("Alone", &[])).await.expect("made")).len(), 1);
    world.bus.take();
    let member_ids = (0..MAX_PARTICIPANTS).map(|_| nobody()).collect();
    let many = CreateGroup { member_ids, ..create_group("Crowd", &[]) };
    assert_eq!(code(world.app.groups.create(ann, many).await), Some(ErrorCode::ValidationFailed));
    let ghost = nobody();
    let haunted = CreateGroup { member_ids: vec![ghost], ..create_group("Haunted", &[]) };
    let refused = world.app.groups.create(ann, haunted).await.expect_err("refused");
    assert_eq!(refused.code(), ErrorCode::UserNotFound);
    assert_eq!(refused.to_string(), format!("These users do not exist: {ghost}"));
    assert!(world.bus.take().is_empty());
    assert_eq!(world.app.groups.list(ann, page(1, 10)).await.expect("a page").total(), Some(1));
}

#[tokio::test]
async fn of_many_who_want_one_name_at_once_in_whatever_case_one_gets_it() {
    let world = World::new();
    let ann = world.user("ann").await;
    let mut tasks = tokio::task::JoinSet::new();
    for wanted in ["Project", "PROJECT", "project", "pRoJeCt"].repeat(3) {
        let groups = world.app.groups.clone();
        tasks.spawn(async move { code(groups.create(ann, create_group(wanted, &[])).await) });
    }
    let mut codes = tasks.join_all().await;
    codes.retain(|code| *code != Some(ErrorCode::GroupNameTaken));
    assert_eq!(codes, [None]);
    assert_eq!(world.published(), ["1 created with 1"]);
}

#[tokio::test]
async fn a_name_is_kept_while_its_group_is_active_and_has_it() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let groups = &world.app.groups;
    world.named_group(ann, &[bob], "free").await;
    let one = world.make_group(ann, "Free", &[]).await;
    let other = world.make_group(ann, "Other", &[]).await;
    world.bus.take();
    assert_eq!(code(groups.update(ann, other, renamed("FREE")).await), Some(ErrorCode::GroupNameTaken));
    assert!(world.bus.take().is_empty());
    let same = groups.update(ann, one, renamed("fREE")).await.expect("a group may change the case of its own name");
    assert_eq!(same.details.conversation.name, Some(name("fREE")));

    groups.update(ann, one, renamed("Elsewhere")).await.expect("renamed");
    groups.update(ann, other, renamed("Free")).await.expect("free again");
    groups.deactivate(ann, other).await.expect("deactivated");
    assert!(groups.create(bob, create_group("free", &[])).await.is_ok(), "free once more");
}

#[tokio::test]
async fn a_name_that_was_set_freely_is_no_longer_reserved() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let group = world.make_group(ann, "Project", &[]).await;
    world.app.conversations.update(ann, group, renamed("Project")).await.expect("renamed");
    assert!(world.app.groups.create(bob, create_group("Project", &[])).await.is_ok());
}

#[tokio::test]
async fn who_is_not_there_now_does_nothing_and_only_admins_change_a_group() {
    let world = World::new();
    let [ann, bob, eve, dan] = world.users(["ann", "bob", "eve", "dan"]).await;
    let group = world.make_group(ann, "Project", &[bob, dan]).await;
    world.app.groups.remove_member(ann, group, dan.user_id).await.expect("removed");
    world.bus.take();
    let everything = async |actor: Actor| {
        let groups = &world.app.groups;
        [
            code(groups.find(actor, group).await),
            code(groups.add_member(actor, group, eve.user_id).await),
            code(groups.update(actor, group, renamed("Mine")).await),
            code(groups.update(actor, group, ConversationChanges::default()).await),
            code(groups.revoke_invite_code(actor, group).await),
            code(groups.remove_member(actor, group, ann.user_id).await),
            code(groups.deactivate(actor, group).await),
        ]
    };
    for outsider in [eve, dan] {
        assert_eq!(everything(outsider).await, [Some(ErrorCode::NotAParticipant); 7]);
    }
    assert!(world.bus.take().is_empty());
    let (done, not_an_admin) = (None, Some(ErrorCode::NotAnAdmin));
    let of_a_member = [done, done, not_an_admin, not_an_admin, not_an_admin, not_an_admin, not_an_admin];
    assert_eq!(everything(bob).await, of_a_member);
    assert_eq!(world.published(), ["3 added eve"], "the only change that a member may make");
    world.app.groups.remove_member(ann, group, eve.user_id).await.expect("removed");
    assert_eq!(everything(ann).await, [done, done, done, done, done, done, Some(ErrorCode::NotAParticipant)]);
}

#[tokio::test]
async fn the_id_of_a_direct_conversation_is_no_groups_whoever_asks() {
    let world = World::new();
    let [ann, bob, eve] = world.users(["ann", "bob", "eve"]).await;
    let direct = world.direct(ann, bob).await.details.conversation.id;
    world.bus.take();
    let groups = &world.app.groups;
    for id in [direct, nowhere()] {
        for actor in [ann, eve] {
            let codes = [
                code(groups.find(actor, id).await),
                code(groups.update(actor, id, renamed("Mine")).await),
                code(groups.update(actor, id, ConversationChanges::default()).await),
                code(groups.add_member(actor, id, eve.user_id).await),
                code(groups.remove_member(actor, id, bob.user_id).await),
                code(groups.remove_member(actor, id, actor.user_id).await),
                code(groups.revoke_invite_code(actor, id).await),
                code(groups.deactivate(actor, id).await),
            ];
            assert_eq!(codes, [Some(ErrorCode::ConversationNotFound); 8]);
        }
    }
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn members_are_added_by_members_and_removed_by_admins() {
    let world = World::new();
    let [ann, bob, cid] = world.users(["ann", "bob", "cid"]).await;
    let group = world.make_group(ann, "Project", &[bob]).await;
    world.bus.take();
    let groups = &world.app.groups;
    let grown = groups.add_member(bob, group, cid.user_id).await.expect("added");
    assert_eq!(members(&grown).len(), 3);
    assert_eq!(code(groups.add_member(bob, group, cid.user_id).await), Some(ErrorCode::AlreadyAParticipant));
    assert_eq!(code(groups.add_member(bob, group, nobody()).await), Some(ErrorCode::UserNotFound));
    let shrunk =
        groups.remove_member(ann, group, cid.user_id).await.expect("removed").expect("the actor still sees the group");
    assert_eq!(members(&shrunk), [(ann.user_id, Role::Admin), (bob.user_id, Role::Member)]);
    assert_eq!(code(groups.remove_member(ann, group, cid.user_id).await), Some(ErrorCode::ParticipantNotFound));
    assert_eq!(world.published(), ["2 added cid", "3 participant_removed"]);
}

#[tokio::test]
async fn the_last_admin_who_leaves_a_group_hands_over_to_the_oldest_member() {
    let world = World::new();
    let [ann, bob, cid] = world.users(["ann", "bob", "cid"]).await;
    let group = world.make_group(ann, "Project", &[]).await;
    for user in [cid, bob] {
        world.clock.advance(std::time::Duration::from_secs(1));
        world.app.groups.add_member(ann, group, user.user_id).await.expect("added");
    }
    world.bus.take();
    assert_eq!(world.app.groups.remove_member(ann, group, ann.user_id).await.expect("left"), None);
    assert_eq!(world.published(), ["4 participant_removed", "5 updated"]);
    let seen = world.app.groups.find(bob, group).await.expect("the group");
    assert_eq!(members(&seen), [(cid.user_id, Role::Admin), (bob.user_id, Role::Member)]);
}

#[tokio::test]
async fn a_group_that_has_ended_is_read_and_left_by_its_members_and_nothing_else() {
    let world = World::new();
    let [ann, bob, cid] = world.users(["ann", "bob", "cid"]).await;
    let group = world.make_group(ann, "Project", &[bob]).await;
    let before = world.send(ann, group, "before").await;
    world.bus.take();
    let groups = &world.app.groups;
    let ended = groups.deactivate(ann, group).await.expect("deactivated");
    assert!(!ended.details.conversation.is_active);
    let code_then = ended.details.conversation.invite_code.expect("a code");
    assert_eq!(world.published(), ["3 updated"]);

    let inactive = Some(ErrorCode::GroupInactive);
    assert_eq!(code(groups.deactivate(ann, group).await), inactive);
    assert_eq!(code(groups.update(ann, group, renamed("Again")).await), inactive);
    assert_eq!(code(groups.add_member(ann, group, cid.user_id).await), inactive);
    assert_eq!(code(groups.remove_member(ann, group, bob.user_id).await), inactive);
    assert_eq!(code(groups.revoke_invite_code(ann, group).await), inactive);
    assert_eq!(code(groups.join(cid, code_then).await), inactive);
    let late = crate::world::message(group, "late", None);
    assert_eq!(code(world.app.messages.send_to_group(bob, late).await), inactive);
    assert_eq!(code(world.app.typing.start(bob, group).await), inactive);
    let receipts = &world.app.receipts;
    for advance in [AdvancePositions::Read(ReceiptTarget::Latest), AdvancePositions::Delivered(ReceiptTarget::Latest)] {
        assert_eq!(code(receipts.advance(bob, group, advance).await), inactive);
    }
    for (reader, status) in [(bob, DeliveryStatus::Read), (bob, DeliveryStatus::Sent), (ann, DeliveryStatus::Read)] {
        assert_eq!(code(receipts.advance_message(reader, before.id, status).await), inactive);
    }
    assert_eq!(code(receipts.mark_message(bob, before.id, Receipt::Read).await), inactive);
    let fetched = world.app.messages.fetch(bob, ChatTarget::Group(group), page(1, 10)).await.expect("still readable");
    assert_eq!(fetched.page.messages.len(), 1);
    assert!(world.bus.take().is_empty());

    assert!(groups.find(bob, group).await.is_ok_and(|seen| !seen.details.conversation.is_active));
    assert_eq!(code(groups.find(cid, group).await), Some(ErrorCode::NotAParticipant));
    assert_eq!(groups.list(bob, page(1, 10)).await.expect("a page").total(), Some(0));
    let groups_of_bob = world.app.conversations.list(bob, ConversationFilter::Groups, page(1, 10)).await;
    assert_eq!(groups_of_bob.expect("a page").total(), Some(0));
    assert_eq!(groups.remove_member(bob, group, bob.user_id).await.expect("left"), None);
}

#[tokio::test]
async fn ones_groups_are_listed_with_how_their_members_are_the_newest_activity_first() {
    let world = World::new();
    let [ann, bob, cid] = world.users(["ann", "bob", "cid"]).await;
    world.direct(ann, bob).await;
    let (one, other) = (world.make_group(ann, "One", &[bob]).await, world.make_group(ann, "Other", &[cid]).await);
    world.clock.advance(std::time::Duration::from_secs(1));
    world.send(bob, one, "news").await;
    world.app.presence.connected(cid, connection()).await;
    world.clock.advance(std::time::Duration::from_secs(1));
    let seen_at = world.app.presence.touch(bob).await.expect("seen");
    let listed = world.app.groups.list(ann, page(1, 10)).await.expect("a page");
    let ids = |items: &[GroupProfile]| items.iter().map(|group| group.details.conversation.id).collect::<Vec<_>>();
    assert_eq!((ids(&listed.items), listed.total()), (vec![one, other], Some(2)));
    assert_eq!(listed.items[0].presence[&bob.user_id].last_seen, Some(seen_at));
    assert_eq!(listed.items[1].presence[&cid.user_id].status, PresenceStatus::Online);
    assert!(!listed.items[1].presence.contains_key(&bob.user_id), "each group has only its own members");

    world.presence.set_broken(true);
    let listed = world.app.groups.list(ann, page(1, 10)).await.expect("the list succeeds");
    assert_eq!(listed.items[1].presence[&cid.user_id].status, PresenceStatus::Offline);
}

async fn found(world: &World, actor: Actor, term: &str) -> Vec<ConversationId> {
    let term = chat_domain::users::SearchTerm::parse(term).expect("a term");
    let found = world.app.groups.search(actor, term, page(1, 10)).await.expect("a page");
    assert_eq!(found.total, found.items.len() as u64);
    found.items.into_iter().map(|group| group.details.conversation.id).collect()
}

#[tokio::test]
async fn a_search_shows_strangers_that_a_group_is_there_and_not_who_is_in_it() {
    let world = World::new();
    let [ann, bob, eve] = world.users(["ann", "bob", "eve"]).await;
    let group = world.make_group(ann, "Rust Friends", &[bob]).await;
    world.send(ann, group, "secret").await;
    let term = chat_domain::users::SearchTerm::parse("friends").expect("a term");
    for (actor, listed) in [(bob, 2), (eve, 0)] {
        let found = world.app.groups.search(actor, term.clone(), page(1, 10)).await.expect("a page");
        let group = &found.items[0];
        assert_eq!(group.details.conversation.participant_count, 2);
        assert_eq!((group.details.participants.len(), group.presence.len()), (listed, listed));
        assert_eq!(group.details.conversation.invite_code.is_some(), listed > 0);
    }
}

#[tokio::test]
async fn strangers_find_active_groups_with_names_of_their_own_by_any_part_of_the_name() {
    let world = World::new();
    let [ann, bob, eve] = world.users(["ann", "bob", "eve"]).await;
    let open = world.make_group(ann, "100% Rust_Fans", &[bob]).await;
    let private = world.named_group(ann, &[bob], "Private Rust").await;
    let ended = world.make_group(ann, "Former Rust", &[bob]).await;
    world.app.groups.deactivate(ann, ended).await.expect("deactivated");
    assert_eq!(found(&world, eve, "RUST").await, [open]);
    assert_eq!(found(&world, bob, "rust").await, [open, private]);
    for literal in ["0% r", "t_f", "100%"] {
        assert_eq!(found(&world, eve, literal).await, [open], "{literal}");
    }
    for pattern in ["%", "_", ".*", "r%t", "[a-z]"] {
        let all = found(&world, bob, pattern).await;
        assert!(all.is_empty() || (all == [open] && "100% Rust_Fans".contains(pattern)), "{pattern}: {all:?}");
    }
}
