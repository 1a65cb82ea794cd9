//! The durable changes of conversations, and their records, which stores keep and nodes exchange.
//!
//! The program works with a [`ChangeKind`]. Stores and the bus carry a [`ChangeRecord`]: a tag, an [`Effect`] on the
//! set of participants, and a few references. They know no kind by name. [`resolve`] turns a record into a change,
//! given the [`Present`] state of what the record refers to. A record of an unknown kind becomes
//! [`ChangeKind::Unknown`]: it keeps its `pos`, and its effect is applied.
//!
//! **To add a kind**: add a tag to `tag.rs`, with the present state that its event needs ([`ChangeTag::KNOWN`]); a
//! variant to [`ChangeKind`], for which the compiler requires a record, an effect and what it shows; and an arm to
//! [`resolve`] that reads the record.

mod detail;
mod effect;
mod feature;
mod kind;
mod log;
mod missed;
mod present;
mod record;
mod tag;

pub use detail::{Detail, DetailValue};
pub use effect::{Effect, MAX_NAMED_USERS};
pub use feature::{AllFeatures, Feature, WritableFeatures};
pub use kind::{Change, ChangeKind};
pub use log::{ChangeLog, ChangeRange, cut, take_first};
pub use missed::{MAX_MISSED_OF_ONE, MissedChanges, MissedLimit, coalesce};
pub use present::{Need, Needs, Present, Shown, resolve, resolve_all};
pub use record::ChangeRecord;
pub use tag::ChangeTag;

#[cfg(test)]
mod tests;
