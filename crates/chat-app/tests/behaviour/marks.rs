use crate::world::{World, code, nobody};
use chat_app::{Receipt, TrackedMessage};
use chat_domain::auth::Actor;
use chat_domain::receipts::{DeliveryStatus, delivery_status, read_by};
use chat_domain::{ErrorCode, Event, MessageId};

fn standing(tracked: &TrackedMessage) -> (DeliveryStatus, usize) {
    let (message, participants) = (&tracked.message, &tracked.participants);
    let readers = read_by(message.seq, message.sender.id, participants);
    (delivery_status(message.seq, message.sender.id, participants), readers.len())
}

#[tokio::test]
async fn marking_everything_of_a_partner_tells_how_many_messages_that_was() {
    let world = World::new();
    let [ann, bob, eve] = world.users(["ann", "bob", "eve"]).await;
    let chat = world.direct(ann, bob).await.details.conversation.id;
    for number in 0..7 {
        world.send(ann, chat, &format!("message {number}")).await;
    }
    world.bus.take();
    let mark = async |actor: Actor, partner: Actor, receipt| {
        world.app.receipts.advance_pair(actor, partner.user_id, receipt).await.expect("an answer")
    };
    assert_eq!(mark(bob, ann, Receipt::Delivered).await, 7);
    assert_eq!(mark(bob, ann, Receipt::Delivered).await, 0);
    assert_eq!(mark(bob, ann, Receipt::Read).await, 7, "delivered before, read now");
    assert_eq!(mark(bob, ann, Receipt::Read).await, 0);
    assert_eq!(world.bus.take().len(), 2, "each move is published once");
    world.send(bob, chat, "an answer").await;
    world.send(ann, chat, "another").await;
    assert_eq!(mark(bob, ann, Receipt::Read).await, 1, "the user's own messages do not count");
    assert_eq!(mark(ann, bob, Receipt::Read).await, 0, "answering marks earlier messages as read");
    world.bus.take();
    assert_eq!(mark(eve, ann, Receipt::Read).await, 0, "they have no conversation");
    assert_eq!(mark(ann, ann, Receipt::Read).await, 0);
    assert_eq!(world.app.receipts.advance_pair(ann, nobody(), Receipt::Read).await.expect("an answer"), 0);
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn of_many_who_mark_the_same_messages_at_once_the_counts_add_up() {
    let world = World::new();
    let [ann, bob] = world.users(["ann", "bob"]).await;
    let chat = world.direct(ann, bob).await.details.conversation.id;
    for number in 0..20 {
        world.send(ann, chat, &format!("message {number}")).await;
    }
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let receipts = world.app.receipts.clone();
        tasks.spawn(async move { receipts.advance_pair(bob, ann.user_id, Receipt::Read).await.expect("an answer") });
    }
    assert_eq!(tasks.join_all().await.iter().sum::<u64>(), 20);
}

