//! What the protocol itself says, and what ends a session.

use super::heart::Due;
use super::outbox::{Nothing, Outbox as _};
use super::{Ending, Session, Transport};
use crate::wire::{Wire, Written, frames};
use bytes::Bytes;
use std::task::Context;
use std::time::Instant;

impl Session {
    /// Queues a packet of the protocol's own, which does not wait behind the caller's, and writes it if that can be
    /// done.
    pub(crate) fn send_control(&self, frame: Bytes) {
        self.push_control(frame);
        if self.flush_control() == Written::Blocked {
            self.wake();
        }
    }

    pub(super) fn push_control(&self, frame: Bytes) {
        if !self.control.borrow_mut().push(frame) {
            self.end(Ending::TooSlow);
        }
    }

    /// The control packets that wait. In the middle of a frame of the caller's they wait for its end, which the
    /// caller's flush brings.
    pub(super) fn flush_control(&self) -> Written {
        let control = &mut *self.control.borrow_mut();
        // After its end the goodbye is all that is said.
        if control.is_empty() || self.ending.get().is_some() {
            return Written::All;
        }
        match &mut *self.transport.borrow_mut() {
            Transport::Socket(wire) if !wire.is_mid_frame() => wire.write(control, &mut Nothing),
            Transport::Socket(_) | Transport::Gone => Written::All,
            Transport::Polling(polling) => {
                polling.answer(control, &mut Nothing, self.settings.packets_per_poll, self.settings.max_payload);
                Written::All
            }
        }
    }

    pub(super) fn poll_control(&self, context: &mut Context<'_>) {
        loop {
            match self.flush_control() {
                Written::All => return,
                Written::Broken => return self.lose(),
                Written::Blocked if self.poll_writable(context).is_pending() => return,
                Written::Blocked => {}
            }
        }
    }

    /// What time brings; the time of the next look, `None` when there is to be none.
    pub(crate) fn beat(&self, now: Instant) -> Option<Instant> {
        // What the caller is at may be waiting for nothing but this client to take something.
        let is_stuck = self.is_blocked.get() && !self.has_taken.replace(false);
        let is_heard = match &*self.transport.borrow() {
            Transport::Socket(_) => self.is_listening.get(),
            Transport::Polling(polling) => !polling.has_post(),
            Transport::Gone => return None,
        };
        if self.ending.get().is_some() {
            return None;
        }
        match self.heart.beat(now, is_heard || is_stuck) {
            Due::Nothing => {}
            Due::Ping => self.send_control(frames::text("2")),
            Due::Dead => self.end(Ending::PingTimeout),
            Due::Useless => self.end(Ending::ConnectTimeout),
        }
        self.ending.get().is_none().then(|| self.heart.next())
    }

    pub(crate) fn next_beat(&self) -> Instant {
        self.heart.next()
    }

    /// The connection is gone.
    pub(super) fn lose(&self) {
        self.end(Ending::TransportLost);
        *self.transport.borrow_mut() = Transport::Gone;
    }

    /// Nothing more is heard of the client, and requests in its name are refused. A websocket stays until
    /// [`Self::finish`] has said goodbye.
    pub(super) fn end(&self, ending: Ending) {
        if self.ending.get().is_some() {
            return;
        }
        self.ending.set(Some(ending));
        {
            let mut transport = self.transport.borrow_mut();
            if let Transport::Polling(polling) = &mut *transport {
                polling.release_poll(if ending == Ending::Client { "6" } else { "1" });
                polling.release_post();
                *transport = Transport::Gone;
            }
        }
        self.forget();
        self.wake();
    }

    pub(super) fn forget(&self) {
        if let Some(worker) = self.worker.upgrade() {
            worker.forget(self.sid);
        }
    }

    /// A websocket that has proven itself takes the session over; it comes back where there is nothing to take over any
    /// more.
    pub(crate) fn adopt(&self, wire: Wire) -> Option<Wire> {
        {
            let mut transport = self.transport.borrow_mut();
            let Transport::Polling(polling) = &mut *transport else { return Some(wire) };
            polling.release_poll("6");
            polling.release_post();
            *transport = Transport::Socket(wire);
        }
        self.wake();
        None
    }
}
