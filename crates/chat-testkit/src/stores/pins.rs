//! Pinned messages.

use super::edits::{present, refusal};
use super::races::race;
use super::scene::limit;
use super::{Scene, Stores};
use chat_domain::messages::{ChangedMessage, HistoryRequest, MAX_PINS, Message, PinChange};
use chat_domain::{ActionError, ChangeKind, ConversationId, Pos, Refusal, UserId};
use uuid::Uuid;

/// The `seq`s of the pinned messages.
async fn pinned(scene: &Scene, conversation: ConversationId, reader: UserId) -> Vec<u64> {
    let found = scene.messages.list_pinned(conversation, reader).await.expect("pins");
    assert!(found.messages.iter().all(|message| message.pinned_at.is_some()) && !found.participants.is_empty());
    found.messages.iter().map(|message| message.seq.get()).collect()
}

pub async fn a_pinned_message_is_seen_wherever_it_is(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let said = scene.say_many(group, bob, 3).await;
    let user = scene.overview(group, ann).await.details.participants[0].user.clone();
    let ChangedMessage { message, change } = scene.pin(&said[1], ann, true).await.expect("pinned");
    let change = change.expect("a change");
    let pin = PinChange { message_id: said[1].id, seq: said[1].seq, user };
    assert_eq!((change.pos, &change.kind), (Pos::new(5), &ChangeKind::MessagePinned(Box::new(pin.clone()))));
    let expected = Message { pinned_at: Some(change.at), changed: Some(change.pos), ..said[1].clone() };
    assert_eq!((&message, &present(&scene, &said[1], bob).await), (&expected, &expected));
    let page = scene.messages.history(group, bob, HistoryRequest::Latest(limit(10))).await.expect("a history");
    assert_eq!(page.messages[1], expected);
    scene.pin(&said[0], ann, true).await.expect("pinned");
    scene.edit(&said[1], "edited").await;
    assert_eq!(pinned(&scene, group, bob).await, [1, 2], "the last pinned first");
    let unpinned = scene.pin(&said[0], ann, false).await.expect("unpinned");
    let kind = unpinned.change.expect("a change").kind;
    assert_eq!(
        kind,
        ChangeKind::MessageUnpinned(Box::new(PinChange { message_id: said[0].id, seq: said[0].seq, ..pin }))
    );
    assert_eq!((unpinned.message.pinned_at, pinned(&scene, group, bob).await), (None, vec![2]));
    assert_eq!(scene.overview(group, ann).await.unread_count(), 3, "pins do not count");
    scene.assert_numbered_without_gaps(group, ann).await;
}

pub async fn a_message_that_is_pinned_already_changes_nothing(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let said = scene.say(scene.direct(ann, bob).await, ann, "hello").await;
    let nothing = scene.pin(&said, bob, false).await.expect("not pinned");
    assert_eq!(nothing, ChangedMessage { message: said.clone(), change: None });
    let message = scene.pin(&said, bob, true).await.expect("pinned").message;
    let again = scene.pin(&said, ann, true).await.expect("pinned already");
    assert_eq!(again, ChangedMessage { message, change: None });
    assert_eq!(scene.overview(said.conversation_id, ann).await.details.conversation.last_pos, Pos::new(3));
}

pub async fn admins_pin_in_groups_and_both_users_in_direct_conversations(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let group = scene.group(ann, &[bob]).await;
    let said = scene.say(group, bob, "hello").await;
    assert_eq!(refusal(scene.pin(&said, bob, true).await), Refusal::NotAnAdmin);
    assert_eq!(refusal(scene.pin(&said, eve, true).await), Refusal::NotAParticipant);
    let elsewhere = Message { conversation_id: scene.group(ann, &[eve]).await, ..said.clone() };
    assert_eq!(refusal(scene.pin(&elsewhere, ann, true).await), Refusal::UnknownMessage);
    let nowhere = Message { conversation_id: ConversationId::new(Uuid::now_v7()), ..said.clone() };
    assert_eq!(refusal(scene.pin(&nowhere, ann, true).await), Refusal::UnknownConversation);
    assert_eq!(refusal(scene.messages.list_pinned(nowhere.conversation_id, ann).await), Refusal::UnknownConversation);
    assert_eq!(refusal(scene.messages.list_pinned(group, eve).await), Refusal::NotAParticipant);
    let private = scene.say(scene.direct(ann, bob).await, ann, "hello").await;
    for (user, is_pinned) in [(bob, true), (ann, false)] {
        scene.pin(&private, user, is_pinned).await.expect("either user may");
    }
    scene.pin(&said, ann, true).await.expect("pinned");
    scene.deactivate(group, ann).await;
    assert_eq!(refusal(scene.pin(&said, ann, false).await), Refusal::Inactive);
    assert_eq!(pinned(&scene, group, bob).await, [1]);
}

pub async fn a_conversation_has_at_most_fifty_pins(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let said = scene.say_many(scene.direct(ann, bob).await, ann, u64::from(MAX_PINS) + 1).await;
    let (last, first) = said.split_last().expect("messages");
    for message in first {
        scene.pin(message, ann, true).await.expect("pinned");
    }
    assert_eq!(refusal(scene.pin(last, ann, true).await), Refusal::TooManyPins);
    scene.pin(&first[7], ann, false).await.expect("unpinned");
    scene.pin(last, ann, true).await.expect("there is room");
    assert_eq!(pinned(&scene, last.conversation_id, bob).await.len(), MAX_PINS as usize);
}

pub async fn a_pin_goes_with_the_message(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let said = scene.say_many(group, bob, 2).await;
    for message in &said {
        scene.pin(message, ann, true).await.expect("pinned");
    }
    let gone = scene.delete_message(&said[0], bob).await;
    assert_eq!((gone.pinned_at, present(&scene, &said[0], ann).await), (None, gone.clone()));
    assert_eq!(pinned(&scene, group, bob).await, [2]);
    for is_pinned in [true, false] {
        assert_eq!(refusal(scene.pin(&said[0], ann, is_pinned).await), Refusal::MessageDeleted);
    }
}

pub async fn of_racing_pins_no_more_than_fifty_are_stored(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let said = scene.say_many(group, bob, u64::from(MAX_PINS) + 10).await;
    let outcomes = race(|number| {
        let (scene, message) = (scene.clone(), said[number % said.len()].clone());
        async move {
            if number == 100 {
                scene.delete_message(&message, ann).await;
            }
            match scene.pin(&message, ann, number % 7 != 0).await {
                Ok(_) => true,
                Err(ActionError::Refused(Refusal::TooManyPins | Refusal::MessageDeleted)) => false,
                Err(error) => panic!("{error:?}"),
            }
        }
    })
    .await;
    assert!(outcomes.contains(&true) && outcomes.contains(&false));
    let pins = pinned(&scene, group, bob).await;
    assert!(pins.len() <= MAX_PINS as usize);
    let page = async |before| {
        let request = HistoryRequest::Before(chat_domain::messages::Anchor::Seq(before), limit(100));
        scene.messages.history(group, bob, request).await.expect("a history").messages
    };
    let shown = page(chat_domain::Seq::new(1_000)).await.into_iter().filter(|message| message.pinned_at.is_some());
    let (mut shown, mut pins): (Vec<_>, _) = (shown.map(|message| message.seq.get()).collect(), pins);
    shown.sort_unstable();
    pins.sort_unstable();
    assert_eq!(shown, pins);
    scene.assert_numbered_without_gaps(group, ann).await;
}
