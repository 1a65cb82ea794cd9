//! The chat server: configuration, wiring, start and graceful stop.
fn main() {}
