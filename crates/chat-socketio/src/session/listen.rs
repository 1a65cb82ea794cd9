//! Reads what a client sends.

use super::inbox::Message;
use super::{Ending, Session, Transport};
use crate::engine::Packet;
use crate::settings::INBOX_LOW_WATER;
use crate::wire::{Breach, FREE_FRAGMENT_BYTES, Incoming, frames, yield_to_others};
use std::task::{Context, Poll, ready};

/// How many packets that are not messages are read in a row before other tasks of the thread run.
const PACKETS_AT_A_TIME: usize = 64;

impl Session {
    pub(super) fn poll_message(&self, context: &mut Context<'_>) -> Poll<Option<Message>> {
        if let Some(message) = self.pop() {
            return Poll::Ready(Some(message));
        }
        for _ in 0..PACKETS_AT_A_TIME {
            if self.ending.get().is_some() {
                self.is_heard_out.set(true);
                return Poll::Ready(None);
            }
            let incoming = match &mut *self.transport.borrow_mut() {
                Transport::Socket(wire) => ready!(wire.poll_next(|announced| self.most_bytes(announced), context)),
                Transport::Polling(_) | Transport::Gone => return Poll::Pending,
            };
            match incoming {
                Ok(Ok(incoming)) => {
                    if let Some(message) = self.hear(incoming) {
                        return Poll::Ready(Some(message));
                    }
                }
                Ok(Err(Breach::TooBig)) => self.end(Ending::TooLarge),
                Ok(Err(Breach::NoRoom)) => self.end(Ending::NoRoom),
                Ok(Err(_)) => self.end(Ending::Violation),
                Err(_) => self.lose(),
            }
        }
        yield_to_others(context);
        Poll::Pending
    }

    /// The longest length that the client's current message may have, in bytes.
    fn most_bytes(&self, announced: u64) -> Result<usize, Breach> {
        let most = self.settings.max_payload;
        if self.place.is_strangers() { self.allowance.borrow_mut().most_bytes(announced, most) } else { Ok(most) }
    }

    pub(super) fn pop(&self) -> Option<Message> {
        let mut inbox = self.inbox.borrow_mut();
        let message = inbox.pop();
        if inbox.bytes() <= INBOX_LOW_WATER
            && let Transport::Polling(polling) = &mut *self.transport.borrow_mut()
        {
            polling.release_post();
        }
        message
    }

    fn hear(&self, incoming: Incoming) -> Option<Message> {
        match incoming {
            Incoming::Text(text) => return self.hear_packet(text),
            Incoming::Binary(bytes) => {
                self.heart.heard();
                return Some(Message::Binary(bytes));
            }
            Incoming::Ping(payload) => {
                if self.charge(1) {
                    self.push_control(frames::pong(&payload));
                }
            }
            Incoming::Fragment(FREE_FRAGMENT_BYTES..) => {}
            Incoming::Pong | Incoming::Fragment(_) => drop(self.charge(1)),
            Incoming::Close(_) => self.end(Ending::Client),
        }
        None
    }

    fn hear_packet(&self, mut text: String) -> Option<Message> {
        match Packet::parse(&text) {
            Ok(Packet::Message(_)) => {
                self.heart.heard();
                text.drain(..1);
                return Some(Message::Text(text));
            }
            Ok(Packet::Binary(bytes)) => {
                self.heart.heard();
                return Some(Message::Binary(bytes));
            }
            Ok(Packet::Pong(_)) => {
                self.heart.heard();
                self.charge(1);
            }
            Ok(Packet::Close) => self.end(Ending::Client),
            Ok(Packet::Noop | Packet::Upgrade) => drop(self.charge(1)),
            Ok(Packet::Ping(_)) | Err(_) => self.end(Ending::Violation),
        }
        None
    }
}
