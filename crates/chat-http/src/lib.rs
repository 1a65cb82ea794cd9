//! The REST surface, its OpenAPI document, and the realtime connection over plain WebSocket.
