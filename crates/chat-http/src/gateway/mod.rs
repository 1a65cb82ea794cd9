//! The gateway: everything that only sockets need. REST does not import it, and it imports nothing of REST; what both
//! need stands beside both (`tests/wings.rs` holds this).
//!
//! - `connection` is the realtime connection, whatever carries its bytes;
//! - `upgrade` answers requests to upgrade and takes their sockets over;
//! - `socketio` binds `chat-socketio` to the connection;
//! - `admission` says whether there is room for one more socket.
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

/// Whether requests to upgrade are served at this path.
pub(crate) fn serves(path: &str) -> bool {
    is_socket_path(path) || Gateway::serves(path)
}

/// A connection that HTTP has let go of.
pub(crate) struct Released {
    pub(crate) stream: TcpStream,
    /// What was read from it already: a client's first frame may be in it.
    pub(crate) read: BytesMut,
    /// Answers to earlier requests that have not gone out yet: these come first.
    pub(crate) unwritten: Bytes,
}
