use crate::world::{World, code, direct_message, message, nobody, nowhere, page};
use chat_app::{ChatTarget, FetchedChat};
use chat_domain::auth::Actor;
use chat_domain::conversations::DirectKey;
use chat_domain::messages::{Appended, HistoryPage};
use chat_domain::receipts::{DeliveryStatus, delivery_status};
use chat_domain::{Audience, ErrorCode, Event, PageLimit, Seq};

fn pair(one: Actor, other: Actor) -> ChatTarget {
    ChatTarget::Pair(DirectKey::new(one.user_id, other.user_id))
}

fn statuses(page: &HistoryPage) -> Vec<(u64, DeliveryStatus)> {
    let status = |message: &chat_domain::messages::Message| {
        (message.seq.get(), delivery_status(message.seq, message.sender.id, &page.participants))
    };
    page.messages.iter().map(status).collect()
}

fn is_new(appended: &Appended) -> bool {
    matches!(appended, Appended::New(_) | Appended::First(_))
}

#[tokio::test]
async fn the_first_message_to_somebody_begins_their_conversation() {
    let world = World::new();
    let [ann, bob] = world.users(["ann", "bob"]).await;
    for (sender, receiver, text) in [(ann, bob, "hi"), (bob, ann, "hello")] {
        let sent = world.app.messages.send_direct(sender, direct_message(receiver, text, None)).await.expect("sent");
        assert!(is_new(&sent));
    }
    assert_eq!(world.published(), ["1 created with 2", "2 sent hi", "3 sent hello"]);
}

#[tokio::test]
async fn two_who_write_to_each_other_at_once_have_one_conversation_and_all_messages() {
    let world = World::new();
    let [ann, bob] = world.users(["ann", "bob"]).await;
    let mut tasks = tokio::task::JoinSet::new();
    for (number, (sender, receiver)) in [(ann, bob), (bob, ann)].repeat(6).into_iter().enumerate() {
        let messages = world.app.messages.clone();
        let command = direct_message(receiver, &format!("message {number}"), None);
        tasks.spawn(async move { messages.send_direct(sender, command).await.expect("sent") });
    }
    let sent: std::collections::HashSet<_> =
        tasks.join_all().await.into_iter().map(|sent| (sent.message().conversation_id, sent.message().seq)).collect();
    let conversations: std::collections::HashSet<_> = sent.iter().map(|(conversation, _)| *conversation).collect();
    assert_eq!((sent.len(), conversations.len()), (12, 1));
    let made = world.published().into_iter().filter(|event| event.contains("created")).count();
    assert_eq!(made, 1);
}

#[tokio::test]
async fn a_message_sent_again_to_somebody_is_the_first_one() {
    let world = World::new();
    let [ann, bob] = world.users(["ann", "bob"]).await;
    let send = async |text| world.app.messages.send_direct(ann, direct_message(bob, text, Some("key"))).await;
    assert!(is_new(&send("hi").await.expect("sent")));
    assert!(!is_new(&send(" hi ").await.expect("sent")));
    assert_eq!(code(send("other").await), Some(ErrorCode::IdempotencyKeyReused));
    assert_eq!(world.published(), ["1 created with 2", "2 sent hi", "2 sent hi"]);
}

