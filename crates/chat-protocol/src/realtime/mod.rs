//! The frames of the sockets (contract §4): what clients say ([`ClientFrame`], [`Command`]), what they are told
//! ([`event_text`], [`ack_text`], [`error_text`]), and why a socket ends ([`CloseCode`]).
//!
//! A *dialect* is a set of event names and payload shapes. Commands of every dialect are understood on every connection; what a
//! connection is sent follows its own. The one table from an event to its name and payload is `colon.rs`.
//!
//! **To add a dialect**: a variant of [`Dialect`], a table beside `colon.rs`, and its commands in `command.rs`.

mod client_frame;
mod close_code;
mod colon;
mod command;
mod dialect;
mod fields;
mod payloads;
mod resume;
mod server_frame;

pub use client_frame::{ClientFrame, InvalidFrame, MAX_FRAME_ID_CHARS, Rejected};
pub use close_code::CloseCode;
pub use colon::COLON_EVENTS;
pub use command::{COLON_COMMANDS, Command};
pub use dialect::{Dialect, Variant};
pub use payloads::{
    AuthenticatedView, CallView, ConversationCreatedView, ConversationUpdatedView, FetchedView, FrameErrorView,
    MessageReceivedView, ParticipantAddedView, ParticipantRemovedView, PresenceStatusView, ResumedView, TypingView,
    UserOfflineView, UserOnlineView, WindowView,
};
pub use resume::Resume;
pub use server_frame::{ack_text, empty_ack_text, error_text, event_owner, event_text, named_text, resumed_text};
