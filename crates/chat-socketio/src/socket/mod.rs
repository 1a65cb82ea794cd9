//! Socket.IO v5 over a session: namespaces, events, acknowledgements.

mod arguments;
mod packet;
pub mod packets;
mod peer;

pub use arguments::placeholder;
pub use packet::{Event, InvalidSocketPacket, SocketPacket};
pub use peer::{Incoming, Peer};
