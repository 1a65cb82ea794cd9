//! Requests of a polling client, and the WebSocket that is to replace them.

use super::polling::{Leave, PollId, PostId, Reply, accept_post};
use super::{Ending, Session, Transport};
use crate::engine::Fault;
use crate::settings::INBOX_LOW_WATER;
use bytes::Bytes;
use std::time::Instant;

fn refuse(reply: Reply) {
    // An abandoned request needs no response.
    let _ = reply.send(Err(Fault::BadRequest));
}

impl Session {
    /// Handles a poll. Two concurrent polls end the session, since their responses could arrive in any order.
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

    /// A request that arrives too late finds the session ended, however late the timer runs.
    fn check_pulse(&self) {
        let is_heard = matches!(&*self.transport.borrow(), Transport::Polling(polling) if !polling.has_post());
        if is_heard && self.heart.is_dead(Instant::now()) {
            self.end(Ending::PingTimeout);
        }
    }

    /// A poll was abandoned: the client is gone.
    pub(crate) fn give_up(&self, id: PollId) {
        let is_lost = matches!(&*self.transport.borrow(), Transport::Polling(polling) if polling.is_last_poll(id));
        if is_lost {
            self.lose();
        }
    }

    /// A POST has begun. Its payload is read only for a session that exists, and one payload at a time.
    pub(crate) fn expect_post(&self, id: PostId, leave: Leave) {
        self.check_pulse();
        let is_first = match &mut *self.transport.borrow_mut() {
            Transport::Polling(polling) => Some(polling.expect_post(id)),
            Transport::Socket(_) | Transport::Gone => None,
        };
        let may_come = if is_first == Some(true) { Ok(self.place.is_strangers()) } else { Err(Fault::BadRequest) };
        // An abandoned request needs no response.
        let _ = leave.send(may_come);
        if is_first == Some(false) {
            // Another POST is on its way: the order of the two is undefined.
            self.end(Ending::Violation);
        }
    }

    /// The payload of a POST did not arrive, or is not read.
    pub(crate) fn forget_post(&self, id: PostId) {
        if let Transport::Polling(polling) = &mut *self.transport.borrow_mut() {
            polling.forget_post(id);
        }
    }

    /// Handles a payload. The POST is answered when the caller has little enough left to process.
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

    /// A WebSocket asks to take over the session; `false` if the session has one already, or another is trying.
    pub(crate) fn begin_upgrade(&self) -> bool {
        match &mut *self.transport.borrow_mut() {
            Transport::Polling(polling) => !std::mem::replace(&mut polling.has_candidate, true),
            Transport::Socket(_) | Transport::Gone => false,
        }
    }

    /// The WebSocket has failed; the client continues polling.
    pub(crate) fn abandon_upgrade(&self) {
        if let Transport::Polling(polling) = &mut *self.transport.borrow_mut() {
            polling.has_candidate = false;
        }
    }

    /// Answers a waiting poll: the client stops polling only when none of its polls is pending.
    pub(crate) fn release_poll(&self) {
        if let Transport::Polling(polling) = &mut *self.transport.borrow_mut() {
            polling.release_poll("6");
        }
    }
}
