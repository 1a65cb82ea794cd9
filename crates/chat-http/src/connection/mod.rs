//! The realtime connection over plain WebSocket.
