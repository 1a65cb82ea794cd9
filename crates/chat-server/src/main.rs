//! The chat server.
mod config;
fn main() {}
