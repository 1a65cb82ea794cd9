//! Delivery of new messages: several messages of one conversation go to each connection as one piece, in one write.

use super::Hub;
use super::deliver::is_below_floor;
use crate::connection::Connection;
use crate::outgoing::{EventBatch, Outgoing};
use crate::outlet::Outlet;
use crate::worker::Post;
use chat_domain::{ConversationId, Pos};
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};

/// The maximum number of messages that are taken together. If as many wait already, waiting for more gains nothing.
const ENOUGH: usize = 32;

/// Consecutive messages of one conversation, with their `pos`.
#[derive(Default)]
pub(super) struct Run {
    conversation: Option<ConversationId>,
    events: Vec<(Pos, Arc<Outgoing>)>,
}

/// What follows a run. If more events follow, they may be for the same connections, and each is written to once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    TakeMoreIn,
    Nothing,
}

impl Run {
    /// Whether a message of this conversation can be added.
    fn goes_on_in(&self, id: ConversationId) -> bool {
        self.conversation == Some(id) && self.events.len() < ENOUGH
    }
}

impl Hub {
    /// Waits briefly while messages are ready for a large conversation to which more are being sent. Writing to that
    /// many connections takes hardly longer for several messages than for one.
    pub(super) async fn gather(&self) {
        if self.large_and_expecting().is_none() {
            return;
        }
        let until = Instant::now() + self.fan_out.settings().burst_patience;
        self.worker.set_gathering(true);
        while self.large_and_expecting().is_some() {
            // Their senders need not wait: what they send next may arrive in time.
            self.worker.wake_tasks();
            if timeout_at(until, self.worker.arrived()).await.is_err() {
                break;
            }
        }
        self.worker.set_gathering(false);
    }

    /// A large conversation with ready messages and more expected ones.
    fn large_and_expecting(&self) -> Option<ConversationId> {
        let ready = self.worker.look(|posts| self.large_among(posts))?;
        ready.into_iter().find(|id| self.fan_out.is_expecting(*id))
    }

    /// The large conversations among these posts; `None` if enough posts wait already.
    fn large_among(&self, posts: &[Post]) -> Option<Vec<ConversationId>> {
        if posts.len() >= ENOUGH {
            return None;
        }
        let (index, large) = (self.index.borrow(), self.fan_out.settings().large_conversation);
        let is_large = |id: &ConversationId| index.rooms.get(id).is_some_and(|room| room.members.len() >= large);
        let message = |post: &Post| match post {
            Post::Deliver(event) => event.message_place().map(|(id, _)| id),
            Post::CloseSession(_) | Post::Measure(_) | Post::Leave => None,
        };
        let mut ids: Vec<_> = posts.iter().filter_map(message).filter(is_large).collect();
        ids.dedup();
        Some(ids)
    }

    /// Takes an event. A message may be deferred, and is delivered with the following events or by [`Self::end_run`].
    pub(super) fn take_event(&self, run: &mut Run, event: Arc<Outgoing>) {
        let Some((id, pos)) = event.message_place() else {
            self.end_run(run, Then::TakeMoreIn);
            self.deliver(&event);
            return;
        };
        if !run.goes_on_in(id) {
            self.end_run(run, Then::TakeMoreIn);
        }
        run.conversation = Some(id);
        run.events.push((pos, event));
    }

    /// Delivers the deferred messages.
    pub(super) fn end_run(&self, run: &mut Run, then: Then) {
        if let Some(id) = run.conversation.take() {
            self.deliver_messages(id, &mut run.events, then);
            run.events.clear();
        }
    }

    fn deliver_messages(&self, id: ConversationId, events: &mut Vec<(Pos, Arc<Outgoing>)>, then: Then) {
        let mut index = self.index.borrow_mut();
        let Some(room) = index.rooms.get_mut(&id) else {
            drop(index);
            if let Some((last, _)) = events.last() {
                self.fan_out.untrack(id, &self.worker, *last);
            }
            return;
        };
        events.retain(|(pos, _)| {
            let is_news = *pos > room.delivered;
            room.delivered = room.delivered.max(*pos);
            is_news
        });
        let batch = EventBatch::of(events);
        for connection in &room.members {
            if takes_in_one_piece(connection, id, events) {
                for (piece, count) in batch.pieces(connection.format()) {
                    let is_alone = then == Then::Nothing && !connection.touched.get() && !connection.awaits_answers();
                    if is_alone {
                        connection.write_through(piece);
                        self.delivered.update(|delivered| delivered + count);
                    } else {
                        connection.push(piece.clone());
                        self.note_delivered(connection, *count);
                    }
                }
            } else {
                for (pos, event) in events.iter() {
                    if !is_below_floor(connection, id, *pos) {
                        self.push(connection, event);
                    }
                }
            }
        }
    }
}

/// Whether the connection is attached, takes plain bytes, and receives the same variant as all others.
fn takes_in_one_piece(connection: &Connection, id: ConversationId, events: &[(Pos, Arc<Outgoing>)]) -> bool {
    let Some(user) = connection.user.get() else { return false };
    let dialect = connection.format().dialect;
    connection.attaching.borrow().is_none()
        && !connection.floors.borrow().contains_key(&id)
        && connection.outlet().is_some_and(Outlet::is_stream)
        && !events.iter().any(|(_, event)| event.is_own(dialect, user))
}
