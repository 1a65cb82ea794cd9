//! How each value of the domain is read from JSON, and how schemas describe its rule.

use crate::field::{Field, Problem};
#[cfg(feature = "openapi")]
use crate::schemas::patterns;
use crate::whole::whole_number;
use chat_domain::auth::{Password, RegistrationCode};
use chat_domain::changes::MissedLimit;
use chat_domain::conversations::{ConversationDescription, ConversationName, MAX_PARTICIPANTS, Role};
use chat_domain::messages::{AttachmentUrl, Emoji, ForwardOf, MessageBody};
use chat_domain::users::{AvatarUrl, DisplayName, EmailAddress, Username};
use chat_domain::{ClientMessageId, ConversationId, MessageId, Pos, Seq, UserId};
use serde_json::Value;

pub(crate) fn text(json: Value) -> Result<String, Problem> {
    match json {
        Value::String(text) => Ok(text),
        _ => Err("must be a string".into()),
    }
}

macro_rules! text_fields {
    ($($type:ty, $least:expr, $most:expr, $format:expr, $pattern:expr, $example:literal;)*) => {$(
        impl Field for $type {
            fn read(json: Value) -> Result<Self, Problem> {
                Self::parse(&text(json)?).map_err(|fault| fault.to_string().into())
            }

            #[cfg(feature = "openapi")]
            fn schema() -> schemars::schema::SchemaObject {
                schema::text($least, $most, $format, $pattern, $example)
            }
        }
    )*};
}

text_fields! {
    EmailAddress, 3, EmailAddress::MAX_BYTES, Some("email"), None, "ann@example.com";
    Username, Username::MIN_CHARS, Username::MAX_CHARS, None, Some(patterns::USERNAME), "ann";
    DisplayName, 1, DisplayName::MAX_CHARS, None, Some(patterns::LINE), "Ann Lee";
    AvatarUrl, 1, AvatarUrl::MAX_CHARS, Some("uri-reference"), None, "https://example.com/ann.png";
    ConversationName, 1, ConversationName::MAX_CHARS, None, Some(patterns::LINE), "Weekend plans";
    ConversationDescription, 1, ConversationDescription::MAX_CHARS, None, Some(patterns::PARAGRAPH),
        "Where we go and who drives";
    MessageBody, 1, MessageBody::MAX_CHARS, None, Some(patterns::PARAGRAPH), "Hello!";
    Emoji, 1, Emoji::MAX_NAME_CHARS, None, None, "👍";
    AttachmentUrl, 1, AttachmentUrl::MAX_CHARS, Some("uri-reference"), None, "https://example.com/map.pdf";
    ClientMessageId, 1, ClientMessageId::MAX_BYTES, None, Some(patterns::VISIBLE_ASCII), "7b0c2d6e-1";
    RegistrationCode, 1, RegistrationCode::MAX_CHARS, None, Some(patterns::VISIBLE_ASCII),
        "0f8fad5bd9cb469fa16570867728950e";
}

/// The email address of a sign-in, exactly as typed: it may have been registered under an earlier rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClaimedEmail(pub(crate) EmailAddress);

impl Field for ClaimedEmail {
    fn read(json: Value) -> Result<Self, Problem> {
        EmailAddress::from_stored(&text(json)?).map(Self).map_err(|fault| fault.to_string().into())
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        EmailAddress::schema()
    }
}

macro_rules! id_fields {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn read(json: Value) -> Result<Self, Problem> {
                match json {
                    Value::String(text) => text.parse().map_err(|_| Problem::from("must be a UUID")),
                    _ => Err("must be a UUID".into()),
                }
            }

            #[cfg(feature = "openapi")]
            fn schema() -> schemars::schema::SchemaObject {
                schema::uuid()
            }
        }
    )*};
}

id_fields!(UserId, ConversationId, MessageId);

impl Field for ForwardOf {
    fn read(json: Value) -> Result<Self, Problem> {
        const PROBLEM: &str = "must be an object with a conversationId and a messageId";
        let Value::Object(mut fields) = json else { return Err(PROBLEM.into()) };
        let mut take = |name| fields.remove(name).ok_or(PROBLEM);
        Ok(Self {
            conversation_id: ConversationId::read(take("conversationId")?).map_err(|_| PROBLEM)?,
            message_id: MessageId::read(take("messageId")?).map_err(|_| PROBLEM)?,
        })
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        schema::uuids_by_name(&["conversationId", "messageId"])
    }
}

