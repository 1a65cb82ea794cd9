//! The packets between nodes: an [`Envelope`] as bytes, for the bus.
//!
//! A packet is a small binary *head* and a JSON *body*. The head ([`Head`]) says whether a connection of the receiving
//! node needs the body; otherwise the body is not read. Integers are big-endian; a list of ids is a 2-byte count and
//! the ids. Every packet begins with its form, the length of its head (4 bytes) and the sending node (16). Bytes that a
//! later release appends to a head are skipped, and so are fields that it adds to a body.
//!
//! There are two [forms](Form). `events` carries one event that is not durable, or one durable change for nodes of the
//! previous release. `changes` carries the records of one or more durable changes, with the present state that their
//! events show. A node that does not know a kind keeps its number and applies its effect. Bodies are the domain's own
//! types, so their field names are the wire format; `tests/names.rs` pins them.
//!
//! During an upgrade, two successive versions run side by side. A packet that this version cannot read is rejected with
//! an error that says so ([`PacketError::is_of_another_version`]) and skipped. Durable changes are then repaired from
//! the store.
//!
//! **To add an event**: add a new number to `events`. **To add a durable change**: nothing here.

mod bytes;
mod changes;
mod events;
mod head;
#[cfg(test)]
mod tests;

pub use head::{About, ChangeHead, Head};

use bytes::Reader;
use chat_domain::{Change, Envelope, Event, NodeId};
use thiserror::Error;

/// The forms of packets. A node writes the newest form that every live node can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Form {
    /// One event: the only form that the previous release reads. (Form 1 had no kind of conversation.)
    #[default]
    Events = 2,
    /// Records of durable changes.
    Records = 3,
}

impl Form {
    /// The newest form that this release reads.
    pub const NEWEST: Self = Self::Records;

    /// Returns its number in packets and leases.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Returns the newest form for a node that reads all forms up to this number.
    pub const fn up_to(number: u8) -> Self {
        if number >= Self::Records.number() { Self::Records } else { Self::Events }
    }
}

/// Maximum length of a packet, in bytes. The largest envelope that the domain's limits allow is less than half of it.
pub const MAX_PACKET_BYTES: usize = 4 * 1024 * 1024;

/// The length in bytes over which several changes are written as several packets.
pub const SPLIT_BYTES: usize = 1024 * 1024;

/// Maximum number of ids in an audience or an effect.
pub const MAX_IDS: usize = 4_096;

/// The number of bytes before the head.
const PREFIX_BYTES: usize = 5;

/// Why bytes are not a valid packet, or an envelope cannot become one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PacketError {
    /// An unknown form of packet.
    #[error("unknown packet version {0}")]
    UnknownVersion(u8),
    /// An unknown kind of event, of a newer release.
    #[error("unknown event kind {0}")]
    UnknownKind(u8),
    /// An unknown audience, of a newer release.
    #[error("unknown audience kind {0}")]
    UnknownAudience(u8),
    /// Over [`MAX_PACKET_BYTES`] or [`MAX_IDS`].
    #[error("the packet is too large")]
    TooLarge,
    /// The head ends too early, or its length is wrong.
    #[error("the packet's head is malformed")]
    MalformedHead,
    /// The body does not match the head.
    #[error("the packet's body is malformed: {0}")]
    MalformedBody(String),
}

impl PacketError {
    /// Returns whether the packet was probably written by another version, as is normal during an upgrade.
    pub const fn is_of_another_version(&self) -> bool {
        matches!(self, Self::UnknownVersion(_) | Self::UnknownKind(_) | Self::UnknownAudience(_))
    }

    fn of_body(fault: &serde_json::Error) -> Self {
        Self::MalformedBody(fault.to_string())
    }
}

