//! How a connection comes into the flow of events without missing one and without seeing one twice.
//!
//! 1. [`crate::Hub::sign_in`]: whatever changes this user's memberships from now on is noted.
//! 2. The memberships are read, each with the `pos` that this reading saw.
//! 3. Without waiting in between, the connection joins each conversation: live events begin after the later of what was
//!    read and what
//!    the hub has delivered already, its *target*; they are held back.
//! 4. What lies between what was read (or what the client says it has) and the target is read from the change log and
//!    sent, then
//!    `resumed`, then what was held, then everything as it comes.

mod held;
mod plan;
mod positions;
mod replay;

pub(crate) use held::{Attaching, Held};
pub use replay::Replay;

use crate::connection::Connection;
use crate::hub::Hub;
use chat_domain::conversations::Removal;
use chat_domain::{ConversationId, Pos, StoreError, Turn, UserId};
use chat_protocol::realtime::Resume;
use plan::{Entry, Plan};
use std::collections::HashSet;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

/// A connection takes part in at most this many conversations: those with the newest activity.
pub const MAX_CONVERSATIONS: u32 = 10_000;

impl Hub {
    /// Steps two and three. After it nothing that is committed passes the connection by; what it missed before is in
    /// the replay, which is to be run. The connection must have signed in.
    pub async fn attach(&self, connection: &Rc<Connection>, resume: Option<&Resume>) -> Result<Replay, StoreError> {
        let Some(user) = connection.user.get() else { return Ok(Replay::nothing()) };
        let turn = self.turn_to_attach(connection, user).await;
        if turn.is_none() {
            return Ok(Replay::nothing());
        }
        let store = self.fan_out().store();
        let memberships = store.list_memberships(user, MAX_CONVERSATIONS).await?;
        let mut known: HashSet<ConversationId> =
            memberships.iter().map(|membership| membership.conversation_id).collect();
        let removals = self.removals(user, &known, resume).await?;
        let positions = self.positions(connection, user, &memberships, resume).await?;
        // Most stay in these, and in no more: room for twice as many would be kept for as long as they are here.
        connection.conversations.borrow_mut().reserve_exact(memberships.len());
        // From here on, nothing is waited for.
        let mut entries = Vec::with_capacity(memberships.len());
        for membership in &memberships {
            entries.push(self.enter(connection, membership.conversation_id, membership.last_pos, resume));
        }
        // Taking part in one more while joining the others: the joining takes in what was posted, and may note more.
        loop {
            let note = connection.attaching.borrow_mut().as_mut().and_then(|attaching| attaching.next_note());
            let Some((id, added)) = note else { break };
            if known.insert(id) {
                // The change that added the user is itself news to this connection.
                let before = Pos::new(added.get().saturating_sub(1));
                entries.push(self.enter(connection, id, before, resume));
            }
        }
        match connection.attaching.borrow_mut().as_mut() {
            Some(attaching) => attaching.stop_noting(),
            // It was sent away meanwhile.
            None => return Ok(Replay::nothing()),
        }
        let removals: Vec<_> =
            removals.into_iter().filter(|removal| !known.contains(&removal.conversation_id)).collect();
        // An addition from before the removal that comes late must not bring the user in again.
        connection.floors.borrow_mut().extend(removals.iter().map(|removal| (removal.conversation_id, removal.pos)));
        Ok(Replay::new(Plan::new(user, &entries, removals, positions, resume.is_some()), turn))
    }

    /// Waits for the connection's turn to read from the store what it begins with; `None` where it is to leave instead.
    /// That others are before it is not held against the client.
    async fn turn_to_attach(&self, connection: &Connection, user: UserId) -> Option<Turn> {
        let mut turn = pin!(self.fan_out().turn_to_attach(user));
        connection.is_in_line.set(true);
        let turn = poll_fn(|context| {
            if connection.is_to_leave() {
                return Poll::Ready(None);
            }
            turn.as_mut().poll(context).map(Some)
        });
        let turn = turn.await;
        connection.is_in_line.set(false);
        turn
    }

    fn enter(&self, connection: &Rc<Connection>, id: ConversationId, seen: Pos, resume: Option<&Resume>) -> Entry {
        let target = self.join(connection, id, seen);
        Entry { id, has: resume.and_then(|resume| resume.pos(id)), seen, target }
    }

    /// The conversations that the client knows and the user has been removed from since.
    async fn removals(
        &self,
        user: UserId,
        known: &HashSet<ConversationId>,
        resume: Option<&Resume>,
    ) -> Result<Vec<Removal>, StoreError> {
        let Some(resume) = resume else { return Ok(Vec::new()) };
        let gone: Vec<_> = resume.conversations().filter(|id| !known.contains(id)).collect();
        if gone.is_empty() {
            return Ok(Vec::new());
        }
        let mut removals = self.fan_out().store().list_removals(user, &gone).await?;
        removals.retain(|removal| resume.pos(removal.conversation_id).is_some_and(|has| has < removal.pos));
        Ok(removals)
    }
}
