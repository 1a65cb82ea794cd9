//! Attaches a connection to the live events without missing or repeating one.
//!
//! 1. [`crate::Hub::sign_in`]: from now on, changes of this user's memberships are noted.
//! 2. The memberships are read, each with the `pos` of this reading.
//! 3. Without waiting in between, the connection joins each conversation. Its live events begin after the later of the
//!    reading and what the hub has delivered already, its *target*; they are held back.
//! 4. The changes between the client's position and the target are read from the change log and sent, then `resumed`,
//!    then the presence of the user's contacts. Then follow the changes between the reading and the target of
//!    conversations without a position, or of which too much was missed, then the held events, then live events.

mod catch_up;
mod contacts;
mod held;
mod plan;
mod positions;
mod replay;

pub use catch_up::{CaughtUp, catch_up};
pub(crate) use held::{Attaching, Held};
pub use replay::Replay;

use crate::connection::Connection;
use crate::hub::Hub;
use chat_domain::changes::MissedLimit;
use chat_domain::conversations::{Participation, Removal};
use chat_domain::{ConversationId, Pos, RealtimeStore, StoreError, Turn, UserId};
use chat_protocol::realtime::Resume;
use plan::{Entry, Plan};
use positions::positions;
use std::collections::HashSet;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

/// The maximum number of conversations of a connection: those with the newest activity.
pub const MAX_CONVERSATIONS: u32 = 10_000;

impl Hub {
    /// Steps two and three. Afterwards the connection misses no committed change; earlier missed changes are in the
    /// returned replay, which must be run. The connection must have signed in.
    pub async fn attach(&self, connection: &Rc<Connection>, resume: Option<&Resume>) -> Result<Replay, StoreError> {
        let Some(user) = connection.user.get() else { return Ok(Replay::nothing()) };
        let turn = self.turn_to_attach(connection, user).await;
        if turn.is_none() {
            return Ok(Replay::nothing());
        }
        let epoch = self.fan_out().settings().epoch;
        // Positions of another epoch say nothing about this database.
        let valid = resume.filter(|resume| resume.may_be_of(epoch));
        let store = self.fan_out().store();
        let (memberships, contacts) =
            tokio::join!(store.list_memberships(user, MAX_CONVERSATIONS), self.contacts(user));
        let memberships = memberships?;
        let mut known: HashSet<ConversationId> =
            memberships.iter().map(|membership| membership.conversation_id).collect();
        let Elsewhere { removals, lost } = elsewhere(store, user, &known, valid).await?;
        let moved = match resume {
            Some(resume) => positions(store, connection.format().dialect, user, &memberships, resume).await?,
            None => Vec::new(),
        };
        // Most users stay in these conversations only: spare capacity would be kept for as long as they are connected.
        connection.conversations.borrow_mut().reserve_exact(memberships.len());
        // No await from here on.
        let mut entries = Vec::with_capacity(memberships.len());
        for membership in &memberships {
            entries.push(self.enter(connection, membership.conversation_id, membership.last_pos, valid));
        }
        // Joining one conversation while joining the others: joining handles the posted events, which may note more.
        loop {
            let note = connection.attaching.borrow_mut().as_mut().and_then(|attaching| attaching.next_note());
            let Some((id, added)) = note else { break };
            if known.insert(id) {
                // This connection has not seen the change that added the user.
                let before = Pos::new(added.get().saturating_sub(1));
                entries.push(self.enter(connection, id, before, valid));
            }
        }
        match connection.attaching.borrow_mut().as_mut() {
            Some(attaching) => attaching.stop_noting(),
            // The connection was closed meanwhile.
            None => return Ok(Replay::nothing()),
        }
        let removals: Vec<_> =
            removals.into_iter().filter(|removal| !known.contains(&removal.conversation_id)).collect();
        // A late addition from before the removal must not add the user again.
        connection.floors.borrow_mut().extend(removals.iter().map(|removal| (removal.conversation_id, removal.pos)));
        let mut reset = resume.map_or_else(Vec::new, |resume| plan::void(resume, epoch, &entries));
        reset.extend(lost.into_iter().filter(|id| !known.contains(id)));
        let plan = Plan::new(user, &entries, removals, moved, reset, MissedLimit::GREATEST);
        Ok(Replay::new(plan, contacts, resume.is_some(), turn))
    }

    /// Waits for the connection's turn to read its initial state from the store; `None` if it must close instead. The
    /// client is not closed for missing heartbeats while others are before it.
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
}

/// What became of the conversations that the client named and in which the user does not take part.
#[derive(Default)]
struct Elsewhere {
    /// The removals of which the client does not know.
    removals: Vec<Removal>,
    /// The conversations of which the client knows more than the database, which must have lost changes.
    lost: HashSet<ConversationId>,
}

async fn elsewhere(
    store: &dyn RealtimeStore,
    user: UserId,
    known: &HashSet<ConversationId>,
    resume: Option<&Resume>,
) -> Result<Elsewhere, StoreError> {
    let Some(resume) = resume else { return Ok(Elsewhere::default()) };
    let unknown: Vec<_> = resume.conversations().filter(|id| !known.contains(id)).collect();
    if unknown.is_empty() {
        return Ok(Elsewhere::default());
    }
    let mut removals = Vec::new();
    let participations = store.list_participations(user, &unknown).await?;
    let mut lost: HashSet<_> = unknown.into_iter().collect();
    for participation in participations {
        match participation {
            // The user has joined since `known` was read, or takes part in too many conversations.
            Participation::Present(id) => drop(lost.remove(&id)),
            Participation::Past(removal) => {
                let has = resume.pos(removal.conversation_id).unwrap_or_default();
                // A removed user receives nothing after the removal.
                if has <= removal.pos {
                    lost.remove(&removal.conversation_id);
                }
                if has < removal.pos {
                    removals.push(removal);
                }
            }
        }
    }
    Ok(Elsewhere { removals, lost })
}
