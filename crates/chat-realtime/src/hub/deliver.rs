use super::{Hub, Index};
use crate::attach::Held;
use crate::connection::Connection;
use crate::outgoing::Outgoing;
use chat_domain::{Audience, Change, ConversationId, Pos};
use chat_protocol::realtime::CloseCode;
use std::rc::Rc;
use std::sync::Arc;

impl Hub {
    /// Queues an event for every connection of this thread in its audience. Nothing is written yet.
    pub(super) fn deliver(&self, event: &Arc<Outgoing>) {
        if let Some(change) = event.change() {
            self.deliver_change(change, event);
            return;
        }
        let index = self.index.borrow();
        match event.audience() {
            Audience::Conversation(id) => self.push_to_room(&index, *id, event, |_| true),
            Audience::Window(id) => self.push_to_room(&index, *id, event, |connection| connection.has_window(*id)),
            Audience::Conversations(ids) => {
                let mut reached: Vec<&Rc<Connection>> =
                    ids.iter().filter_map(|id| index.rooms.get(id)).flat_map(|room| &room.members).collect();
                reached.sort_unstable_by_key(|connection| Rc::as_ptr(connection));
                reached.dedup_by_key(|connection| Rc::as_ptr(connection));
                for connection in reached {
                    self.push(connection, event);
                }
            }
            Audience::User(user) => self.push_to(index.of_user(*user), event),
            Audience::Everyone => self.push_to(&index.connections, event),
        }
    }

    fn push_to(&self, connections: &[Rc<Connection>], event: &Arc<Outgoing>) {
        for connection in connections {
            self.push(connection, event);
        }
    }

    fn push_to_room(
        &self,
        index: &Index,
        id: ConversationId,
        event: &Arc<Outgoing>,
        is_for: impl Fn(&Connection) -> bool,
    ) {
        let members = index.rooms.get(&id).map_or(&[][..], |room| &room.members);
        for connection in members.iter().filter(|connection| is_for(connection)) {
            self.push(connection, event);
        }
    }

    pub(super) fn push(&self, connection: &Rc<Connection>, event: &Arc<Outgoing>) {
        let user = connection.user.get();
        if user.is_none() || (event.except().is_some() && event.except() == user) {
            return;
        }
        if let Some(attaching) = connection.attaching.borrow_mut().as_mut() {
            let held = attaching.hold(event, connection.format(), self.fan_out.settings().queue_bytes);
            if held == Held::TooMuch {
                self.give_up_attaching(connection);
            }
            return;
        }
        if !connection.push_event(event) {
            return;
        }
        self.note_delivered(connection, 1);
    }

    /// Closes an attaching connection for which too many changes of the user's memberships arrived: none of them may be
    /// dropped, so the client must reconnect.
    fn give_up_attaching(&self, connection: &Rc<Connection>) {
        connection.close(CloseCode::TooSlow);
        self.touch(connection);
    }

    /// Updates the membership together with the delivery: an added user receives the change that adds them, a removed
    /// user receives the one that removes them and none after it.
    fn deliver_change(&self, change: &Change, event: &Arc<Outgoing>) {
        let (id, pos) = (change.conversation_id, change.pos);
        let mut index = self.index.borrow_mut();
        if let Some(room) = index.rooms.get_mut(&id) {
            if pos <= room.delivered {
                return;
            }
            room.delivered = pos;
        }
        let effect = change.kind.effect();
        for user in effect.joiners() {
            for connection in index.of_user(*user).to_vec() {
                if connection.conversations.borrow().contains(&id) || has_floor_from(&connection, id, pos) {
                    continue;
                }
                match connection.attaching.borrow_mut().as_mut() {
                    Some(attaching) if attaching.is_noting() => {
                        if attaching.note(id, pos) == Held::TooMuch {
                            self.give_up_attaching(&connection);
                        }
                    }
                    _ => index.join(&connection, id, pos),
                }
            }
        }
        let members = index.rooms.get(&id).map_or(&[][..], |room| &room.members);
        for connection in members {
            if !is_below_floor(connection, id, pos) {
                self.push(connection, event);
            }
        }
        let mut emptied = if index.rooms.contains_key(&id) { None } else { Some(pos) };
        for user in effect.leavers() {
            for connection in index.of_user(*user).to_vec() {
                // Below its floor: the store was read after this change, and the user was a member again.
                if !has_floor_from(&connection, id, pos) {
                    emptied = index.leave(&connection, id).or(emptied);
                }
            }
        }
        drop(index);
        if let Some(seen) = emptied {
            self.fan_out.untrack(id, &self.worker, seen);
        }
    }
}

fn has_floor_from(connection: &Connection, id: ConversationId, pos: Pos) -> bool {
    connection.floors.borrow().get(&id).is_some_and(|floor| pos <= *floor)
}

/// Whether the connection has this change already; drops a floor that has been passed.
pub(super) fn is_below_floor(connection: &Connection, id: ConversationId, pos: Pos) -> bool {
    if connection.floors.borrow().is_empty() {
        return false;
    }
    let is_below = has_floor_from(connection, id, pos);
    if !is_below {
        connection.floors.borrow_mut().remove(&id);
    }
    is_below
}
