//! The durable changes of conversations, and the records that stores keep of them and nodes send each other.
//!
//! The program works with a [`ChangeKind`]. Stores and the bus carry a [`ChangeRecord`]: a tag, an [`Effect`] on who
//! takes part, and a few references. They know no kind by name. [`resolve`] turns a record into a change, given the
//! [`Present`] state of what the record refers to. A record whose kind this release does not know becomes
//! [`ChangeKind::Unknown`]: it keeps its `pos`, and its effect is obeyed.
//!
//! **To add a kind**: add a tag to `tag.rs`, with what its event needs of the present ([`ChangeTag::KNOWN`]); a variant
//! to [`ChangeKind`], for which the compiler asks for a record, an effect and what it shows; and an arm to [`resolve`]
//! that reads it back.

mod detail;
mod effect;
mod kind;
mod log;
mod present;
mod record;
mod tag;
mod writable;

pub use detail::{Detail, DetailValue};
pub use effect::{Effect, MAX_NAMED_USERS};
pub use kind::{Change, ChangeKind};
pub use log::{ChangeLog, ChangeRange, cut};
pub use present::{Need, Needs, Present, Shown, resolve, resolve_all};
pub use record::ChangeRecord;
pub use tag::ChangeTag;
pub use writable::{AllKinds, WritableKinds};

#[cfg(test)]
mod tests;
