use crate::frames;
use bytes::Bytes;
use chat_domain::{Audience, Change, ChangeKind, ConversationId, Envelope, Event, Pos, UserId};
use chat_protocol::realtime::{Dialect, Gateway, Variant, event_owner, event_text};
use std::cell::OnceCell;
use std::sync::{Arc, OnceLock};

/// The format of a connection's events: the dialect (names and shapes) and the gateway (frames).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Format {
    /// The event names and payload shapes.
    pub dialect: Dialect,
    /// The frame format.
    pub gateway: Gateway,
}

impl Format {
    /// The number of formats: dialects times gateways.
    const COUNT: usize = Dialect::ALL.len() * Gateway::ALL.len();

    const fn index(self) -> usize {
        self.dialect.index() * Gateway::ALL.len() + self.gateway.index()
    }

    /// Encodes one event, acknowledgement or error as a WebSocket frame with a text message. Polling clients get it
    /// without the frame's head.
    pub fn frame(self, text: &str) -> Bytes {
        match self.gateway {
            Gateway::WebSocket | Gateway::SocketIo => frames::text(text),
        }
    }
}

/// An event on its way to connections. It is encoded when the first connection needs it, at most once per format and
/// variant on the whole node, and then shared.
#[derive(Debug)]
pub struct Outgoing {
    envelope: Envelope,
    owners: [Option<UserId>; Dialect::ALL.len()],
    encoded: [[OnceLock<Option<Bytes>>; 2]; Format::COUNT],
}

impl Outgoing {
    /// Wraps an event without encoding it yet.
    pub fn new(envelope: Envelope) -> Self {
        let mut owners = [None; Dialect::ALL.len()];
        for dialect in Dialect::ALL {
            owners[dialect.index()] = event_owner(*dialect, &envelope.event);
        }
        Self { envelope, owners, encoded: Default::default() }
    }

    /// Returns the bytes for a connection of this format and user, or `None` if its dialect does not have this event.
    pub fn frame(&self, format: Format, user: Option<UserId>) -> Option<Bytes> {
        let (variant, column) = match self.owners[format.dialect.index()] {
            Some(owner) if user == Some(owner) => (Variant::Own, 0),
            _ => (Variant::Others, 1),
        };
        let cell = &self.encoded[format.index()][column];
        let encode = || {
            let text = event_text(format.dialect, format.gateway, &self.envelope.event, variant)?;
            Some(format.frame(&text))
        };
        cell.get_or_init(encode).clone()
    }

    /// Whether a connection of this dialect and user receives the owner's variant.
    pub(crate) fn is_own(&self, dialect: Dialect, user: UserId) -> bool {
        self.owners[dialect.index()] == Some(user)
    }

    pub(crate) const fn audience(&self) -> &Audience {
        &self.envelope.audience
    }

    pub(crate) const fn except(&self) -> Option<UserId> {
        self.envelope.except
    }

    /// The durable change, if this event is one.
    pub(crate) const fn change(&self) -> Option<&Change> {
        match &self.envelope.event {
            Event::Change(change) => Some(change),
            _ => None,
        }
    }

    /// The conversation and `pos` of a new message; `None` for other events. A message does not change the membership.
    pub(crate) fn message_place(&self) -> Option<(ConversationId, Pos)> {
        let change = self.change().filter(|change| matches!(change.kind, ChangeKind::MessageSent(_)))?;
        Some((change.conversation_id, change.pos))
    }

    /// The conversation and `pos` of a durable change; `None` for other events.
    pub(crate) fn place(&self) -> Option<(ConversationId, Pos)> {
        self.change().map(|change| (change.conversation_id, change.pos))
    }
}

/// The maximum size of a piece in bytes, unless a single frame is larger: a piece that is being sent delays all later
/// frames.
const PIECE_BYTES: usize = 64 * 1024;

/// Several events joined into one or a few pieces of bytes, in the variant for other users. They are encoded when the
/// first connection needs them, once per format.
pub(crate) struct EventBatch<'events> {
    events: &'events [(Pos, Arc<Outgoing>)],
    pieces: [OnceCell<Vec<(Bytes, u64)>>; Format::COUNT],
}

impl<'events> EventBatch<'events> {
    pub(crate) fn of(events: &'events [(Pos, Arc<Outgoing>)]) -> Self {
        Self { events, pieces: Default::default() }
    }

    /// The pieces, each with the number of its events.
    pub(crate) fn pieces(&self, format: Format) -> &[(Bytes, u64)] {
        self.pieces[format.index()].get_or_init(|| self.join(format))
    }

    fn join(&self, format: Format) -> Vec<(Bytes, u64)> {
        let frames: Vec<Bytes> = self.events.iter().filter_map(|(_, event)| event.frame(format, None)).collect();
        let mut bytes = 0;
        let pieces = frames.chunk_by(|before, next| {
            bytes = if bytes == 0 { before.len() } else { bytes } + next.len();
            let fits = bytes <= PIECE_BYTES;
            if !fits {
                bytes = 0;
            }
            fits
        });
        // A single frame is copied too: otherwise the threads would share its reference count and wait for each other.
        pieces.map(|frames| (frames.concat().into(), frames.len() as u64)).collect()
    }
}
