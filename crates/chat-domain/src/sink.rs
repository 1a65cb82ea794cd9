//! From a commit to its publication.

use crate::changes::Change;
use crate::conversations::{ConversationDetails, CreatedConversation, Participant};
use crate::messages::{Appended, ChangedMessage, ReactedMessage};
use crate::users::DeletedUser;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{OnceLock, Weak};

/// Receives every durable change that a store commits. Changes that are committed together are published together.
pub trait CommittedSink: Send + Sync {
    /// Takes the changes of one commit, in its order, each exactly once, before any caller of that commit gets an
    /// answer. The message of a repeated send comes again, since its first publication may have died with its process.
    ///
    /// Called on the thread that commits, often before it can commit again: never waits, and does not fail. Changes of
    /// one conversation may come from several threads, a later one first. The store answers its callers before it
    /// drops the returned value if it can do so without waiting.
    fn committed(&self, changes: Vec<Change>) -> Wakeup;
}

/// Wakes the threads that receive published changes when it is dropped. Answers that are sent to the same threads
/// before cost no second waking, and their receivers find both together.
#[must_use = "dropping it wakes the threads"]
#[derive(Default)]
pub struct Wakeup(Option<Box<dyn Send>>);

impl Wakeup {
    /// Creates a value whose drop drops `wakes`, which then wakes the threads.
    pub fn when_dropped(wakes: impl Send + 'static) -> Self {
        Self(Some(Box::new(wakes)))
    }
}

impl std::fmt::Debug for Wakeup {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Wakeup").field(&self.0.is_some()).finish()
    }
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
        self.1.add_changes(to);
    }
}

impl Committable for (ConversationDetails, Option<Change>) {
    fn add_changes(&self, to: &mut Vec<Change>) {
        to.extend(self.1.clone());
    }
}

impl Committable for (Participant, Option<Change>) {
    fn add_changes(&self, to: &mut Vec<Change>) {
        to.extend(self.1.clone());
    }
}

impl Committable for Change {
    fn add_changes(&self, to: &mut Vec<Change>) {
        to.push(self.clone());
    }
}

impl Committable for ChangedMessage {
    fn add_changes(&self, to: &mut Vec<Change>) {
        to.extend(self.change.clone());
    }
}

impl Committable for ReactedMessage {
    fn add_changes(&self, to: &mut Vec<Change>) {
        self.changes.add_changes(to);
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
    pub fn committed(&self, changes: Vec<Change>) -> Wakeup {
        if changes.is_empty() {
            return Wakeup::default();
        }
        let Some(sink) = self.0.get().and_then(Weak::upgrade) else { return Wakeup::default() };
        // The panic hook has reported it.
        catch_unwind(AssertUnwindSafe(|| sink.committed(changes))).unwrap_or_default()
    }
}

impl std::fmt::Debug for SinkSlot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("SinkSlot").field(&self.0.get().is_some()).finish()
    }
}
