//! Tests against the real binary: what an integrator sees from the outside. One test binary, since linking is slow; a
//! module per subject.

mod accounts;
mod authorisation;
mod bad_input;
mod camel;
mod chat_api;
mod clocks;
mod cluster;
mod consent;
mod dependencies;
mod documents;
mod errors;
mod events;
mod examples;
mod faults;
mod generated_clients;
mod greedy;
mod journeys;
mod lifecycle;
mod limits;
mod load;
mod metrics;
mod operators;
mod presence;
mod proxies;
mod recount;
mod resume;
mod sessions;
mod socketio;
mod text;
mod traffic;

use chat_blackbox::{Server, Setup};

/// How to start the server that was built with these tests.
fn setup() -> Setup {
    Setup::new(env!("CARGO_BIN_EXE_chat-server"))
}

/// A server with its defaults, but for what makes tests quick.
async fn start() -> Server {
    setup().start().await
}
