//! Sockets of the real server, tested with raw bytes.

mod camel;
mod commands;
mod engine;
mod foreign;
mod frames;
mod handshake;
mod house;
mod limits;
mod overloaded;
mod pipelined;
mod rate_limits;
mod socketio;
