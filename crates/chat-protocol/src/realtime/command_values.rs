//! How values that only commands have are read, and their schemas.

use super::{ClientEpoch, Dialect, Resume};
use crate::chat::ChatRoomId;
use crate::field::{Field, Problem};
use crate::values::text;
use chat_domain::conversations::DirectKey;
use chat_domain::messages::Anchor;
use chat_domain::presence::PresenceStatus;
use chat_domain::{InvalidValue, Seq};
use serde_json::Value;

/// An access token, exactly as sent.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Token(pub(super) String);

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token(..)")
    }
}

impl Field for Token {
    fn read(json: Value) -> Result<Self, Problem> {
        text(json).map(Self)
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        schema::string()
    }
}

/// The `chatRoomId` of a private chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PairRoom(pub(super) DirectKey);

impl Field for PairRoom {
    fn read(json: Value) -> Result<Self, Problem> {
        match ChatRoomId::parse(&text(json)?) {
            Ok(ChatRoomId::Pair(pair)) => Ok(Self(pair)),
            _ => Err(InvalidValue::Form { expected: "two user ids joined by '_'" }.to_string().into()),
        }
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        schema::string()
    }
}

impl Field for ChatRoomId {
    fn read(json: Value) -> Result<Self, Problem> {
        Self::parse(&text(json)?).map_err(|fault| fault.to_string().into())
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        schema::string()
    }
}

impl Field for Anchor {
    fn read(json: Value) -> Result<Self, Problem> {
        const PROBLEM: &str = "must be a message's id or its number";
        match json {
            // The cursors of a page are numbers in text form.
            Value::String(text) => match (text.parse(), text.parse()) {
                (Ok(id), _) => Ok(Self::Message(id)),
                (_, Ok(number)) => Seq::read(Value::Number(u64::into(number))).map(Self::Seq),
                _ => Err(PROBLEM.into()),
            },
            Value::Number(_) => Seq::read(json).map(Self::Seq),
            _ => Err(PROBLEM.into()),
        }
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        schema::string_or_number()
    }
}

impl Field for PresenceStatus {
    fn read(json: Value) -> Result<Self, Problem> {
        Self::parse_choice(&text(json)?).map_err(|fault| fault.to_string().into())
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        crate::values::schema::one_of(&[Self::Online, Self::Away, Self::Busy].map(Self::as_str))
    }
}

impl Field for Dialect {
    fn read(json: Value) -> Result<Self, Problem> {
        const PROBLEM: &str = "must be colon or camel";
        json.as_str().and_then(Self::parse).ok_or_else(|| PROBLEM.into())
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        crate::values::schema::one_of(&[Self::Colon, Self::Camel].map(Self::as_str))
    }
}

impl Field for Resume {
    fn read(json: Value) -> Result<Self, Problem> {
        Self::from_json(json)
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        schema::numbers_by_name(Self::MAX_CONVERSATIONS)
    }
}

impl Field for ClientEpoch {
    fn read(json: Value) -> Result<Self, Problem> {
        Self::from_json(json)
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        schema::string()
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use schemars::schema::{InstanceType, NumberValidation, ObjectValidation, SchemaObject};

    pub(super) fn string() -> SchemaObject {
        SchemaObject { instance_type: Some(InstanceType::String.into()), ..SchemaObject::default() }
    }

    pub(super) fn string_or_number() -> SchemaObject {
        SchemaObject {
            instance_type: Some(vec![InstanceType::String, InstanceType::Integer].into()),
            number: Some(Box::new(NumberValidation { minimum: Some(0.0), ..NumberValidation::default() })),
            ..SchemaObject::default()
        }
    }

    pub(super) fn numbers_by_name(most: usize) -> SchemaObject {
        SchemaObject {
            instance_type: Some(InstanceType::Object.into()),
            object: Some(Box::new(ObjectValidation {
                additional_properties: Some(Box::new(crate::values::schema::number().into())),
                max_properties: u32::try_from(most).ok(),
                ..ObjectValidation::default()
            })),
            ..SchemaObject::default()
        }
    }
}
