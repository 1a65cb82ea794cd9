//! The gateway: the code that only sockets need. REST does not import it, and it imports nothing of REST. Modules that
//! both use are beside both (`tests/wings.rs` checks this).
//!
//! - `connection` is the realtime connection, independent of its transport;
//! - `upgrade` answers upgrade requests and takes over their sockets;
//! - `socketio` binds `chat-socketio` to the connection;
//! - `admission` checks whether there is room for one more socket.
//!
//! Each imports only those below it: `upgrade`, then `socketio`, then `connection`, then `admission`.

mod admission;
mod connection;
mod socketio;
mod upgrade;

pub(crate) use connection::{MAX_MESSAGE_BYTES, open_in_app, refuse_in_app};
pub(crate) use socketio::Gateway;
pub(crate) use upgrade::upgrade;

use crate::paths::is_socket_path;
use bytes::{Bytes, BytesMut};
use tokio::net::TcpStream;

/// Whether upgrade requests are served at this path.
pub(crate) fn serves(path: &str) -> bool {
    is_socket_path(path) || Gateway::serves(path)
}

/// A connection that has left HTTP.
pub(crate) struct Released {
    pub(crate) stream: TcpStream,
    /// Data that was already read from it: it may include the client's first frame.
    pub(crate) read: BytesMut,
    /// Unsent answers to earlier requests: these must be sent first.
    pub(crate) unwritten: Bytes,
}
