use crate::connection::{Connection, is_same};
use chat_domain::{ConversationId, Pos, SessionId, UserId};
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

/// The connections of one worker thread by conversation, user and session. No lock, no `Arc`.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) connections: Vec<Rc<Connection>>,
    pub(crate) rooms: HashMap<ConversationId, Room>,
    users: HashMap<UserId, Vec<Rc<Connection>>>,
    sessions: HashMap<SessionId, Vec<Rc<Connection>>>,
}

/// A conversation with at least one connection on this thread.
#[derive(Debug)]
pub(crate) struct Room {
    /// All changes up to this one were delivered here, or do not concern this worker.
    pub(crate) delivered: Pos,
    pub(crate) members: Vec<Rc<Connection>>,
}

fn forget<K: Eq + Hash>(map: &mut HashMap<K, Vec<Rc<Connection>>>, key: &K, connection: &Rc<Connection>) {
    if let Some(list) = map.get_mut(key) {
        list.retain(|known| !is_same(known, connection));
        if list.is_empty() {
            map.remove(key);
        }
    }
}

impl Index {
    pub(crate) fn insert(&mut self, connection: &Rc<Connection>) {
        connection.slot.set(self.connections.len());
        self.connections.push(Rc::clone(connection));
    }

    pub(crate) fn sign_in(&mut self, connection: &Rc<Connection>, user: UserId, session: SessionId) {
        self.users.entry(user).or_default().push(Rc::clone(connection));
        self.sessions.entry(session).or_default().push(Rc::clone(connection));
    }

    pub(crate) fn of_user(&self, user: UserId) -> &[Rc<Connection>] {
        self.users.get(&user).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn of_session(&self, session: SessionId) -> &[Rc<Connection>] {
        self.sessions.get(&session).map_or(&[], Vec::as_slice)
    }

    /// Moves the connection to another session: a fresh token of the same user may belong to another one.
    pub(crate) fn change_session(&mut self, connection: &Rc<Connection>, from: SessionId, to: SessionId) {
        forget(&mut self.sessions, &from, connection);
        self.sessions.entry(to).or_default().push(Rc::clone(connection));
    }

    /// Adds the connection to the room; a new room starts after `delivered`.
    pub(crate) fn join(&mut self, connection: &Rc<Connection>, id: ConversationId, delivered: Pos) {
        let room = self.rooms.entry(id).or_insert_with(|| Room { delivered, members: Vec::new() });
        room.members.push(Rc::clone(connection));
        connection.conversations.borrow_mut().push(id);
    }

    /// Removes the connection from one room. Returns the room's `delivered` if the room is now empty.
    pub(crate) fn leave(&mut self, connection: &Rc<Connection>, id: ConversationId) -> Option<Pos> {
        {
            let mut conversations = connection.conversations.borrow_mut();
            let place = conversations.iter().position(|known| *known == id)?;
            conversations.swap_remove(place);
        }
        connection.forget_window(id);
        self.take_out(connection, id)
    }

    fn take_out(&mut self, connection: &Rc<Connection>, id: ConversationId) -> Option<Pos> {
        let room = self.rooms.get_mut(&id)?;
        if let Some(place) = room.members.iter().position(|known| is_same(known, connection)) {
            room.members.swap_remove(place);
        }
        if !room.members.is_empty() {
            return None;
        }
        self.rooms.remove(&id).map(|room| room.delivered)
    }

    /// Removes the connection from all rooms, and returns the rooms that are now empty, with their `delivered`.
    pub(crate) fn remove(&mut self, connection: &Rc<Connection>) -> Vec<(ConversationId, Pos)> {
        let slot = connection.slot.get();
        if self.connections.get(slot).is_some_and(|known| is_same(known, connection)) {
            self.connections.swap_remove(slot);
            if let Some(moved) = self.connections.get(slot) {
                moved.slot.set(slot);
            }
        }
        if let Some(user) = connection.user.get() {
            forget(&mut self.users, &user, connection);
        }
        if let Some(session) = connection.session.get() {
            forget(&mut self.sessions, &session, connection);
        }
        let conversations = connection.conversations.take();
        conversations.into_iter().filter_map(|id| Some((id, self.take_out(connection, id)?))).collect()
    }
}
