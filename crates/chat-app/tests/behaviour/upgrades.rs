//! While nodes of several releases run, kinds of change that some node does not know are not written.

use crate::world::{World, code, name};
use chat_app::Settings;
use chat_domain::changes::{ChangeTag, Feature, WritableFeatures};
use chat_domain::conversations::ConversationChanges;
use chat_domain::messages::{EditMessage, ForwardOf, MessageBody, MessageContent, MessageLimit, SendMessage};
use chat_domain::users::ProfileChanges;
use chat_domain::{ErrorCode, Metadata, PageLimit};
use std::sync::Arc;

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

#[tokio::test]
async fn content_that_some_node_does_not_know_is_refused_and_metadata_are_removed_at_any_time() {
    let metadata = || Metadata::parse(r#"{"a":1}"#).ok();
    let world = without(Feature::MESSAGE_METADATA);
    let ann = world.user("ann").await;
    let group = world.group(ann, &[world.user("bob").await]).await;
    let content = MessageContent { metadata: metadata(), ..MessageBody::parse("hi").expect("a body").into() };
    let send = SendMessage { conversation_id: group, content, client_message_id: None };
    assert_eq!(code(world.app.messages.send(ann, send).await), Some(ErrorCode::UpgradePending));
    let message = world.send(ann, group, "hi").await;
    let edit = |metadata| EditMessage {
        conversation_id: group,
        message_id: message.id,
        body: None,
        attachment: None,
        metadata: Some(metadata),
        if_changed_pos: None,
    };
    assert_eq!(code(world.app.messages.edit(ann, edit(metadata())).await), Some(ErrorCode::UpgradePending));
    world.app.messages.edit(ann, edit(None)).await.expect("nothing to change");

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

    let world = without(Feature::MESSAGE_FORWARDS);
    let ann = world.user("ann").await;
    let group = world.group(ann, &[world.user("bob").await]).await;
    let message = world.send(ann, group, "hi").await;
    let forward_of = Some(ForwardOf { conversation_id: group, message_id: message.id });
    let content = MessageContent { forward_of, ..MessageBody::empty().into() };
    let send = SendMessage { conversation_id: group, content, client_message_id: None };
    assert_eq!(code(world.app.messages.send(ann, send).await), Some(ErrorCode::UpgradePending));

    let world = without(Feature::CONVERSATION_METADATA);
    let ann = world.user("ann").await;
    let group = world.group(ann, &[world.user("bob").await]).await;
    let change = |metadata| ConversationChanges { metadata: Some(metadata), ..ConversationChanges::default() };
    let refused = world.app.conversations.update(ann, group, change(metadata())).await;
    assert_eq!(code(refused), Some(ErrorCode::UpgradePending));
    world.app.conversations.update(ann, group, change(None)).await.expect("removed");

    let world = without(Feature::USER_METADATA);
    let ann = world.user("ann").await;
    let change = |metadata| ProfileChanges { metadata: Some(metadata), ..ProfileChanges::default() };
    assert_eq!(code(world.app.users.update_me(ann, change(metadata())).await), Some(ErrorCode::UpgradePending));
    world.app.users.update_me(ann, change(None)).await.expect("removed");
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
