//! The frames of the sockets (contract §4): what clients send ([`ClientFrame`], [`Command`]), what they receive
//! ([`event_text`], [`Gateway`]), and why a socket ends ([`CloseCode`]).
//!
//! A *dialect* is a set of event names and payload shapes. Commands of every dialect are accepted on every connection;
//! the events that a connection receives are in its own dialect. [`EVENTS`] and [`COMMANDS`] are the only table of
//! names, in every dialect, with the type of each name's data. A *gateway* is the frame around an event on the wire
//! ([`Gateway`]).
//!
//! **To add an event**: add its row to `table/events.rs` (`Both "name" Payload;`: new events are the same in both
//! dialects), its payload, for a durable change an arm in `both.rs`, and its row in `docs/realtime.md`. **To add a
//! command**: add its row to `table/commands.rs` and the type of its data to `command_data.rs`. **To add a dialect**:
//! add a variant of [`Dialect`], its names in the table, and a file beside `camel.rs`. **To add a gateway**: add a
//! variant of [`Gateway`] and its arms.

#[cfg(feature = "openapi")]
mod asyncapi;
mod both;
mod camel;
mod camel_payloads;
mod client_frame;
mod close_code;
mod colon;
mod command;
mod command_data;
mod command_values;
mod dialect;
mod event_text;
mod gateway;
mod payloads;
mod resume;
mod table;

#[cfg(feature = "openapi")]
pub use asyncapi::asyncapi;
pub use camel_payloads::*;
pub use client_frame::{ClientFrame, InvalidFrame, MAX_FRAME_ID_CHARS, Rejected};
pub use close_code::CloseCode;
pub use command::{ChatPlace, Command};
pub use command_data::*;
pub use dialect::{Dialect, Variant};
pub use event_text::{event_owner, event_text};
pub use gateway::Gateway;
pub use payloads::*;
pub use resume::{ClientEpoch, Resume};
#[cfg(feature = "openapi")]
pub use table::SchemaOf;
pub use table::{Both, COMMANDS, Camel, Colon, CommandEntry, CommandRow, EVENTS, EventEntry, EventName, EventRow};
