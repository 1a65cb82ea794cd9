//! The one table of what can be said over a socket: each row is one thing that happens ([`EVENTS`]) or is asked for
//! ([`COMMANDS`]), under its names in each dialect, each name with the type of its `data`.
//!
//! The table is not a description of the code, it *is* the code: an event's name can only be had from here, as an
//! [`EventName`] that takes nothing but the row's payload, and a command is understood by being a row. What documents
//! say is held against it by tests.

mod commands;
mod events;

pub use commands::{COMMANDS, CommandEntry, CommandRow};
pub use events::{Both, Camel, Colon, EVENTS, EventEntry, EventRow};

use std::fmt;
use std::marker::PhantomData;

/// The name of an event in one dialect, and, as a type, what its `data` is.
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

/// How a payload describes itself: what it refers to stays with the generator.
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
