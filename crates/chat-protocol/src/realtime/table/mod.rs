//! The only table of the names on a socket. Each row is an event ([`EVENTS`]) or a command ([`COMMANDS`]), with its
//! names in each dialect and the type of each name's `data`.
//!
//! The code uses the table itself: an event's name is available only from here, as an [`EventName`] that accepts only
//! the row's payload, and a name without a row is not a command. Tests compare the documents with the table.

mod commands;
mod events;

pub use commands::{COMMANDS, CommandEntry, CommandRow};
pub use events::{Both, Camel, Colon, EVENTS, EventEntry, EventRow};

use std::fmt;
use std::marker::PhantomData;

/// The name of an event in one dialect, with the type of its `data`.
pub struct EventName<T> {
    name: &'static str,
    payload: PhantomData<fn(&T)>,
}

impl<T> EventName<T> {
    const fn new(name: &'static str) -> Self {
        Self { name, payload: PhantomData }
    }

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        self.name
    }
}

impl<T> Clone for EventName<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for EventName<T> {}

impl<T> fmt::Debug for EventName<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

/// A function that returns the schema of a payload and registers what it refers to with the generator.
#[cfg(feature = "openapi")]
pub type SchemaOf = fn(&mut schemars::r#gen::SchemaGenerator) -> schemars::schema::Schema;

#[cfg(feature = "openapi")]
pub(super) fn schema_of<T: schemars::JsonSchema>(
    generator: &mut schemars::r#gen::SchemaGenerator,
) -> schemars::schema::Schema {
    generator.subschema_for::<T>()
}

#[cfg(test)]
mod tests;
