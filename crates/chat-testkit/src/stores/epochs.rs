//! The epoch of a database, and the landmarks by which a restored one is noticed.

use super::{Scene, Stores};
use crate::fakes::RecordingSink;
use chat_domain::{Change, ConversationId, Landmark};
use std::sync::{Arc, Weak};
use std::time::Duration;
use uuid::Uuid;

pub async fn an_epoch_lasts_until_another_begins(stores: Stores) {
    let epochs = &stores.epochs;
    let first = epochs.epoch().await.expect("an epoch");
    assert_eq!(epochs.epoch().await.expect("an epoch"), first);
    let second = epochs.begin_epoch().await.expect("begun");
    assert_ne!(second, first);
    assert_eq!(epochs.epoch().await.expect("an epoch"), second);
}

pub async fn every_published_change_is_a_landmark_of_its_own_log_alone(stores: Stores) {
    let sink = Arc::<RecordingSink>::default();
    let weak: Weak<RecordingSink> = Arc::downgrade(&sink);
    stores.committing.publish_to(weak);
    let at = Scene::new(stores);
    at.changing_group().await;
    let published = sink.take().concat();
    let is_there = async |change: &Change| Landmark::of(change).is_in(&*at.changes).await.expect("an answer");
    for change in &published {
        assert!(is_there(change).await, "{change:?}");
        let elsewhere = ConversationId::new(Uuid::now_v7());
        assert!(!is_there(&Change { conversation_id: elsewhere, ..change.clone() }).await);
        let later = change.at.plus(Duration::from_micros(1));
        assert!(!is_there(&Change { at: later, ..change.clone() }).await, "another change with this number");
    }
    let last = published.last().expect("a change");
    assert!(!is_there(&Change { pos: last.pos.next(), ..last.clone() }).await, "beyond the log");
}
