use crate::world::{World, code, connection, direct_message, nobody, nowhere, page};
use chat_app::{ChatTarget, OtherUser};
use chat_domain::ErrorCode;
use chat_domain::auth::Actor;
use chat_domain::conversations::DirectKey;
use chat_domain::presence::PresenceStatus;
use chat_domain::users::DELETED_USER_NAME;

fn pair(one: Actor, other: Actor) -> DirectKey {
    DirectKey::new(one.user_id, other.user_id)
}

#[tokio::test]
async fn the_conversation_with_somebody_is_made_once_from_either_side() {
    let world = World::new();
    let [ann, bob] = world.users(["ann", "bob"]).await;
    assert_eq!(world.app.conversations.find_direct(ann, pair(ann, bob)).await.expect("an answer"), None);
    let mut tasks = tokio::task::JoinSet::new();
    for (one, other) in [(ann, bob), (bob, ann)].repeat(6) {
        let conversations = world.app.conversations.clone();
        tasks.spawn(async move { conversations.direct_with(one, other.user_id).await.expect("found or made") });
    }
    let mut ids = tasks.join_all().await;
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(world.published(), ["1 created with 2"]);
    assert_eq!(world.app.conversations.find_direct(bob, pair(ann, bob)).await.expect("an answer"), Some(ids[0]));
    assert_eq!(world.direct(ann, bob).await.details.conversation.id, ids[0], "both APIs find the same conversation");
}

#[tokio::test]
async fn nobody_has_a_conversation_with_themselves_or_with_nobody() {
    let world = World::new();
    let ann = world.user("ann").await;
    let conversations = &world.app.conversations;
    assert_eq!(code(conversations.direct_with(ann, ann.user_id).await), Some(ErrorCode::ValidationFailed));
    assert_eq!(code(conversations.direct_with(ann, nobody()).await), Some(ErrorCode::UserNotFound));
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn a_chat_is_found_by_those_who_take_part_in_it_alone() {
    let world = World::new();
    let [ann, bob, eve, dan] = world.users(["ann", "bob", "eve", "dan"]).await;
    let direct = world.direct(ann, bob).await.details.conversation.id;
    let group = world.make_group(ann, "Project", &[bob, dan]).await;
    world.app.groups.remove_member(ann, group, dan.user_id).await.expect("removed");
    world.bus.take();
    let locate = async |actor, target| {
        let located = world.app.conversations.locate(actor, target).await;
        (located.as_ref().ok().copied(), code(located))
    };
    let (of_the_pair, of_the_group) = (ChatTarget::Pair(pair(bob, ann)), ChatTarget::Group(group));
    assert_eq!(locate(ann, of_the_pair).await, (Some(direct), None));
    assert_eq!(locate(bob, of_the_group).await, (Some(group), None));
    assert_eq!(locate(eve, of_the_pair).await, (None, Some(ErrorCode::Forbidden)));
    for outsider in [eve, dan] {
        assert_eq!(locate(outsider, of_the_group).await, (None, Some(ErrorCode::NotAParticipant)));
    }
    let not_found = (None, Some(ErrorCode::ConversationNotFound));
    assert_eq!(locate(ann, ChatTarget::Pair(pair(ann, eve))).await, not_found, "they have no conversation");
    for (actor, id) in [(ann, direct), (eve, direct), (ann, nowhere())] {
        assert_eq!(locate(actor, ChatTarget::Group(id)).await, not_found, "a direct conversation is not a group");
    }
    assert!(world.bus.take().is_empty(), "a look-up creates nothing");
    let refused = world.app.conversations.find_direct(eve, pair(ann, bob)).await;
    assert_eq!(code(refused), Some(ErrorCode::Forbidden));
}

#[tokio::test]
async fn rooms_are_the_pairs_that_have_talked_with_whom_and_how_they_are() {
    let world = World::new();
    let [ann, bob, cid, dan] = world.users(["ann", "bob", "cid", "dan"]).await;
    world.make_group(ann, "Project", &[bob]).await;
    world.direct(ann, dan).await;
    world.talk(bob, ann).await;
    for (sender, receiver, text) in [(ann, bob, "to bob"), (cid, ann, "one"), (cid, ann, "two")] {
        world.clock.advance(std::time::Duration::from_secs(1));
        world.app.messages.send_direct(sender, direct_message(receiver, text, None)).await.expect("sent");
    }
    for other in [bob, cid] {
        world.app.presence.connected(other, connection()).await;
    }
    let rooms = world.app.conversations.rooms(ann, page(1, 10)).await.expect("a page");
    assert_eq!(rooms.total(), Some(2), "neither groups nor pairs without messages");
    let shown: Vec<_> = rooms
        .items
        .iter()
        .map(|room| {
            let OtherUser::Known(other) = &room.other else { panic!("not deleted: {room:?}") };
            let last = room.overview.last_message.as_ref().expect("a last message");
            (other.user.username.as_str(), other.status, last.body.as_str(), room.overview.unread_count())
        })
        .collect();
    assert_eq!(
        shown,
        [("cid", None, "two", 2), ("bob", Some(PresenceStatus::Online), "to bob", 0)],
        "ann has not answered cid"
    );
    let second = world.app.conversations.rooms(ann, page(2, 1)).await.expect("a page");
    assert_eq!((second.items.len(), second.total()), (1, Some(2)));
    assert_eq!(world.app.conversations.rooms(dan, page(1, 10)).await.expect("a page").total(), Some(0));
}

#[tokio::test]
async fn the_room_of_a_deleted_user_stays() {
    let world = World::new();
    let [ann, bob] = world.users(["ann", "bob"]).await;
    world.app.messages.send_direct(bob, direct_message(ann, "farewell", None)).await.expect("sent");
    world.app.users.delete_me(bob).await.expect("deleted");
    let rooms = world.app.conversations.rooms(ann, page(1, 10)).await.expect("a page");
    let OtherUser::Deleted(other) = &rooms.items[0].other else { panic!("not deleted: {rooms:?}") };
    assert_eq!((other.id, other.name.as_str()), (bob.user_id, DELETED_USER_NAME));
}
