//! Delivery and read positions.

use super::{Scene, Stores};
use chat_domain::conversations::{ConversationKind, DirectKey};
use chat_domain::receipts::DeliveryStatus::{Delivered, Read};
use chat_domain::receipts::{AdvancePositions, Advanced, MessageStatus, Positions, ReceiptTarget, Unread};
use chat_domain::{ActionError, ConversationId, MessageId, Refusal, Seq, UserId};
use uuid::Uuid;

fn positions(joined: u64, delivered: u64, read: u64) -> Positions {
    Positions { joined: Seq::new(joined), delivered: Seq::new(delivered), read: Seq::new(read) }
}

async fn advance(scene: &Scene, id: ConversationId, user: UserId, advance: AdvancePositions) -> Advanced {
    let advanced = scene.receipts.advance(id, user, advance).await.expect("advanced");
    let viewer = scene.overview(id, user).await.viewer.expect("takes part");
    assert_eq!(viewer.positions, advanced.positions, "the result equals the stored positions");
    advanced
}

pub async fn positions_only_move_forward_and_never_past_the_newest(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    let said = scene.say_many(direct, ann, 10).await;
    let seq = |number| ReceiptTarget::Seq(Seq::new(number));
    let steps = [
        (AdvancePositions::Delivered(seq(4)), positions(0, 4, 0), Some((4, Delivered))),
        (AdvancePositions::Delivered(seq(2)), positions(0, 4, 0), None),
        (AdvancePositions::Read(ReceiptTarget::Message(said[1].id)), positions(0, 4, 2), Some((2, Read))),
        (AdvancePositions::Read(seq(6)), positions(0, 6, 6), Some((6, Read))),
        (AdvancePositions::Read(seq(6)), positions(0, 6, 6), None),
        (AdvancePositions::Read(seq(0)), positions(0, 6, 6), None),
        (AdvancePositions::Delivered(seq(u64::MAX)), positions(0, 10, 6), Some((10, Delivered))),
        (AdvancePositions::Read(ReceiptTarget::Latest), positions(0, 10, 10), Some((10, Read))),
    ];
    let mut before = Positions::default();
    for (step, expected, covers) in steps {
        let advanced = advance(&scene, direct, bob, step).await;
        let covers = covers.map(|(seq, status)| MessageStatus {
            message_id: said[seq - 1].id,
            status,
            read_by: if status == Read { vec![bob] } else { Vec::new() },
        });
        let whole = Advanced {
            kind: ConversationKind::Direct(DirectKey::new(ann, bob)),
            before,
            positions: expected,
            covers,
            last_seq: Seq::new(10),
            participant_count: 2,
        };
        assert_eq!(advanced, whole, "{step:?}");
        before = expected;
    }
    assert_eq!(scene.all_changes(direct).await.len(), 11, "positions are no durable change");
}

pub async fn positions_of_strangers_and_unknown_targets_are_refused(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let (direct, group) = (scene.direct(ann, bob).await, scene.group(ann, &[bob]).await);
    let elsewhere = scene.say(group, ann, "elsewhere").await.id;
    let refusal = async |id, user, target| {
        scene.receipts.advance(id, user, AdvancePositions::Read(target)).await.expect_err("refused")
    };
    let unknown = ConversationId::new(Uuid::now_v7());
    assert!(matches!(
        refusal(unknown, ann, ReceiptTarget::Latest).await,
        ActionError::Refused(Refusal::UnknownConversation)
    ));
    assert!(matches!(
        refusal(direct, eve, ReceiptTarget::Latest).await,
        ActionError::Refused(Refusal::NotAParticipant)
    ));
    for id in [elsewhere, MessageId::new(Uuid::now_v7())] {
        assert!(matches!(
            refusal(direct, ann, ReceiptTarget::Message(id)).await,
            ActionError::Refused(Refusal::UnknownMessage)
        ));
    }
    scene.remove(group, ann, bob).await;
    assert!(matches!(refusal(group, bob, ReceiptTarget::Latest).await, ActionError::Refused(Refusal::NotAParticipant)));
}

