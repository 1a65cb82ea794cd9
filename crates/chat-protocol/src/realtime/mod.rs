//! The frames of the sockets.
