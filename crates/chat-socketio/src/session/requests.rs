//! What the requests of one who polls come to, and the websocket that would replace them.

use super::polling::{Leave, PollId, PostId, Reply, accept_post};
use super::{Ending, Session, Transport};
use crate::engine::Fault;
use crate::settings::INBOX_LOW_WATER;
use bytes::Bytes;
use std::time::Instant;

fn refuse(reply: Reply) {
    // Whoever has given the request up asks for nothing.
    let _ = reply.send(Err(Fault::BadRequest));
}

impl Session {
    /// A poll came. Two at once end the session: the answers could not be told apart.
    pub(crate) fn poll(&self, id: PollId, reply: Reply) {
        self.check_pulse();
        let second = match &mut *self.transport.borrow_mut() {
            Transport::Polling(polling) => polling.set_poll(id, reply).err(),
            Transport::Socket(_) | Transport::Gone => return refuse(reply),
        };
        if let Some(reply) = second {
            refuse(reply);
            return self.end(Ending::Violation);
        }
        self.flush_control();
        self.wake();
    }

    /// A request that comes too late finds nobody, however late the timer is.
    fn check_pulse(&self) {
        let is_heard = matches!(&*self.transport.borrow(), Transport::Polling(polling) if !polling.has_post());
        if is_heard && self.heart.is_dead(Instant::now()) {
            self.end(Ending::PingTimeout);
        }
    }

    /// A poll was given up: whoever asked is not there any more.
    pub(crate) fn give_up(&self, id: PollId) {
        let is_lost = matches!(&*self.transport.borrow(), Transport::Polling(polling) if polling.is_last_poll(id));
        if is_lost {
            self.lose();
        }
    }

    /// A POST has begun: its payload is read for a session that there is, and one at a time.
    pub(crate) fn expect_post(&self, id: PostId, leave: Leave) {
        self.check_pulse();
        let is_first = match &mut *self.transport.borrow_mut() {
            Transport::Polling(polling) => Some(polling.expect_post(id)),
            Transport::Socket(_) | Transport::Gone => None,
        };
        let may_come = if is_first == Some(true) { Ok(self.place.is_strangers()) } else { Err(Fault::BadRequest) };
        // Whoever has given the request up asks for nothing.
        let _ = leave.send(may_come);
        if is_first == Some(false) {
            // Another POST is under way: the order of the two is anybody's guess.
            self.end(Ending::Violation);
        }
    }

    /// The payload of a POST did not come, or was none that is read.
    pub(crate) fn forget_post(&self, id: PostId) {
        if let Transport::Polling(polling) = &mut *self.transport.borrow_mut() {
            polling.forget_post(id);
        }
    }

    /// A payload came. It is answered as soon as the caller has not too much left to do.
    pub(crate) fn post(&self, id: PostId, body: Bytes, reply: Reply) {
        self.check_pulse();
        let is_expected = match &mut *self.transport.borrow_mut() {
            Transport::Polling(polling) => polling.forget_post(id),
            Transport::Socket(_) | Transport::Gone => false,
        };
        if !is_expected {
            return refuse(reply);
        }
        if self.ending.get().is_some() {
            return accept_post(reply);
        }
        let heard = String::from_utf8(body.into())
            .ok()
            .and_then(|payload| self.inbox.borrow_mut().push(payload, self.settings.packets_per_payload).ok());
        let Some(heard) = heard else {
            refuse(reply);
            return self.end(Ending::Violation);
        };
        if heard.idle_packets > 0 && !self.charge(heard.idle_packets) {
            return refuse(reply);
        }
        if heard.is_alive {
            self.heart.heard();
        }
        let is_full = self.inbox.borrow().bytes() > INBOX_LOW_WATER;
        match &mut *self.transport.borrow_mut() {
            Transport::Polling(polling) if is_full && !heard.is_closing => polling.set_post(reply),
            _ => accept_post(reply),
        }
        if heard.is_closing {
            self.end(Ending::Client);
        }
        self.wake();
    }

    /// A websocket wants to take the session over; `false` where there is one already, or one that tries.
    pub(crate) fn begin_upgrade(&self) -> bool {
        match &mut *self.transport.borrow_mut() {
            Transport::Polling(polling) => !std::mem::replace(&mut polling.has_candidate, true),
            Transport::Socket(_) | Transport::Gone => false,
        }
    }

    /// It has failed to: the client goes on polling.
    pub(crate) fn abandon_upgrade(&self) {
        if let Transport::Polling(polling) = &mut *self.transport.borrow_mut() {
            polling.has_candidate = false;
        }
    }

    /// Lets a poll go that waits: the client stops polling only when none of its polls is under way.
    pub(crate) fn release_poll(&self) {
        if let Transport::Polling(polling) = &mut *self.transport.borrow_mut() {
            polling.release_poll("6");
        }
    }
}
