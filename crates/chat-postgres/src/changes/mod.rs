//! The durable changes of conversations: each takes the next `pos` and is one row, a message's among the messages.

mod list;
mod present;
mod record;

pub(crate) use list::{Span, list_spans};
pub(crate) use record::{store, take_pos};
