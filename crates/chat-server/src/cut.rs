//! A node that does not know some kinds of change: see [`crate::config::Cut`]. It treats a change of such a kind as any
//! node treats a change of a kind that only a later release knows.

use async_trait::async_trait;
use chat_domain::changes::ChangeTag;
use chat_domain::conversations::{Joined, Membership, Participation};
use chat_domain::messages::MessagePlace;
use chat_domain::presence::{Contact, ContactsWanted};
use chat_domain::receipts::PositionsMoved;
use chat_domain::{
    Change, ChangeKind, ChangeLog, ChangeRange, CommitCursor, Committed, ConversationId, Envelope, Event, EventBus,
    Expected, Pos, RealtimeStore, Seq, StoreError, UserId, Wakeup,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A store or a bus that passes changes of these kinds on as unknown ones.
pub(crate) struct Cut<P: ?Sized> {
    unknown: BTreeSet<ChangeTag>,
    inner: Arc<P>,
}

impl<P: ?Sized> Cut<P> {
    fn unknown(&self, change: &mut Change) {
        if self.unknown.contains(&change.kind.tag()) {
            change.kind = ChangeKind::Unknown(Box::new(change.record()));
        }
    }
}

/// The store, cut by these kinds if there are any.
pub(crate) fn store(inner: Arc<dyn RealtimeStore>, unknown: &BTreeSet<ChangeTag>) -> Arc<dyn RealtimeStore> {
    if unknown.is_empty() { inner } else { Arc::new(Cut { unknown: unknown.clone(), inner }) }
}

/// The bus to this node's own connections, cut by these kinds if there are any.
pub(crate) fn bus(inner: Arc<dyn EventBus>, unknown: &BTreeSet<ChangeTag>) -> Arc<dyn EventBus> {
    if unknown.is_empty() { inner } else { Arc::new(Cut { unknown: unknown.clone(), inner }) }
}

impl EventBus for Cut<dyn EventBus> {
    fn publish(&self, mut envelope: Envelope) {
        if let Event::Change(change) = &mut envelope.event {
            self.unknown(change);
        }
        self.inner.publish(envelope);
    }

    fn publish_changes(&self, mut changes: Vec<Change>) -> Wakeup {
        for change in &mut changes {
            self.unknown(change);
        }
        self.inner.publish_changes(changes)
    }

    fn expect(&self, conversation: ConversationId) -> Expected {
        self.inner.expect(conversation)
    }
}

#[async_trait]
impl ChangeLog for Cut<dyn RealtimeStore> {
    async fn list_changes(&self, ranges: &[ChangeRange], limit: u32) -> Result<Vec<Change>, StoreError> {
        let mut changes = self.inner.list_changes(ranges, limit).await?;
        for change in &mut changes {
            self.unknown(change);
        }
        Ok(changes)
    }
}

#[async_trait]
impl RealtimeStore for Cut<dyn RealtimeStore> {
    async fn list_memberships(&self, user: UserId, limit: u32) -> Result<Vec<Membership>, StoreError> {
        self.inner.list_memberships(user, limit).await
    }

    async fn list_participations(
        &self,
        user: UserId,
        ids: &[ConversationId],
    ) -> Result<Vec<Participation>, StoreError> {
        self.inner.list_participations(user, ids).await
    }

    async fn list_last_pos(&self, ids: &[ConversationId]) -> Result<Vec<(ConversationId, Pos)>, StoreError> {
        self.inner.list_last_pos(ids).await
    }

    async fn list_joined(&self, after: Option<&CommitCursor>, limit: u32) -> Result<Committed<Joined>, StoreError> {
        self.inner.list_joined(after, limit).await
    }

    async fn list_newest_contacts(&self, wanted: ContactsWanted) -> Result<Vec<Contact>, StoreError> {
        self.inner.list_newest_contacts(wanted).await
    }

    async fn list_positions(&self, ids: &[ConversationId]) -> Result<Vec<PositionsMoved>, StoreError> {
        self.inner.list_positions(ids).await
    }

    async fn list_at(&self, places: &[(ConversationId, Seq)]) -> Result<Vec<MessagePlace>, StoreError> {
        self.inner.list_at(places).await
    }
}