#[tokio::test]
async fn nobody_writes_to_themselves_or_to_nobody() {
    let world = World::new();
    let ann = world.user("ann").await;
    let to_oneself = world.app.messages.send_direct(ann, direct_message(ann, "hi", None)).await;
    assert_eq!(code(to_oneself), Some(ErrorCode::ValidationFailed));
    let ghost = chat_app::SendDirect { receiver: nobody(), ..direct_message(ann, "hi", None) };
    assert_eq!(code(world.app.messages.send_direct(ann, ghost).await), Some(ErrorCode::UserNotFound));
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn only_members_write_to_a_group_and_only_to_a_group() {
    let world = World::new();
    let [ann, bob, eve, dan] = world.users(["ann", "bob", "eve", "dan"]).await;
    let direct = world.direct(ann, bob).await.details.conversation.id;
    let group = world.make_group(ann, "Project", &[bob, dan]).await;
    let send = async |actor, id, key| world.app.messages.send_to_group(actor, message(id, "hi", key)).await;
    assert!(is_new(&send(dan, group, Some("key")).await.expect("sent")));
    world.app.groups.remove_member(ann, group, dan.user_id).await.expect("removed");
    world.bus.take();
    assert!(is_new(&send(bob, group, None).await.expect("sent")));
    assert_eq!(world.published(), ["4 sent hi"]);
    for outsider in [eve, dan] {
        assert_eq!(code(send(outsider, group, None).await), Some(ErrorCode::NotAParticipant));
    }
    for (actor, id) in [(ann, direct), (eve, direct), (ann, nowhere())] {
        assert_eq!(code(send(actor, id, None).await), Some(ErrorCode::ConversationNotFound));
    }
    assert!(world.bus.take().is_empty());
    assert!(!is_new(&send(dan, group, Some("key")).await.expect("a replay needs no membership")));
}

#[tokio::test]
async fn what_is_fetched_is_thereby_delivered_and_that_is_told_once() {
    let world = World::new();
    let [ann, bob] = world.users(["ann", "bob"]).await;
    let chat = world.direct(ann, bob).await.details.conversation.id;
    for number in 1..=5 {
        world.send(ann, chat, &format!("message {number}")).await;
    }
    world.bus.take();
    let fetch = async |actor, number| -> FetchedChat {
        world.app.messages.fetch(actor, pair(ann, bob), page(number, 2)).await.expect("a page")
    };
    let older = fetch(bob, 2).await;
    assert_eq!(older.conversation_id, Some(chat));
    assert_eq!(statuses(&older.page), [(3, DeliveryStatus::Delivered), (2, DeliveryStatus::Delivered)]);
    let published = world.bus.take();
    assert_eq!(published.len(), 1);
    assert_eq!((&published[0].audience, published[0].except), (&Audience::Conversation(chat), None));
    let Event::PositionsMoved(moved) = &published[0].event else { panic!("no move: {published:?}") };
    assert_eq!((moved.user_id, moved.positions.delivered, moved.positions.read), (bob.user_id, Seq::new(3), Seq::ZERO));
    let covers = moved.covers.as_ref().expect("a message");
    assert_eq!((covers.message_id, covers.status), (older.page.messages[0].id, DeliveryStatus::Delivered));

    let of_the_sender = fetch(ann, 1).await;
    assert_eq!(
        statuses(&of_the_sender.page),
        [(5, DeliveryStatus::Sent), (4, DeliveryStatus::Sent)],
        "not returned yet"
    );
    assert!(world.bus.take().is_empty(), "the user's own messages are not published as delivered");
    assert_eq!(statuses(&fetch(bob, 1).await.page)[0], (5, DeliveryStatus::Delivered));
    assert_eq!(world.bus.take().len(), 1);
    for number in [1, 2, 9] {
        fetch(bob, number).await;
    }
    assert!(world.bus.take().is_empty(), "delivered once");
}

#[tokio::test]
async fn only_those_who_take_part_fetch() {
    let world = World::new();
    let [ann, bob, eve, dan] = world.users(["ann", "bob", "eve", "dan"]).await;
    let direct = world.direct(ann, bob).await.details.conversation.id;
    let group = world.make_group(ann, "Project", &[bob, dan]).await;
    world.send(ann, direct, "private").await;
    world.send(ann, group, "internal").await;
    world.app.groups.remove_member(ann, group, dan.user_id).await.expect("removed");
    world.bus.take();
    let fetch = async |actor, target| world.app.messages.fetch(actor, target, page(1, 10)).await;
    assert_eq!(code(fetch(eve, pair(ann, bob)).await), Some(ErrorCode::Forbidden));
    for outsider in [eve, dan] {
        assert_eq!(code(fetch(outsider, ChatTarget::Group(group)).await), Some(ErrorCode::NotAParticipant));
    }
    for (actor, id) in [(ann, direct), (eve, direct), (ann, nowhere())] {
        assert_eq!(code(fetch(actor, ChatTarget::Group(id)).await), Some(ErrorCode::ConversationNotFound));
    }
    let empty = fetch(eve, pair(ann, eve)).await.expect("an empty history");
    assert_eq!((empty.conversation_id, empty.page.messages.len()), (None, 0));
    assert!(world.bus.take().is_empty(), "nothing is marked or created");
    let fetched = fetch(bob, ChatTarget::Group(group)).await.expect("a page");
    assert_eq!(statuses(&fetched.page), [(1, DeliveryStatus::Delivered)]);
    assert_eq!(world.bus.take().len(), 1);
}

#[tokio::test]
async fn what_was_not_delivered_yet_is_the_partners_oldest_and_stays_so_until_it_is() {
    const NOTHING: [u64; 0] = [];
    let world = World::new();
    let [ann, bob, eve] = world.users(["ann", "bob", "eve"]).await;
    let chat = world.direct(ann, bob).await.details.conversation.id;
    world.send(ann, chat, "seen").await;
    world.send(bob, chat, "an answer").await;
    for number in 3..=105 {
        world.send(ann, chat, &format!("message {number}")).await;
    }
    world.bus.take();
    let undelivered_after = async |actor: Actor, partner: Actor, after, limit| {
        let page = world.app.messages.undelivered(actor, partner.user_id, after, limit).await.expect("a page");
        page.messages.iter().map(|message| message.seq.get()).rev().collect::<Vec<_>>()
    };
    let undelivered = async |actor, partner, limit| undelivered_after(actor, partner, None, limit).await;
    for _ in 0..2 {
        assert_eq!(undelivered(bob, ann, PageLimit::GREATEST).await, (3..=102).collect::<Vec<_>>());
    }
    assert_eq!(undelivered(bob, ann, PageLimit::ONE).await, [3]);
    assert_eq!(undelivered_after(bob, ann, Some(Seq::new(102)), PageLimit::GREATEST).await, [103, 104, 105]);
    assert_eq!(
        undelivered_after(bob, ann, Some(Seq::ZERO), PageLimit::ONE).await,
        [3],
        "delivered messages are left out"
    );
    assert_eq!(undelivered_after(bob, ann, Some(Seq::MAX), PageLimit::GREATEST).await, NOTHING);
    assert_eq!(
        undelivered(ann, bob, PageLimit::GREATEST).await,
        NOTHING,
        "answering marks earlier messages as delivered"
    );
    assert_eq!(undelivered(eve, ann, PageLimit::GREATEST).await, NOTHING, "they have no conversation");
    assert_eq!(undelivered(ann, ann, PageLimit::GREATEST).await, NOTHING);
    assert!(world.bus.take().is_empty(), "nothing is marked");
    world.app.receipts.advance_pair(bob, ann.user_id, chat_app::Receipt::Delivered).await.expect("moved");
    assert_eq!(undelivered(bob, ann, PageLimit::GREATEST).await, NOTHING);
}
