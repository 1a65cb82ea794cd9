//! While nodes of several releases run, kinds of change that some node does not know are not written.

use crate::world::{World, code, name};
use chat_app::Settings;
use chat_domain::ErrorCode;
use chat_domain::changes::{ChangeTag, Feature, WritableFeatures};
use chat_domain::conversations::ConversationChanges;
use std::sync::Arc;

/// A cluster in which some live node does not know this kind.
struct AllBut(Feature);

impl WritableFeatures for AllBut {
    fn may_write(&self, feature: &Feature) -> bool {
        *feature != self.0
    }
}

fn without(kind: ChangeTag) -> World {
    World::with(Settings::default(), |ports| ports.features = Arc::new(AllBut(kind.into())))
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
