//! Everything that is JSON: request bodies and how they are read, views and how they look, the envelope around every
//! answer, (in [`realtime`]) the frames of the sockets, and (in [`node`]) the packets between nodes.
//!
//! **Owns** the names and shapes that clients see (contract §2–§4). **Must never know**
//! HTTP, sockets, storage or use cases; of ours it knows the domain alone.
//!
//! - A *body* ([`auth::RegisterBody`], [`messages::SendMessageBody`], ...) is what a client sends. Its fields are
//!   [`Required`] or [`Optional`] values of the domain, read by the domain's own parsers, and `garde` gathers what they
//!   complain about: every fault of a body is reported at once. `body.parse(..)` is the only way from a body to a
//!   command, for REST and for frames alike:
//!   the data of a frame holds the same body. [`parse_body`] reads the bytes of a request and refuses unknown fields;
//!   [`realtime::Command::parse`] reads a frame and ignores them.
//! - A *view* ([`messages::MessageView`], ...) is what a client gets, made from the domain by a `From` or a `new`.
//!   Everything that is absent is `null`, except `clientMessageId` and `duplicate`, which are left out.
//!
//! With the feature `openapi` both describe themselves as schemas; the bounds in them come from the domain's constants,
//! so they cannot drift.
//!
//! **To add an endpoint's JSON**: the feature's folder, a `...Body` in `body.rs` with a test of its bad inputs, a
//! `...View` in `view.rs` with a test of its exact shape. **To add a value**: a [`Field`] in `values.rs`.

mod body;
mod envelope;
mod fault;
mod field;
mod nested;
#[cfg(feature = "openapi")]
pub mod schemas;
mod timestamp;
mod values;
mod whole;

pub mod auth;
pub mod chat;
pub mod conversations;
pub mod messages;
pub mod node;
pub mod realtime;
pub mod receipts;
pub mod users;

pub use body::{Body, parse_body};
pub use envelope::{CursorPage, ErrorBody, Failure, FaultView, NumberedPage, Pagination, Success};
pub use fault::{BodyError, Fault, InvalidBody, MAX_FAULTS};
pub use field::{Checked, Field, Optional, Problem, Required, valid, valid_or_absent};
pub use timestamp::TimestampView;
pub use values::Secret;

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
