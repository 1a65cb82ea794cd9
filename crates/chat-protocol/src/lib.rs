//! All JSON of the API: request bodies and their parsing, views, the envelope of every response, the frames of the
//! sockets (in [`realtime`]) and the packets between nodes (in [`node`]).
//!
//! **Owns** the names and shapes that clients see (contract §2–§4). **Must never know** HTTP, sockets, storage or use
//! cases. Of our crates it imports only the domain.
//!
//! - A *body* ([`auth::RegisterBody`], [`messages::SendMessageBody`], ...) is what a client sends. Its fields are
//!   [`Required`] or [`Optional`] values of the domain, parsed by the domain's own parsers. `garde` collects the
//!   faults, so that all faults of a body are reported at once. `body.parse(..)` is the only way from a body to a
//!   command, for REST and for frames: the data of a frame is the same body. [`parse_body`] reads the bytes of a
//!   request and rejects unknown fields; [`realtime::Command::parse`] reads a frame and ignores them.
//! - A *view* ([`messages::MessageView`], ...) is what a client receives, created from the domain by a `From` or a
//!   `new`. Absent values are `null`, except `clientMessageId` and `duplicate`, which are omitted.
//!
//! With the Cargo feature `openapi` both describe themselves as schemas. The bounds in the schemas come from the
//! domain's constants, so they are always the same.
//!
//! **To add an endpoint's JSON**: use the subject's folder. Add a `...Body` to `body.rs` with a test of invalid input,
//! and a `...View` to `view.rs` with a test of its exact shape. **To add a value**: add a [`Field`] to `values.rs`.

mod body;
mod envelope;
mod fault;
mod field;
mod metadata;
mod nested;
#[cfg(feature = "openapi")]
pub mod schemas;
mod timestamp;
mod values;
mod whole;

pub mod auth;
pub mod changes;
pub mod chat;
pub mod conversations;
pub mod messages;
pub mod node;
pub mod realtime;
pub mod receipts;
pub mod threads;
pub mod users;

pub use body::{Body, parse_body};
pub use envelope::{CursorPage, ErrorBody, Failure, FaultView, NumberedPage, Pagination, Success};
pub use fault::{BodyError, Fault, InvalidBody, MAX_FAULTS};
pub use field::{Checked, Field, Optional, Problem, Required, valid, valid_or_absent};
pub use metadata::MetadataView;
pub use timestamp::TimestampView;
pub use values::Secret;

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
