//! While nodes of several releases run, kinds of change that some node does not know are not written.

use crate::world::{World, code, name};
use chat_app::Settings;
use chat_domain::changes::{ChangeTag, Feature, WritableFeatures};
use chat_domain::conversations::ConversationChanges;
use chat_domain::messages::{Appended, EditMessage, ForwardOf, MessageBody, MessageContent, MessageLimit, SendMessage};
use chat_domain::users::ProfileChanges;
use chat_domain::{ClientMessageId, ErrorCode, Metadata, PageLimit};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A cluster in which some live node does not know this kind.
struct AllBut(Feature);

impl WritableFeatures for AllBut {
    fn may_write(&self, feature: &Feature) -> bool {
        *feature != self.0
    }
}

fn without(feature: impl Into<Feature>) -> World {
    let features = Arc::new(AllBut(feature.into()));
    World::with(Settings::default(), |ports| ports.features = features)
}

#[tokio::test]
async fn a_kind_that_some_node_does_not_know_is_refused_and_changes_nothing() {
    let world = without(ChangeTag::UPDATED);
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let group = world.group(ann, &[bob]).await;
    world.bus.take();
    let renamed = ConversationChanges { name: Some(Some(name("Climbers"))), ..Default::default() };
    let refused = world.app.conversations.update(ann, group, renamed).await;
    assert_eq!(code(refused), Some(ErrorCode::UpgradePending));
    // Bob would become admin, which is an update as well.
    let refused = world.app.conversations.remove_participant(ann, group, ann.user_id).await;
    assert_eq!(code(refused), Some(ErrorCode::UpgradePending));
    assert!(world.bus.take().is_empty(), "nothing is published");
    let found = world.app.conversations.find(bob, group).await.expect("found");
    assert_eq!(found.details.participants.len(), 2);
}

#[tokio::test]
async fn every_other_kind_is_written_meanwhile() {
    let world = without(ChangeTag::PARTICIPANT_ADDED);
    let (ann, bob, cid) = (world.user("ann").await, world.user("bob").await, world.user("cid").await);
    let group = world.group(ann, &[bob]).await;
    let refused = world.app.conversations.add_participant(ann, group, cid.user_id).await;
    assert_eq!(code(refused), Some(ErrorCode::UpgradePending));
    world.app.conversations.remove_participant(ann, group, bob.user_id).await.expect("removed");
    world.direct(ann, cid).await;
}

/// A cluster that a node joins which does not know these features.
#[derive(Default)]
struct Joined(AtomicBool);

impl WritableFeatures for Joined {
    fn may_write(&self, feature: &Feature) -> bool {
        let unknown = [
            Feature::MESSAGE_METADATA,
            Feature::MESSAGE_FORWARDS,
            Feature::CONVERSATION_METADATA,
            Feature::USER_METADATA,
        ];
        !self.0.load(Ordering::SeqCst) || !unknown.contains(feature)
    }
}

fn to_be_joined() -> (World, impl FnOnce()) {
    let joined = Arc::new(Joined::default());
    let features = Arc::clone(&joined);
    let world = World::with(Settings::default(), |ports| ports.features = features);
    (world, move || joined.0.store(true, Ordering::SeqCst))
}

fn metadata() -> Option<Metadata> {
    Metadata::parse(r#"{"a":1}"#).ok()
}

#[tokio::test]
async fn messages_that_some_node_could_not_show_are_refused_and_repetitions_are_answered() {
    let (world, join) = to_be_joined();
    let [ann, bob] = world.users(["ann", "bob"]).await;
    let group = world.group(ann, &[bob]).await;
    let source = world.send(ann, group, "hi").await;
    let forward_of = Some(ForwardOf { conversation_id: group, message_id: source.id });
    let with_metadata = MessageContent { metadata: metadata(), ..MessageBody::parse("hi").expect("a body").into() };
    let copy = MessageContent { forward_of, ..MessageBody::empty().into() };
    let send = |content: &MessageContent, key| {
        let client_message_id = ClientMessageId::parse(key).ok();
        world
            .app
            .messages
            .send(ann, SendMessage { conversation_id: group, content: content.clone(), client_message_id })
    };
    let first = send(&with_metadata, "a").await.expect("sent").into_message();
    let second = send(&copy, "b").await.expect("sent").into_message();
    join();
    for (content, key, stored) in [(&with_metadata, "a", &first), (&copy, "b", &second)] {
        assert_eq!(send(content, key).await.expect("a replay"), Appended::Replayed(stored.clone()));
        assert_eq!(code(send(content, "new").await), Some(ErrorCode::UpgradePending));
    }
    let edit = |metadata| EditMessage {
        conversation_id: group,
        message_id: first.id,
        body: None,
        attachment: None,
        metadata: Some(metadata),
        if_changed_pos: None,
    };
    let refused = world.app.messages.edit(ann, edit(Metadata::parse("{}").ok())).await;
    assert_eq!(code(refused), Some(ErrorCode::UpgradePending));
    let edited = world.app.messages.edit(ann, edit(None)).await.expect("removed at any time");
    assert_eq!(edited.metadata, None);
}

#[tokio::test]
async fn metadata_of_a_conversation_are_refused_and_those_of_a_user_can_be_removed() {
    let (world, join) = to_be_joined();
    let [ann, bob] = world.users(["ann", "bob"]).await;
    let chat = world.direct(ann, bob).await.details.conversation.id;
    let of_chat = |metadata| ConversationChanges { metadata: Some(metadata), ..ConversationChanges::default() };
    let of_user = |metadata| ProfileChanges { metadata: Some(metadata), ..ProfileChanges::default() };
    world.app.conversations.update(ann, chat, of_chat(metadata())).await.expect("changed");
    world.app.users.update_me(ann, of_user(metadata())).await.expect("changed");
    join();
    for metadata in [metadata(), None] {
        let refused = world.app.conversations.update(ann, chat, of_chat(metadata)).await;
        assert_eq!(code(refused), Some(ErrorCode::UpgradePending));
    }
    assert_eq!(code(world.app.users.update_me(ann, of_user(metadata())).await), Some(ErrorCode::UpgradePending));
    assert_eq!(world.app.users.update_me(ann, of_user(None)).await.expect("removed").metadata, None);
}

#[tokio::test]
async fn long_messages_that_some_node_could_not_read_are_refused() {
    let world = World::with(Settings { message_limit: MessageLimit::GREATEST, ..Settings::default() }, |ports| {
        ports.features = Arc::new(AllBut(Feature::LONG_MESSAGES));
    });
    let ann = world.user("ann").await;
    let group = world.group(ann, &[world.user("bob").await]).await;
    let send = |length| {
        let body = MessageBody::parse(&"x".repeat(length)).expect("a body");
        SendMessage { conversation_id: group, content: body.into(), client_message_id: None }
    };
    assert_eq!(code(world.app.messages.send(ann, send(2_001)).await), Some(ErrorCode::UpgradePending));
    world.app.messages.send(ann, send(2_000)).await.expect("sent");
}

#[tokio::test]
async fn no_thread_is_opened_while_some_node_does_not_know_threads() {
    let world = without(Feature::THREADS);
    let ann = world.user("ann").await;
    let group = world.group(ann, &[world.user("bob").await]).await;
    let message = world.send(ann, group, "hi").await;
    let opened = world.app.threads.open(ann, group, message.id).await;
    assert_eq!(code(opened), Some(ErrorCode::UpgradePending));
    let limit = PageLimit::parse(10).expect("a limit");
    assert_eq!(world.app.threads.list(ann, group, None, limit).await.expect("a list").items, []);
}