#[tokio::test]
async fn marking_a_message_covers_all_before_it_and_answers_how_far_it_has_got() {
    let world = World::new();
    let [ann, bob, cid] = world.users(["ann", "bob", "cid"]).await;
    let group = world.make_group(ann, "Project", &[bob, cid]).await;
    let mut sent = Vec::new();
    for number in 0..3 {
        sent.push(world.send(ann, group, &format!("message {number}")).await);
    }
    world.bus.take();
    let mark = async |actor, message: MessageId, status| -> TrackedMessage {
        world.app.receipts.advance_message(actor, message, status).await.expect("a message")
    };
    let marked = mark(bob, sent[1].id, DeliveryStatus::Read).await;
    assert_eq!(marked.message, sent[1]);
    assert_eq!(standing(&marked), (DeliveryStatus::Sent, 1), "the lowest status of the other participants");
    let published = world.bus.take();
    let [Event::PositionsMoved(moved)] = &published.iter().map(|envelope| &envelope.event).collect::<Vec<_>>()[..]
    else {
        panic!("not one move: {published:?}")
    };
    let covers = moved.covers.as_ref().expect("a message");
    assert_eq!((covers.message_id, &covers.read_by), (sent[1].id, &vec![bob.user_id]));

    let marked = mark(cid, sent[2].id, DeliveryStatus::Delivered).await;
    assert_eq!(standing(&marked), (DeliveryStatus::Sent, 0));
    assert_eq!(standing(&mark(cid, sent[0].id, DeliveryStatus::Sent).await), (DeliveryStatus::Delivered, 1));
    assert_eq!(world.bus.take().len(), 1, "the status sent moves nothing");
    assert_eq!(standing(&mark(bob, sent[0].id, DeliveryStatus::Delivered).await), (DeliveryStatus::Delivered, 1));
    assert_eq!(standing(&mark(ann, sent[2].id, DeliveryStatus::Read).await), (DeliveryStatus::Sent, 0));
    assert!(world.bus.take().is_empty(), "no position moves back, or by the sender's own mark");
}

#[tokio::test]
async fn only_those_who_take_part_mark_a_message_or_learn_how_far_it_has_got() {
    let world = World::new();
    let [ann, bob, eve, dan] = world.users(["ann", "bob", "eve", "dan"]).await;
    let group = world.make_group(ann, "Project", &[bob, dan]).await;
    let direct = world.direct(ann, bob).await.details.conversation.id;
    let (internal, private) = (world.send(ann, group, "internal").await, world.send(ann, direct, "private").await);
    world.app.groups.remove_member(ann, group, dan.user_id).await.expect("removed");
    world.bus.take();
    for status in [DeliveryStatus::Sent, DeliveryStatus::Delivered, DeliveryStatus::Read] {
        let mark = async |actor, message| code(world.app.receipts.advance_message(actor, message, status).await);
        for outsider in [eve, dan] {
            assert_eq!(mark(outsider, internal.id).await, Some(ErrorCode::NotAParticipant));
            assert_eq!(mark(outsider, private.id).await, Some(ErrorCode::NotAParticipant));
        }
        let unknown = MessageId::new(nobody().as_uuid());
        assert_eq!(mark(ann, unknown).await, Some(ErrorCode::MessageNotFound));
    }
    for receipt in [Receipt::Delivered, Receipt::Read] {
        let mark = async |actor, message| code(world.app.receipts.mark_message(actor, message, receipt).await);
        for outsider in [eve, dan] {
            assert_eq!(mark(outsider, internal.id).await, Some(ErrorCode::NotAParticipant));
            assert_eq!(mark(outsider, private.id).await, Some(ErrorCode::NotAParticipant));
        }
        assert_eq!(mark(ann, MessageId::new(nobody().as_uuid())).await, Some(ErrorCode::MessageNotFound));
    }
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn a_message_is_marked_wherever_it_is_and_that_is_told_once() {
    let world = World::new();
    let [ann, bob] = world.users(["ann", "bob"]).await;
    let chat = world.direct(ann, bob).await.details.conversation.id;
    let (first, second) = (world.send(ann, chat, "one").await, world.send(ann, chat, "two").await);
    world.bus.take();
    let mark = async |actor: Actor, message: MessageId, receipt| {
        let advanced = world.app.receipts.mark_message(actor, message, receipt).await.expect("an answer");
        (advanced.moved(), advanced.positions.delivered.get(), advanced.positions.read.get())
    };
    assert_eq!(mark(bob, second.id, Receipt::Delivered).await, (true, 2, 0));
    assert_eq!(mark(bob, first.id, Receipt::Read).await, (true, 2, 1));
    assert_eq!(mark(bob, first.id, Receipt::Read).await, (false, 2, 1));
    assert_eq!(mark(ann, second.id, Receipt::Read).await, (false, 2, 2), "the sender's own");
    assert_eq!(world.bus.take().len(), 2);
}
