//! The protocol's own packets, and the ways a session ends.

use super::heart::Due;
use super::outbox::{Nothing, Outbox as _};
use super::{Ending, Session, Transport};
use crate::wire::{Wire, Written, frames};
use bytes::Bytes;
use std::task::Context;
use std::time::Instant;

impl Session {
    /// Queues a packet of the protocol, which does not wait behind the caller's frames, and writes it if possible.
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

    /// Writes the waiting control packets. In the middle of one of the caller's frames they wait for its end, which the
    /// caller's flush writes.
    pub(super) fn flush_control(&self) -> Written {
        let control = &mut *self.control.borrow_mut();
        // After the end, only the close is sent.
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

    /// Handles the timers. Returns the time of the next check; `None` if there is none.
    pub(crate) fn beat(&self, now: Instant) -> Option<Instant> {
        // The caller's current work may be waiting only for this client to accept data.
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

    /// The connection is lost.
    pub(super) fn lose(&self) {
        self.end(Ending::TransportLost);
        *self.transport.borrow_mut() = Transport::Gone;
    }

    /// Stops reading the client, and refuses further requests of the session. A WebSocket stays open until
    /// [`Self::finish`] has closed it.
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

    /// Lets a probed WebSocket take over the session. Returns the WebSocket if there is no session to take over any
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
