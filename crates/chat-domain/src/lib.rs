//! The rules of the chat, without I/O: values that cannot be invalid, decisions
//! (which user may do what), events, and the ports through which use cases
//! reach storage, clocks, tokens and other nodes.
//!
//! **Owns** the meaning of every name in the product. **Must never know** HTTP,
//! SQL, sockets, tokio or the environment. Each module is a subject; the same
//! subject names appear in every crate of the workspace. The Cargo feature
//! `serde` adds the forms in which nodes send values and stores keep details.
//!
//! **To add a value**: a newtype with a `parse` that names its fault in
//! [`InvalidValue`], a `from_stored` that accepts formerly valid values if the rule
//! became stricter, and a property test. **To add a port method**: state its
//! atomicity in its documentation, and add a clause to the contract suite of
//! `chat-testkit`, which every adapter must pass. **To add a refusal**: a row of the table in `refusal.rs`; it has its
//! code and its sentence in every transport.

pub mod auth;
pub mod calls;
pub mod changes;
pub mod columns;
mod commits;
pub mod conversations;
mod epoch;
mod error_code;
mod events;
mod ids;
pub mod messages;
mod metadata;
mod page;
pub mod presence;
pub mod rate_limits;
pub mod receipts;
mod refusal;
mod sink;
mod store;
mod store_error;
mod text;
pub mod threads;
mod time;
mod turns;
pub mod typing;
pub mod users;
#[cfg(feature = "serde")]
mod wire;

pub use changes::{Change, ChangeKind, ChangeLog, ChangeRange};
pub use commits::{CommitCursor, Committed};
pub use epoch::{EpochStore, Landmark};
pub use error_code::ErrorCode;
pub use events::{Audience, Envelope, Event, EventBus, Expected};
pub use ids::{
    ClientMessageId, ConnectionId, ConversationId, Epoch, IdSource, InvalidId, MessageId, NodeId, Pos, Seq, SessionId,
    TokenId, UserId,
};
pub use metadata::Metadata;
pub use page::{Page, PageLimit, PageNumber, PageRequest};
pub use refusal::{ActionError, OUR_FAULT, Refusal, TRY_LATER};
pub use sink::{Committable, CommittedSink, Committing, SinkSlot, Wakeup};
pub use store::{RealtimeStore, Store};
pub use store_error::{BoxError, StoreError};
pub use text::InvalidValue;
pub use time::{Clock, Timestamp};
pub use turns::{Turn, TurnLimits, TurnStatus, Turns};

/// The README's example, compiled and run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
