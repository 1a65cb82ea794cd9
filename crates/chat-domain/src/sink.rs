//! From a commit to its publication.

use crate::changes::Change;
use crate::conversations::{ConversationDetails, CreatedConversation};
use crate::messages::Appended;
use crate::users::DeletedUser;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{OnceLock, Weak};

/// Receives every durable change that a store commits. Changes that are committed together are published together.
pub trait CommittedSink: Send + Sync {
    /// Takes the changes of one commit, in its order, each exactly once, before any caller of that commit gets an
    /// answer. The message of a repeated send comes again, since its first publication may have died with its process.
    ///
    /// Called on the thread that commits, often before it can commit again: never waits, and does not fail. Changes of
    /// one conversation may come from several threads, a later one first.
    fn committed(&self, changes: Vec<Change>);
}

/// A store that passes what it commits to a sink.
pub trait Committing: Send + Sync {
    /// Passes the changes of every later commit to this sink, as long as it exists. The first sink stays. The reference
    /// is weak, because the sink itself may lead to the store.
    fn publish_to(&self, sink: Weak<dyn CommittedSink>);
}

/// The result of a write that made durable changes.
pub trait Committable {
    /// Adds the changes to `to`, in the order of their numbers.
    fn add_changes(&self, to: &mut Vec<Change>);
}

impl Committable for Appended {
    fn add_changes(&self, to: &mut Vec<Change>) {
        to.push(Change::message_sent(self.message().clone()));
    }
}

impl Committable for CreatedConversation {
    fn add_changes(&self, to: &mut Vec<Change>) {
        to.extend(self.change.clone());
    }
}

impl Committable for (ConversationDetails, Change) {
    fn add_changes(&self, to: &mut Vec<Change>) {
        to.push(self.1.clone());
    }
}

impl Committable for Vec<Change> {
    fn add_changes(&self, to: &mut Vec<Change>) {
        to.extend_from_slice(self);
    }
}

impl Committable for Option<DeletedUser> {
    fn add_changes(&self, to: &mut Vec<Change>) {
        to.extend(self.iter().flat_map(|deleted| &deleted.changes).cloned());
    }
}

/// A store's reference to its sink: empty until it is set, once.
#[derive(Default)]
pub struct SinkSlot(OnceLock<Weak<dyn CommittedSink>>);

impl SinkSlot {
    /// Sets the sink, unless one is set already.
    pub fn set(&self, sink: Weak<dyn CommittedSink>) {
        // The first one stays.
        let _ = self.0.set(sink);
    }

    /// Passes the changes of one commit on, if there are any and the sink exists. A panic in the sink does not reach
    /// the store: it loses the publication, which receivers repair from the store.
    pub fn committed(&self, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        if let Some(sink) = self.0.get().and_then(Weak::upgrade) {
            // The panic hook has reported it.
            let _ = catch_unwind(AssertUnwindSafe(|| sink.committed(changes)));
        }
    }
}

impl std::fmt::Debug for SinkSlot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("SinkSlot").field(&self.0.get().is_some()).finish()
    }
}
