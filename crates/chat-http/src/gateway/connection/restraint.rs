//! What a connection may send: how long its messages may be, how many of them are not commands, and when it is closed
//! for sending too much.

use super::MAX_MESSAGE_BYTES;
use super::session::{Heard, Session, Stage};
use chat_domain::ErrorCode;
use chat_protocol::realtime::{CloseCode, Command, InvalidFrame};
use chat_socketio::websocket::Breach;

/// After this many messages in succession that are not frames, the connection is closed (4000).
const MAX_PROTOCOL_ERRORS: u16 = 100;

impl Session {
    /// The maximum length, in bytes, of the message that the client has begun.
    pub(super) fn most_bytes(&mut self, announced: u64) -> Result<usize, Breach> {
        if self.is_signed_in() {
            Ok(MAX_MESSAGE_BYTES)
        } else {
            self.allowance.most_bytes(announced, MAX_MESSAGE_BYTES)
        }
    }

    /// Whether the connection was closed because its client kept sending after it was rate limited.
    pub(super) const fn is_flooding(&self) -> bool {
        self.is_flooding
    }

    /// Closes the connection of a client that kept sending after it was rate limited, and charges its address, which
    /// may then open fewer new connections.
    pub(super) fn close_for_flooding(&mut self) {
        let user = match self.stage {
            Stage::Stranger { .. } => None,
            Stage::Waiting(actor) | Stage::Live(actor) => Some(actor.user_id),
        };
        let (connection, address) = (self.connection.id(), self.address);
        tracing::warn!(%connection, user = user.map(tracing::field::display), ?address, "closing connection: flooding");
        self.is_flooding = true;
        self.connection.close(CloseCode::RateLimited);
        self.realtime.state.penalize(address);
    }

    /// Counts a message against the user's limits, whether it is a command or not. Over a limit the message is dropped
    /// and the client gets an error; a client that keeps sending is closed.
    pub(super) async fn is_too_fast(&mut self, heard: &Heard) -> bool {
        let (Stage::Waiting(actor) | Stage::Live(actor)) = self.stage else { return self.is_idle_talk(heard) };
        let (id, command) = match heard {
            // The client has to send this one, once.
            Ok((_, Command::Resume(_))) if self.is_waiting() => return false,
            Ok((id, command)) => (id, Some(command)),
            Err((id, _)) => (id, None),
        };
        let state = self.realtime.state.clone();
        let Err(error) = state.limits.frame(actor.user_id, command).await else { return false };
        self.answer_error(id.as_deref(), &error);
        if self.flood.is_too_much(state.clock.now()) {
            self.close_for_flooding();
        }
        true
    }

    /// Counts, before sign-in, every command but the one that signs in: there is no user yet to count it for. A client
    /// that sends many of them is closed.
    fn is_idle_talk(&mut self, heard: &Heard) -> bool {
        let is_idle = match heard {
            Ok((_, command)) => !matches!(command, Command::Authenticate { .. }),
            // Messages that are not frames have a limit of their own.
            Err((_, fault)) => fault.code != ErrorCode::ProtocolError,
        };
        if is_idle && self.flood.is_too_much(self.realtime.state.clock.now()) {
            self.close_for_flooding();
            return true;
        }
        false
    }

    /// Answers a message that is not a command, and closes the connection after too many of them.
    pub(super) fn reject(&mut self, id: Option<&str>, fault: InvalidFrame) {
        if fault.code == ErrorCode::ProtocolError {
            self.protocol_errors += 1;
        }
        self.connection.send_error(id, &fault.into());
        if self.protocol_errors >= MAX_PROTOCOL_ERRORS {
            self.connection.close(CloseCode::ProtocolError);
        }
    }
}
