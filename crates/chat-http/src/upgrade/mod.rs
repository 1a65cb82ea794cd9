//! The server whose upgraded sockets are our own.
