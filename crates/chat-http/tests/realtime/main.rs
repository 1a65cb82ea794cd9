//! Sockets of the real server, spoken to byte by byte.

mod camel;
mod commands;
mod engine;
mod foreign;
mod frames;
mod handshake;
mod house;
mod limits;
mod rate_limits;
mod socketio;
