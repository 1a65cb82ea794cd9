use super::plan::{MAX_NAMED, Plan, rest};
use crate::connection::{Connection, LOW_WATER, Life};
use crate::hub::Hub;
use crate::outgoing::Outgoing;
use chat_domain::{Change, ChangeKind, ConversationId, Envelope, Event, Pos, StoreError, Turn};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// How many changes are read at a time.
const PAGE: u32 = 100;

/// How many ranges one reading names at most.
const RANGES: usize = 100;

/// What a connection is to be sent before anything live.
#[derive(Debug)]
pub struct Replay {
    plan: Option<Plan>,
    /// Kept as long as the client takes what is read: who keeps up does not queue again, and who does not keeps nobody
    /// waiting.
    turn: Option<Turn>,
}

impl Replay {
    pub(super) const fn nothing() -> Self {
        Self { plan: None, turn: None }
    }

    pub(super) const fn new(plan: Plan, turn: Option<Turn>) -> Self {
        Self { plan: Some(plan), turn }
    }

    /// Sends it, as fast as the client takes it, then `resumed` where the client asked to resume (or has to page), then
    /// what was held meanwhile. From then on events flow. Ends early when the connection does.
    pub async fn run(self, hub: &Hub, connection: &Rc<Connection>) -> Result<(), StoreError> {
        let Some(mut plan) = self.plan else { return Ok(()) };
        let mut ranges = std::mem::take(&mut plan.ranges);
        let mut turn = self.turn.filter(|_| !ranges.is_empty());
        while !ranges.is_empty() && has_room(connection, &mut turn).await {
            if turn.is_none() {
                turn = hub.turn_to_attach(connection, plan.user).await;
            }
            let page = &ranges[..ranges.len().min(RANGES)];
            let mut asked = page.to_vec();
            let changes = hub.fan_out().store().list_changes(page, PAGE).await?;
            let count = asked.len();
            rest(&mut asked, &changes, PAGE);
            ranges.splice(..count, asked);
            for change in changes {
                if plan.membership.admits(&change) {
                    if change.kind.is_unknown() {
                        plan.limit(change.conversation_id);
                    }
                    connection.push_event(&Outgoing::new(Envelope::change(change)));
                    has_room(connection, &mut turn).await;
                }
            }
            connection.flush();
        }
        drop(turn);
        if !connection.drained().await {
            return Ok(());
        }
        send_removals(&mut plan, connection).await;
        for moved in std::mem::take(&mut plan.moved) {
            let event = Event::PositionsMoved(moved);
            let audience = chat_domain::Audience::User(plan.user);
            send(connection, &Outgoing::new(Envelope { audience, except: None, event })).await;
        }
        let wants_resumed = plan.wants_resumed;
        let is_limited = send_resumed(&mut plan, connection);
        let stats = hub.fan_out().stats();
        match (wants_resumed, is_limited) {
            (false, _) => stats.fresh_starts.add(1),
            (true, false) => stats.full_resumes.add(1),
            (true, true) => stats.limited_resumes.add(1),
        }
        send_held(&mut plan, connection).await;
        for id in plan.membership.out() {
            hub.leave(connection, id);
        }
        connection.flush();
        Ok(())
    }
}

/// Waits where much is waiting to be sent, and gives the turn up for it: a page of long messages is more than a queue
/// may hold. `false` where the connection has come to its end.
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

async fn send_removals(plan: &mut Plan, connection: &Connection) {
    for removal in std::mem::take(&mut plan.removals) {
        let kind = ChangeKind::ParticipantRemoved { user_id: plan.user };
        let (conversation_id, pos, at) = (removal.conversation_id, removal.pos, removal.at);
        let change = Change { conversation_id, pos, at, kind };
        send(connection, &Outgoing::new(Envelope::change(change))).await;
    }
}

/// Whether the client has to page through anything.
fn send_resumed(plan: &mut Plan, connection: &Connection) -> bool {
    let overflowed = take_overflowed(connection);
    if !plan.wants_resumed && plan.limited.is_empty() && overflowed.is_empty() {
        return false;
    }
    for (id, pos) in &mut plan.positions {
        if let Some(dropped) = overflowed.get(id) {
            *pos = dropped.max(pos).to_owned();
        }
    }
    let mut limited = std::mem::take(&mut plan.limited);
    let named: HashSet<_> = limited.iter().copied().collect();
    limited.extend(overflowed.keys().filter(|id| !named.contains(id)));
    limited.retain(|id| !plan.membership.is_out(*id));
    let is_limited = !limited.is_empty();
    let positions = std::mem::take(&mut plan.positions);
    let positions = positions.into_iter().filter(|(id, _)| !plan.membership.is_out(*id)).take(MAX_NAMED);
    connection.push_resumed(positions, limited);
    connection.flush();
    is_limited
}

/// Sends what was held while it was replayed, and what is held while that is sent. When nothing is left, events flow;
/// there is no moment between the two.
async fn send_held(plan: &mut Plan, connection: &Rc<Connection>) {
    loop {
        let next =
            connection.attaching.borrow_mut().as_mut().and_then(|attaching| attaching.next_event(connection.format()));
        let Some(event) = next else {
            if connection.attaching.borrow().as_ref().is_some_and(|attaching| attaching.has_overflowed()) {
                // Too much came while the rest was sent: these, too, the client has to page through.
                let more = take_overflowed(connection);
                connection.push_resumed(more.iter().map(|(id, pos)| (*id, *pos)), more.keys().copied());
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

/// Queues one event, and waits where much is waiting by then: who reads steadily is no slow reader. After the
/// connection's end it does nothing.
async fn send(connection: &Connection, event: &Outgoing) {
    connection.push_event(event);
    has_room(connection, &mut None).await;
}
