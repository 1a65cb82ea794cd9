//! New messages, of which several may come at once: each connection is handed all of them in one piece, and written to once.

use super::Hub;
use super::deliver::is_below_floor;
use crate::connection::Connection;
use crate::outgoing::{Joined, Outgoing};
use crate::outlet::Outlet;
use crate::worker::Post;
use chat_domain::{ConversationId, Pos};
use std::rc::Rc;
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};

/// So many messages are one piece at most; where as many wait already, nothing is gained by waiting for more.
const ENOUGH: usize = 32;

/// Messages of one conversation that come one after the other.
#[derive(Default)]
pub(super) struct Run {
    conversation: Option<ConversationId>,
    events: Vec<Arc<Outgoing>>,
}

impl Run {
    /// Whether a message of this conversation belongs to it.
    fn goes_on_in(&self, id: ConversationId) -> bool {
        self.conversation == Some(id) && self.events.len() < ENOUGH
    }
}

impl Hub {
    /// Lets a moment pass while messages are ready for a large conversation into which more are being sent: writing to so many connections takes milliseconds, and
    /// hardly longer for several messages than for one.
    pub(super) async fn gather(&self) {
        let Some(id) = self.worker.look(|posts| self.large_among(posts)) else { return };
        let until = Instant::now() + self.fan_out.settings().burst_patience;
        self.worker.set_gathering(true);
        while self.fan_out.is_expecting(id) {
            if timeout_at(until, self.worker.arrived()).await.is_err() {
                break;
            }
        }
        self.worker.set_gathering(false);
    }

    fn large_among(&self, posts: &[Post]) -> Option<ConversationId> {
        if posts.len() >= ENOUGH {
            return None;
        }
        let (index, large) = (self.index.borrow(), self.fan_out.settings().large_conversation);
        posts.iter().find_map(|post| match post {
            Post::Deliver(event) => {
                let (id, _) = event.message_place()?;
                index.rooms.get(&id).filter(|room| room.members.len() >= large).map(|_| id)
            }
            Post::CloseSession(_) | Post::Measure(_) | Post::Leave => None,
        })
    }

    /// Takes an event in; what it puts off is delivered with what follows, or by [`Self::end_run`].
    pub(super) fn take_event(&self, run: &mut Run, event: Arc<Outgoing>) {
        let Some((id, _)) = event.message_place() else {
            self.end_run(run);
            self.deliver(&event);
            return;
        };
        if !run.goes_on_in(id) {
            self.end_run(run);
        }
        run.conversation = Some(id);
        run.events.push(event);
    }

    /// Delivers what was put off.
    pub(super) fn end_run(&self, run: &mut Run) {
        if let Some(id) = run.conversation.take() {
            self.deliver_messages(id, &run.events);
            run.events.clear();
        }
    }

    fn deliver_messages(&self, id: ConversationId, events: &[Arc<Outgoing>]) {
        let pos_of = |event: &Arc<Outgoing>| event.message_place().map_or(Pos::ZERO, |(_, pos)| pos);
        let Some(last) = events.last().map(pos_of) else { return };
        let mut index = self.index.borrow_mut();
        let Some(room) = index.rooms.get_mut(&id) else {
            drop(index);
            self.fan_out.untrack(id, &self.worker, last);
            return;
        };
        let news = &events[events.partition_point(|event| pos_of(event) <= room.delivered)..];
        room.delivered = last.max(room.delivered);
        let joined = Joined::of(news);
        for connection in &room.members {
            if takes_in_one_piece(connection, news) {
                self.push_joined(connection, &joined);
                continue;
            }
            for event in news {
                if !is_below_floor(connection, id, pos_of(event)) {
                    self.push(connection, event);
                }
            }
        }
    }

    fn push_joined(&self, connection: &Rc<Connection>, joined: &Joined<'_>) {
        if let Some((piece, count)) = joined.piece(connection.format()) {
            connection.push(piece);
            self.delivered.update(|delivered| delivered + count);
            self.touch(connection);
        }
    }
}

/// Whether it is in the flow of events, takes bytes as they come, and gets what all others get.
fn takes_in_one_piece(connection: &Connection, events: &[Arc<Outgoing>]) -> bool {
    let Some(user) = connection.user.get() else { return false };
    let dialect = connection.format().dialect;
    connection.attaching.borrow().is_none()
        && connection.floors.borrow().is_empty()
        && connection.outlet().is_some_and(Outlet::is_stream)
        && !events.iter().any(|event| event.is_own(dialect, user))
}