impl Field for bool {
    fn read(json: Value) -> Result<Self, Problem> {
        json.as_bool().ok_or_else(|| "must be true or false".into())
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        schema::boolean()
    }
}

impl Field for Role {
    fn read(json: Value) -> Result<Self, Problem> {
        json.as_str().and_then(Self::known).ok_or_else(|| "must be admin or member".into())
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        schema::one_of(&[Self::Admin, Self::Member].map(Self::as_str))
    }
}

macro_rules! number_fields {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn read(json: Value) -> Result<Self, Problem> {
                match whole_number(&json, "must be a whole number, not negative")? {
                    number if number <= Self::MAX.get() => Ok(Self::new(number)),
                    _ => Err(format!("must be at most {}", Self::MAX.get()).into()),
                }
            }

            #[cfg(feature = "openapi")]
            fn schema() -> schemars::schema::SchemaObject {
                schema::number()
            }
        }
    )*};
}

number_fields!(Seq, Pos);

impl Field for MissedLimit {
    fn read(json: Value) -> Result<Self, Problem> {
        let number = whole_number(&json, "must be a whole number, not negative")?;
        Self::parse(number).map_err(|fault| fault.to_string().into())
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        schema::limit(Self::GREATEST.get())
    }
}

/// Maximum number of messages that a client can name at once.
pub(crate) const MAX_NAMED_MESSAGES: usize = 100;

macro_rules! id_list_fields {
    ($($type:ty: $most:ident),*) => {$(
        impl Field for Vec<$type> {
            fn read(json: Value) -> Result<Self, Problem> {
                let Value::Array(items) = json else { return Err("must be an array of UUIDs".into()) };
                if items.is_empty() {
                    return Err("must not be empty".into());
                }
                if items.len() > $most {
                    return Err(format!("must have at most {} items", $most).into());
                }
                let ids = items.into_iter().enumerate().map(|(index, item)| {
                    <$type>::read(item)
                        .map_err(|_| Problem::from(format!("must contain only UUIDs: item {index} is not a UUID")))
                });
                ids.collect()
            }

            #[cfg(feature = "openapi")]
            fn schema() -> schemars::schema::SchemaObject {
                schema::uuids($most)
            }
        }
    )*};
}

id_list_fields!(UserId: MAX_PARTICIPANTS, MessageId: MAX_NAMED_MESSAGES);

/// A text that must not be shown, even by `Debug`: an unchecked password, or a refresh token.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Maximum length in bytes: the longest password that a sign-in compares.
    pub const MAX_BYTES: usize = Password::MAX_BYTES;

    /// Returns the text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

impl Field for Secret {
    fn read(json: Value) -> Result<Self, Problem> {
        let text = text(json)?;
        match text.len() {
            0 => Err("must not be empty".into()),
            long if long > Self::MAX_BYTES => Err(format!("must have at most {} bytes", Self::MAX_BYTES).into()),
            _ => Ok(Self(text)),
        }
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        schema::text(1, Self::MAX_BYTES, Some("password"), Some(patterns::SECRET), "correct horse battery")
    }
}

#[cfg(feature = "openapi")]
pub(crate) mod schema {
    use chat_domain::auth::PasswordPolicy;
    use schemars::r#gen::SchemaGenerator;
    use schemars::schema::{
        ArrayValidation, InstanceType, NumberValidation, ObjectValidation, Schema, SchemaObject, StringValidation,
    };

    fn of(kind: InstanceType, format: Option<&str>) -> SchemaObject {
        SchemaObject { instance_type: Some(kind.into()), format: format.map(str::to_owned), ..SchemaObject::default() }
    }

    fn bound(number: usize) -> Option<u32> {
        u32::try_from(number).ok()
    }

    pub(crate) fn text(
        least: usize,
        most: usize,
        format: Option<&str>,
        pattern: Option<&str>,
        example: &str,
    ) -> SchemaObject {
        let mut schema = of(InstanceType::String, format);
        schema.string = Some(Box::new(StringValidation {
            min_length: bound(least),
            max_length: bound(most),
            pattern: pattern.map(str::to_owned),
        }));
        schema.extensions.insert("example".to_owned(), example.into());
        schema
    }