pub async fn no_positions_move_in_an_inactive_group(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let group = scene.named_group(ann, &[bob], "Over").await;
    let said = scene.say_many(group, ann, 2).await;
    scene.read_up_to(group, bob, 1).await;
    scene.deactivate(group, ann).await;
    let before = scene.overview(group, bob).await.viewer.expect("takes part").positions;
    for target in [ReceiptTarget::Latest, ReceiptTarget::Seq(Seq::new(1)), ReceiptTarget::Message(said[1].id)] {
        for advance in [AdvancePositions::Read(target), AdvancePositions::Delivered(target)] {
            let refused = scene.receipts.advance(group, bob, advance).await;
            assert!(matches!(refused, Err(ActionError::Refused(Refusal::Inactive))), "{advance:?}: {refused:?}");
            let stranger = scene.receipts.advance(group, eve, advance).await;
            assert!(matches!(stranger, Err(ActionError::Refused(Refusal::NotAParticipant))), "{stranger:?}");
        }
    }
    assert_eq!(scene.overview(group, bob).await.viewer.expect("takes part").positions, before);
}

pub async fn reading_an_empty_conversation_moves_nothing(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    let advanced = advance(&scene, direct, ann, AdvancePositions::Read(ReceiptTarget::Latest)).await;
    assert_eq!((advanced.positions, advanced.moved(), advanced.covers), (Positions::default(), false, None));
}

/// Tracks every message in a separate table, and compares.
pub async fn unread_counts_equal_a_recount_after_anything(stores: Stores) {
    let scene = Scene::new(stores);
    let people = scene.users_named(["ann", "bob", "cid"]).await;
    let group = scene.group(people[0], &people[1..]).await;
    let mut unread: [Vec<u64>; 3] = Default::default();
    let mut last = 0;
    for step in 0..120_usize {
        // A fixed sequence of steps: each user does each kind of step at many different moments.
        let who = step * 7 % 3;
        match step * 5 % 8 {
            0..=3 => {
                last = scene.say(group, people[who], "hello").await.seq.get();
                for messages in &mut unread {
                    messages.push(last);
                }
                unread[who].clear();
            }
            4 | 5 => {
                let seq = last.saturating_sub(step as u64 % 4);
                scene.read_up_to(group, people[who], seq).await;
                unread[who].retain(|message| *message > seq);
            }
            6 => {
                let target = AdvancePositions::Delivered(ReceiptTarget::Latest);
                scene.receipts.advance(group, people[who], target).await.expect("advanced");
            }
            _ if who != 0 => {
                scene.remove(group, people[who], people[who]).await;
                scene.add(group, people[0], people[who]).await;
                unread[who].clear();
            }
            _ => {}
        }
        for (person, messages) in people.iter().zip(&unread) {
            let overview = scene.overview(group, *person).await;
            assert_eq!(overview.unread_count(), messages.len() as u64, "after step {step}");
        }
    }
    assert!(last > 50, "the walk sends messages");
    scene.assert_numbered_without_gaps(group, people[0]).await;
}

pub async fn unread_messages_are_counted_in_active_conversations_up_to_a_limit(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let count = async |most| {
        let unread = scene.receipts.count_unread(bob, most).await.expect("counts");
        (unread.total, unread.conversations)
    };
    assert_eq!(count(9).await, (0, 0));
    let (one, two, left) =
        (scene.group(ann, &[bob]).await, scene.direct(ann, bob).await, scene.group(ann, &[bob]).await);
    let over = scene.named_group(ann, &[bob], "over").await;
    for (id, said) in [(one, 3), (two, 4), (left, 5), (over, 6)] {
        scene.say_many(id, ann, said).await;
    }
    assert_eq!(count(9).await, (18, 4));
    assert_eq!(count(1).await.1, 1);
    scene.remove(left, bob, bob).await;
    scene.deactivate(over, ann).await;
    assert_eq!(count(9).await, (7, 2));
    scene.read_up_to(one, bob, 2).await;
    scene.read_up_to(two, bob, 4).await;
    assert_eq!(count(9).await, (1, 1));
    assert_eq!(scene.receipts.count_unread(ann, 9).await.expect("counts"), Unread::default());
}
