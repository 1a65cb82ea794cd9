//! Tests against the real binary, from the view of an integrator. One test binary, since linking is slow, with a module
//! per subject.

mod accounts;
mod authorisation;
mod backup;
mod bad_input;
mod camel;
mod catching_up;
mod chat_api;
mod clocks;
mod cluster;
mod commits;
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
mod long_messages;
mod metrics;
mod operators;
mod pipelined;
mod presence;
mod proxies;
mod recount;
mod resume;
mod sessions;
mod socketio;
mod text;
mod threads;
mod traffic;

use chat_blackbox::{Server, Setup};

/// The setup of a server of the binary that was built with these tests.
fn setup() -> Setup {
    Setup::new(env!("CARGO_BIN_EXE_chat-server"))
}

/// Starts a server with its defaults, except for settings that make tests quicker.
async fn start() -> Server {
    setup().start().await
}
