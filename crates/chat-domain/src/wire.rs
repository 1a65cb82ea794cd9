//! The serde forms of values, for packets between nodes and for stored JSON: ids as text, numbers and instants as
//! numbers. Reading uses `from_stored`, which accepts every value that any release has accepted. The field names of the
//! domain's types are thereby part of the format between nodes; a test in `chat-protocol` pins them.

use crate::changes::ChangeTag;
use crate::conversations::{ConversationDescription, ConversationName, DirectKey, InviteCode};
use crate::messages::{AttachmentUrl, Emoji, MessageBody};
use crate::users::{AvatarUrl, DisplayName, Username};
use crate::{
    ClientMessageId, ConversationId, InvalidValue, MessageId, Metadata, NodeId, Pos, Seq, SessionId, Timestamp, UserId,
};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};
use std::fmt;
use uuid::Uuid;

struct Text<T>(fn(&str) -> Result<T, InvalidValue>);

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
}

macro_rules! texts {
    ($($name:ident: $write:ident, $read:ident;)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.$write().as_ref())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text($name::$read))
            }
        }
    )*};
}

texts! {
    AttachmentUrl: as_str, from_stored;
    AvatarUrl: as_str, from_stored;
    ClientMessageId: as_str, parse;
    ConversationDescription: as_str, from_stored;
    ConversationName: as_str, from_stored;
    DisplayName: as_str, from_stored;
    Emoji: as_str, from_stored;
    InviteCode: as_text, parse;
    MessageBody: as_str, from_stored;
    Metadata: as_str, from_stored;
    Username: as_str, from_stored;
}

macro_rules! by_parts {
    ($($name:ident: $part:ty, |$value:ident| $write:expr, $read:expr;)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let $value = *self;
                $write.serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$part>::deserialize(deserializer).map($read)
            }
        }
    )*};
}

by_parts! {
    ConversationId: Uuid, |id| id.as_uuid(), Self::new;
    MessageId: Uuid, |id| id.as_uuid(), Self::new;
    NodeId: Uuid, |id| id.as_uuid(), Self::new;
    SessionId: Uuid, |id| id.as_uuid(), Self::new;
    UserId: Uuid, |id| id.as_uuid(), Self::new;
    Pos: u64, |number| number.get(), Self::new;
    Seq: u64, |number| number.get(), Self::new;
    Timestamp: i64, |at| at.as_unix_micros(), Self::from_unix_micros;
    DirectKey: (UserId, UserId), |pair| pair.users(), |(one, other)| Self::new(one, other);
}

impl Serialize for ChangeTag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ChangeTag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text(|text| Ok(Self::from_stored(text))))
    }
}
