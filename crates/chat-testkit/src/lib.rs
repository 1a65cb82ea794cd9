//! Contract suites for the ports, fakes, and temporary servers for the adapters. Knows no HTTP and no sockets: clients
//! of the real binary are in `chat-blackbox`.

pub mod fakes;
pub mod nodes;
pub mod realtime;
pub mod servers;
pub mod stores;
