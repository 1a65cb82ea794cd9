//! What nodes say to each other: an [`Envelope`] as bytes, for the bus.
//!
//! A packet is a small binary *head* and a JSON *body*. The head ([`Head`]) is read without touching the body and says
//! all that a node needs to know whether anybody here needs the rest: who sent it, for whom it is, which change it
//! carries, and who joins by it. Integers are big-endian.
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | version, [`VERSION`] |
//! | 4 | length of the head that follows |
//! | 16 | the sending node |
//! | 1 | kind of event, [`Kind`] |
//! | 1 | flags: 1 somebody is left out, 2 a durable change |
//! | 0 or 16 | who is left out |
//! | 0 or 24 | the change: conversation and `pos` |
//! | 1 + ids | the audience: its tag, then one id, or a 2-byte count and so many ids, or nothing |
//! | 2 + ids | who joins: a count and so many ids |
//! | ... | what later versions append to the head; skipped |
//! | rest | the body |
//!
//! Nodes of two versions run side by side while a cluster is upgraded. A packet that another node wrote in a way that
//! this one does not know is refused by name ([`PacketError::is_of_another_version`]) and skipped by the bus; what is
//! durable is then repaired from the store.
//!
//! **To add an event**: a [`Kind`] with a number never used before, and a variant in `body.rs`.

mod body;
mod bytes;
mod conversation;
mod head;
mod message;
mod receipts;
#[cfg(test)]
mod tests;
mod user;

pub use head::{Head, Kind};

use chat_domain::{Envelope, NodeId};
use thiserror::Error;

/// The version of the form described above.
///
/// 1 had no kinds of conversations beside what happens in them.
pub const VERSION: u8 = 2;

/// The longest packet, in bytes. The largest envelope that the domain's limits allow is less than half of it.
pub const MAX_PACKET_BYTES: usize = 4 * 1024 * 1024;

/// The most ids that an audience or a list of joiners holds.
pub const MAX_IDS: usize = 4_096;

/// The length of what precedes the head.
const PREFIX_BYTES: usize = 5;

/// Why bytes are no packet of ours, or an envelope cannot become one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PacketError {
    /// Another form of packet.
    #[error("packets of version {0} are unknown here")]
    UnknownVersion(u8),
    /// A kind of event that a newer node knows.
    #[error("events of kind {0} are unknown here")]
    UnknownKind(u8),
    /// An audience that a newer node knows.
    #[error("audiences of kind {0} are unknown here")]
    UnknownAudience(u8),
    /// Over [`MAX_PACKET_BYTES`] or [`MAX_IDS`].
    #[error("the packet is too large")]
    TooLarge,
    /// The head ends too early, or lies about its length.
    #[error("the packet's head is malformed")]
    MalformedHead,
    /// The body is not what its kind promises.
    #[error("the packet's body is malformed: {0}")]
    MalformedBody(String),
}

impl PacketError {
    /// Whether a node of another version probably meant something by it: to be expected while a cluster is upgraded.
    pub const fn is_of_another_version(&self) -> bool {
        matches!(self, Self::UnknownVersion(_) | Self::UnknownKind(_) | Self::UnknownAudience(_))
    }
}

/// A packet whose head has been read and whose body has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The head.
    pub head: Head,
    body: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads the head alone. Never panics, whatever the bytes.
    pub fn read(bytes: &'a [u8]) -> Result<Self, PacketError> {
        if bytes.len() > MAX_PACKET_BYTES {
            return Err(PacketError::TooLarge);
        }
        let mut prefix = bytes::Reader::new(bytes);
        match prefix.byte()? {
            VERSION => {}
            other => return Err(PacketError::UnknownVersion(other)),
        }
        let length = usize::try_from(prefix.u32()?).map_err(|_| PacketError::MalformedHead)?;
        let head = prefix.take(length)?;
        Ok(Self { head: Head::read(&mut bytes::Reader::new(head))?, body: prefix.rest() })
    }

    /// The sending node, read before anything else is: one's own echo is dropped for the price of a comparison.
    pub fn sender(bytes: &[u8]) -> Option<NodeId> {
        let sender = bytes.get(PREFIX_BYTES..PREFIX_BYTES + 16)?;
        Some(NodeId::new(uuid::Uuid::from_slice(sender).ok()?)).filter(|_| bytes.first() == Some(&VERSION))
    }

    /// Reads the body too.
    pub fn into_envelope(self) -> Result<Envelope, PacketError> {
        Ok(Envelope { event: body::read(self.body)?, audience: self.head.audience, except: self.head.except })
    }
}

/// The packet in which this node sends the envelope.
pub fn write_packet(sender: NodeId, envelope: &Envelope) -> Result<Vec<u8>, PacketError> {
    let head = Head::of(sender, envelope);
    let mut bytes = vec![VERSION, 0, 0, 0, 0];
    head.write(&mut bytes)?;
    let length = u32::try_from(bytes.len() - PREFIX_BYTES).map_err(|_| PacketError::TooLarge)?;
    bytes[1..PREFIX_BYTES].copy_from_slice(&length.to_be_bytes());
    body::write(&envelope.event, &mut bytes)?;
    if bytes.len() > MAX_PACKET_BYTES { Err(PacketError::TooLarge) } else { Ok(bytes) }
}
