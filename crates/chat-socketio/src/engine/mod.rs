//! The vocabulary of Engine.IO v4: packets, payloads, session ids, refusals.

mod fault;
mod open;
mod packet;
mod sid;

pub use fault::{Fault, Refusal};
pub(crate) use open::open_packet;
pub use packet::{InvalidPacket, Packet, Payload};
pub(crate) use packet::{SEPARATOR, push_base64};
pub use sid::Sid;
