use crate::InvalidValue;
use crate::text::input;
use std::{fmt, str::FromStr};
use thiserror::Error;
use uuid::Uuid;

/// A text that is not a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a UUID")]
pub struct InvalidId;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps any UUID. The server generates version 7, and accepts any version.
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// Returns the UUID.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            /// Parses the hyphenated form, in either case.
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                match text.len() {
                    36 => Uuid::try_parse(text).map(Self).map_err(|_| InvalidId),
                    _ => Err(InvalidId),
                }
            }
        }
    )*};
}

uuid_ids! {
    /// The id of a user.
    UserId,
    /// The id of a conversation.
    ConversationId,
    /// The id of a message.
    MessageId,
    /// The id of a session: one refresh family, the `sid` of its access tokens.
    SessionId,
    /// The id of an access token, its `jti`.
    TokenId,
    /// The id of a connection.
    ConnectionId,
    /// The id of a node.
    NodeId,
    /// The epoch of a database: see [`EpochStore`](crate::EpochStore).
    Epoch,
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        pub struct $name(u64);

        impl $name {
            /// The value before the first.
            pub const ZERO: Self = Self(0);

            /// The maximum: a database's signed 64-bit column.
            pub const MAX: Self = Self(i64::MAX as u64);

            /// Wraps a number. Values above [`Self::MAX`] become [`Self::MAX`].
            pub const fn new(value: u64) -> Self {
                if value > Self::MAX.0 { Self::MAX } else { Self(value) }
            }

            /// Returns the number.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// Returns the next number.
            #[must_use]
            pub const fn next(self) -> Self {
                Self::new(self.0 + 1)
            }

            /// Returns the difference to `earlier`; zero if `earlier` is not lower.
            pub const fn since(self, earlier: Self) -> u64 {
                self.0.saturating_sub(earlier.0)
            }

            /// Returns the number as a database column stores it.
            #[allow(clippy::cast_possible_wrap)] // `new` keeps it within `MAX`.
            pub const fn to_i64(self) -> i64 {
                self.0 as i64
            }

            /// Reads a database column; a negative value, which no column holds, reads as zero.
            pub const fn from_i64(value: i64) -> Self {
                if value < 0 { Self(0) } else { Self(value.unsigned_abs()) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    )*};
}

counters! {
    /// The number of a message in its conversation: 1, 2, 3, ... without a gap (contract §3).
    Seq,
    /// The number of a durable change in its conversation: 1, 2, 3, ... without a gap; a message is one kind of
    /// change (contract §4, guarantee 3).
    Pos,
}

/// The client's own key for a message: sending again with the same key never creates a second message.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientMessageId(String);

impl ClientMessageId {
    /// The maximum length, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// Parses 1 to 128 visible ASCII characters, unchanged.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        input::visible_ascii(text, Self::MAX_BYTES).map(Self)
    }

    /// Returns the key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The source of new ids; a port, so that tests can predict them.
pub trait IdSource: Send + Sync {
    /// Returns a new UUID, version 7, never the same twice.
    fn next_uuid(&self) -> Uuid;

    /// Returns a UUID of version 4, with 122 unpredictable bits, for secrets.
    fn next_random(&self) -> Uuid;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_uuid_reads_back_as_it_was_written(bytes: [u8; 16]) {
            let id = UserId::new(Uuid::from_bytes(bytes));
            prop_assert_eq!(id.to_string().parse::<UserId>(), Ok(id));
            prop_assert_eq!(id.to_string().to_uppercase().parse::<UserId>(), Ok(id));
        }

        #[test]
        fn any_text_that_is_no_uuid_is_refused_without_a_panic(text in ".{0,64}") {
            if Uuid::try_parse(&text).is_err() {
                prop_assert_eq!(text.parse::<MessageId>(), Err(InvalidId));
            }
        }

        #[test]
        fn counters_survive_a_database_column(value: u64) {
            let seq = Seq::new(value);
            prop_assert_eq!(Seq::from_i64(seq.to_i64()), seq);
            prop_assert!(seq.next() >= seq);
        }

        #[test]
        fn client_message_ids_are_visible_ascii(text in ".{0,140}") {
            let valid = !text.is_empty() && text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_graphic());
            prop_assert_eq!(ClientMessageId::parse(&text).is_ok(), valid);
        }
    }

    #[test]
    fn the_distance_between_counters_never_goes_below_zero() {
        assert_eq!(Pos::new(7).since(Pos::new(3)), 4);
        assert_eq!(Pos::new(3).since(Pos::new(7)), 0);
        assert_eq!(Seq::from_i64(-1), Seq::ZERO);
    }

    #[test]
    fn uuids_without_hyphens_or_in_braces_are_not_ids() {
        let id = UserId::new(Uuid::nil()).to_string();
        assert!(id.replace('-', "").parse::<UserId>().is_err());
        assert!(format!("{{{id}}}").parse::<UserId>().is_err());
        assert_eq!(format!("{:?}", UserId::new(Uuid::nil())), format!("UserId({id})"));
    }
}