/// A packet whose head has been read and whose body has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The head.
    pub head: Head,
    form: Form,
    body: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads only the head. Never panics on any bytes.
    pub fn read(bytes: &'a [u8]) -> Result<Self, PacketError> {
        if bytes.len() > MAX_PACKET_BYTES {
            return Err(PacketError::TooLarge);
        }
        let mut prefix = Reader::new(bytes);
        let form = match prefix.byte()? {
            2 => Form::Events,
            3 => Form::Records,
            other => return Err(PacketError::UnknownVersion(other)),
        };
        let length = usize::try_from(prefix.u32()?).map_err(|_| PacketError::MalformedHead)?;
        let mut head = Reader::new(prefix.take(length)?);
        let sender = head.id(NodeId::new)?;
        let about = match form {
            Form::Events => events::read_head(&mut head)?,
            Form::Records => About::Changes(changes::read_heads(&mut head)?),
        };
        Ok(Self { head: Head { sender, about }, form, body: prefix.rest() })
    }

    /// Reads only the sending node: a node drops its own packets after this comparison.
    pub fn sender(bytes: &[u8]) -> Option<NodeId> {
        let is_known = bytes.first().is_some_and(|form| (Form::Events.number()..=Form::NEWEST.number()).contains(form));
        let sender = bytes.get(PREFIX_BYTES..PREFIX_BYTES + 16)?;
        Some(NodeId::new(uuid::Uuid::from_slice(sender).ok()?)).filter(|_| is_known)
    }

    /// Reads the body.
    pub fn into_envelopes(self) -> Result<Vec<Envelope>, PacketError> {
        match (self.form, self.head.about) {
            (Form::Records, About::Changes(heads)) => {
                Ok(changes::read_body(self.body, heads)?.into_iter().map(Envelope::change).collect())
            }
            (_, about) => {
                let event: Event = serde_json::from_slice(self.body).map_err(|fault| PacketError::of_body(&fault))?;
                match (event, about) {
                    (Event::Change(change), About::Changes(_)) => Ok(vec![Envelope::change(change)]),
                    (Event::Change(_), About::Event { .. }) | (_, About::Changes(_)) => {
                        Err(PacketError::MalformedBody("the event differs from the head".into()))
                    }
                    (event, About::Event { audience, except }) => Ok(vec![Envelope { audience, except, event }]),
                }
            }
        }
    }
}

/// Writes an envelope for nodes that read this form. A change of a kind without a number in `events` is always sent as
/// a record; nodes that cannot read the packet read the change from the store.
pub fn write_packet(sender: NodeId, envelope: &Envelope, form: Form) -> Result<Vec<u8>, PacketError> {
    let written = match (&envelope.event, events::kind_of(&envelope.event)) {
        (Event::Change(change), None) => changes::write(sender, &[change]),
        (Event::Change(change), _) if form >= Form::Records => changes::write(sender, &[change]),
        (_, Some(kind)) => events::write(sender, kind, envelope),
        (_, None) => Err(PacketError::MalformedBody("the event has no number".into())),
    };
    written.and_then(bounded)
}

/// Writes these changes in the form `changes`, in their order: one packet, or several if they would be longer than
/// [`SPLIT_BYTES`] together. A change that fits into no packet is an error in its place.
pub fn write_changes(sender: NodeId, changes: &[&Change]) -> Vec<Result<Vec<u8>, PacketError>> {
    if changes.is_empty() {
        return Vec::new();
    }
    match changes::write(sender, changes) {
        Ok(bytes) if bytes.len() <= SPLIT_BYTES => vec![Ok(bytes)],
        written if changes.len() == 1 => vec![written.and_then(bounded)],
        _ => {
            let (first, second) = changes.split_at(changes.len() / 2);
            [write_changes(sender, first), write_changes(sender, second)].concat()
        }
    }
}

fn bounded(bytes: Vec<u8>) -> Result<Vec<u8>, PacketError> {
    if bytes.len() > MAX_PACKET_BYTES { Err(PacketError::TooLarge) } else { Ok(bytes) }
}

/// Begins a packet of this form. [`end_head`] must be called before the body is written.
fn begin(form: Form, sender: NodeId) -> Vec<u8> {
    let mut bytes = vec![form.number(), 0, 0, 0, 0];
    bytes.extend_from_slice(sender.as_uuid().as_bytes());
    bytes
}

fn end_head(bytes: &mut [u8]) -> Result<(), PacketError> {
    let length = u32::try_from(bytes.len() - PREFIX_BYTES).map_err(|_| PacketError::TooLarge)?;
    bytes[1..PREFIX_BYTES].copy_from_slice(&length.to_be_bytes());
    Ok(())
}
