//! The durable changes of conversations. Each takes the next `pos` and is one row; the row of a sent message is in
//! `messages`.

mod list;
mod missed;
mod present;
mod record;

pub(crate) use list::{Span, list_missed_spans, list_spans};
pub(crate) use record::{store, take_pos};
