use super::contacts;
use super::plan::Plan;
use crate::connection::{Connection, LOW_WATER, Life};
use crate::hub::Hub;
use crate::outgoing::Outgoing;
use chat_domain::presence::Contact;
use chat_domain::{ConversationId, Envelope, Event, Pos, StoreError, Turn};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// The replay of a connection: the data to send before live events.
#[derive(Debug)]
pub struct Replay {
    plan: Option<Plan>,
    contacts: Vec<Contact>,
    /// Whether the client asked to resume.
    wants_resumed: bool,
    /// The place in the queue for reading, kept while the client accepts the data: a fast client does not queue again,
    /// and a slow client delays no other.
    turn: Option<Turn>,
}

impl Replay {
    pub(super) const fn nothing() -> Self {
        Self { plan: None, contacts: Vec::new(), wants_resumed: false, turn: None }
    }

    pub(super) const fn new(plan: Plan, contacts: Vec<Contact>, wants_resumed: bool, turn: Option<Turn>) -> Self {
        Self { plan: Some(plan), contacts, wants_resumed, turn }
    }

    /// Sends the replay at the client's pace, then `resumed` if the client asked to resume (or must page), then the
    /// presence of the user's contacts, what waited for `resumed`, and the held events. After that, events are live.
    /// Ends early when the connection does.
    pub async fn run(self, hub: &Hub, connection: &Rc<Connection>) -> Result<(), StoreError> {
        let Some(mut plan) = self.plan else { return Ok(()) };
        let presence = hub.states(self.contacts).await;
        send_missed(&mut plan, hub, connection, self.turn).await?;
        if !connection.drained().await {
            return Ok(());
        }
        for change in plan.take_removals() {
            send(connection, &Outgoing::new(Envelope::change(change))).await;
        }
        for moved in std::mem::take(&mut plan.moved) {
            let event = Event::PositionsMoved(moved);
            let audience = chat_domain::Audience::User(plan.user);
            send(connection, &Outgoing::new(Envelope { audience, except: None, event })).await;
        }
        let is_limited = send_resumed(&mut plan, connection, self.wants_resumed);
        let stats = hub.fan_out().stats();
        match (self.wants_resumed, is_limited) {
            (false, _) => stats.fresh_starts.add(1),
            (true, false) => stats.full_resumes.add(1),
            (true, true) => stats.limited_resumes.add(1),
        }
        contacts::send(connection, presence.as_ref());
        plan.ranges = std::mem::take(&mut plan.tails);
        send_missed(&mut plan, hub, connection, None).await?;
        send_held(&mut plan, connection).await;
        for id in plan.membership.out() {
            hub.leave(connection, id);
        }
        connection.flush();
        Ok(())
    }
}

/// Sends the changes in the plan's ranges.
async fn send_missed(
    plan: &mut Plan,
    hub: &Hub,
    connection: &Connection,
    turn: Option<Turn>,
) -> Result<(), StoreError> {
    let mut turn = turn.filter(|_| !plan.ranges.is_empty());
    while !plan.ranges.is_empty() && has_room(connection, &mut turn).await {
        if turn.is_none() {
            turn = hub.turn_to_attach(connection, plan.user).await;
        }
        plan.keep(&joined(connection));
        let Some(changes) = plan.next(hub.fan_out().store(), hub.fan_out().settings().missed_at_once).await? else {
            break;
        };
        for change in changes {
            connection.push_event(&Outgoing::new(Envelope::change(change)));
            has_room(connection, &mut turn).await;
        }
        connection.flush();
    }
    Ok(())
}

fn joined(connection: &Connection) -> HashSet<ConversationId> {
    connection.conversations.borrow().iter().copied().collect()
}

/// Waits while much data is unsent, and gives up its turn meanwhile: a page of long messages is more than a queue may
/// hold. Returns `false` if the connection has ended.
async fn has_room(connection: &Connection, turn: &mut Option<Turn>) -> bool {
    if connection.queued_bytes() > LOW_WATER {
        connection.flush();
        if connection.queued_bytes() > LOW_WATER {
            *turn = None;
        }
    }
    connection.drained().await
}

fn take_overflowed(connection: &Connection) -> HashMap<ConversationId, Pos> {
    connection.attaching.borrow_mut().as_mut().map(|attaching| attaching.take_overflowed()).unwrap_or_default()
}

/// Whether the client must page through any conversation.
fn send_resumed(plan: &mut Plan, connection: &Connection, is_wanted: bool) -> bool {
    let overflowed = take_overflowed(connection);
    if !is_wanted && plan.limited.is_empty() && overflowed.is_empty() {
        return false;
    }
    let joined = joined(connection);
    plan.keep(&joined);
    for (id, pos) in &mut plan.positions {
        if let Some(dropped) = overflowed.get(id) {
            *pos = dropped.max(pos).to_owned();
        }
    }
    let mut limited = std::mem::take(&mut plan.limited);
    let named: HashSet<_> = limited.iter().copied().collect();
    limited.extend(overflowed.keys().filter(|id| !named.contains(id)));
    limited.retain(|id| joined.contains(id) && !plan.membership.is_out(*id));
    let is_limited = !limited.is_empty();
    connection.push_resumed(plan.take_positions(), limited, std::mem::take(&mut plan.reset));
    connection.flush();
    is_limited
}

/// Sends the events held during the replay, and those held while these are sent. When none are left, events are live;
/// there is no moment between the two.
async fn send_held(plan: &mut Plan, connection: &Rc<Connection>) {
    loop {
        let next =
            connection.attaching.borrow_mut().as_mut().and_then(|attaching| attaching.next_event(connection.format()));
        let Some(event) = next else {
            if connection.attaching.borrow().as_ref().is_some_and(|attaching| attaching.has_overflowed()) {
                // Too many events arrived meanwhile: the client must page through these conversations, too.
                let more = take_overflowed(connection);
                connection.push_resumed(more.iter().map(|(id, pos)| (*id, *pos)), more.keys().copied(), []);
            }
            *connection.attaching.borrow_mut() = None;
            return;
        };
        if event.change().is_none_or(|change| plan.membership.admits(change)) {
            send(connection, &event).await;
        }
        if connection.life() != Life::Open {
            return;
        }
    }
}

/// Queues one event, and waits while much data is unsent: a client that reads steadily is not a slow reader. Does
/// nothing after the connection's end.
async fn send(connection: &Connection, event: &Outgoing) {
    connection.push_event(event);
    has_room(connection, &mut None).await;
}