    /// The schema of a new password, with the policy of a server with default settings.
    pub(crate) fn new_password(_: &mut SchemaGenerator) -> Schema {
        let policy = PasswordPolicy::default();
        let (least, most) = (policy.min_chars, policy.max_chars);
        text(least, most, Some("password"), Some(super::patterns::PASSWORD), "correct horse battery").into()
    }

    pub(crate) fn one_of(names: &[&str]) -> SchemaObject {
        let enum_values = Some(names.iter().map(|name| (*name).into()).collect());
        SchemaObject { enum_values, ..of(InstanceType::String, None) }
    }

    pub(crate) fn boolean() -> SchemaObject {
        of(InstanceType::Boolean, None)
    }

    pub(crate) fn uuid() -> SchemaObject {
        of(InstanceType::String, Some("uuid"))
    }

    pub(crate) fn uuids(most: usize) -> SchemaObject {
        let mut schema = of(InstanceType::Array, None);
        schema.array = Some(Box::new(ArrayValidation {
            items: Some(Schema::from(uuid()).into()),
            min_items: Some(1),
            max_items: bound(most),
            ..ArrayValidation::default()
        }));
        schema
    }

    pub(crate) fn uuids_by_name(names: &[&str]) -> SchemaObject {
        let mut schema = of(InstanceType::Object, None);
        schema.object = Some(Box::new(ObjectValidation {
            required: names.iter().map(|name| (*name).to_owned()).collect(),
            properties: names.iter().map(|name| ((*name).to_owned(), Schema::from(uuid()))).collect(),
            ..ObjectValidation::default()
        }));
        schema
    }

    pub(crate) fn number() -> SchemaObject {
        let mut schema = of(InstanceType::Integer, Some("int64"));
        schema.number = Some(Box::new(NumberValidation { minimum: Some(0.0), ..NumberValidation::default() }));
        schema
    }

    pub(crate) fn limit(most: u32) -> SchemaObject {
        let mut schema = of(InstanceType::Integer, None);
        let (minimum, maximum) = (Some(1.0), Some(most.into()));
        schema.number = Some(Box::new(NumberValidation { minimum, maximum, ..NumberValidation::default() }));
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_value_names_the_type_it_wants() {
        assert_eq!(MessageBody::read(json!(["x"])), Err("must be a string".into()));
        assert_eq!(UserId::read(json!(7)), Err("must be a UUID".into()));
        assert_eq!(Seq::read(json!("7")), Err("must be a whole number, not negative".into()));
        assert_eq!(Seq::read(json!(-1)), Err("must be a whole number, not negative".into()));
        assert_eq!(Seq::read(json!(1.5)), Err("must be a whole number, not negative".into()));
        assert_eq!(Seq::read(json!(u64::MAX)), Err("must be at most 9223372036854775807".into()));
        assert_eq!(Seq::read(json!(7)), Ok(Seq::new(7)));
        assert_eq!(Seq::read(json!(7.0)), Ok(Seq::new(7)));
    }

    #[test]
    fn a_list_of_ids_has_a_size_and_names_the_item_that_is_wrong() {
        assert_eq!(Vec::<UserId>::read(json!([])), Err("must not be empty".into()));
        assert_eq!(Vec::<UserId>::read(json!({})), Err("must be an array of UUIDs".into()));
        let id = "00000000-0000-0000-0000-000000000000";
        assert_eq!(Vec::<UserId>::read(json!([id, "x"])), Err("must contain only UUIDs: item 1 is not a UUID".into()));
        assert_eq!(Vec::<UserId>::read(json!([id])).map(|ids| ids.len()), Ok(1));
        assert_eq!(
            Vec::<UserId>::read(json!(vec![id; MAX_PARTICIPANTS + 1])),
            Err("must have at most 1000 items".into())
        );
    }

    #[test]
    fn secrets_are_bounded_and_never_printed() {
        assert_eq!(format!("{:?}", Secret::read(json!("hunter22"))), "Ok(Secret(..))");
        assert_eq!(Secret::read(json!("")), Err("must not be empty".into()));
        assert_eq!(Secret::read(json!("x".repeat(1_025))), Err("must have at most 1024 bytes".into()));
        assert_eq!(Secret::read(json!(12_345_678)), Err("must be a string".into()));
    }
}
