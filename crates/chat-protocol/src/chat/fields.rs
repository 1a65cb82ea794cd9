//! Values that only bodies of `/chat` have.

use super::ChatTypeView;
use crate::field::{Field, Problem};
use crate::whole::whole_number;
use chat_domain::receipts::DeliveryStatus;
use chat_domain::{InvalidValue, PageLimit, PageNumber, UserId};
use serde_json::Value;

/// The members of a new group in addition to its creator; may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupMembers(pub Vec<UserId>);

impl Field for GroupMembers {
    fn read(json: Value) -> Result<Self, Problem> {
        match json {
            Value::Array(items) if items.is_empty() => Ok(Self::default()),
            json => Vec::<UserId>::read(json).map(Self),
        }
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        let mut schema = crate::values::schema::uuids(chat_domain::conversations::MAX_PARTICIPANTS);
        schema.array().min_items = Some(0);
        schema
    }
}

/// A value that some clients send and the server determines itself. It accepts any JSON and is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Untrusted;

impl Field for Untrusted {
    fn read(_: Value) -> Result<Self, Problem> {
        Ok(Self)
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        schemars::schema::SchemaObject {
            instance_type: Some(schemars::schema::InstanceType::String.into()),
            ..schemars::schema::SchemaObject::default()
        }
    }
}

fn word(json: &Value, problem: &'static str) -> Result<String, Problem> {
    json.as_str().map(str::to_owned).ok_or_else(|| problem.into())
}

impl Field for ChatTypeView {
    fn read(json: Value) -> Result<Self, Problem> {
        let text = word(&json, "must be PRIVATE or GROUP")?;
        Self::parse(&text).map_err(|fault| fault.to_string().into())
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        crate::values::schema::one_of(&["PRIVATE", "GROUP"])
    }
}

impl Field for DeliveryStatus {
    fn read(json: Value) -> Result<Self, Problem> {
        const PROBLEM: &str = "must be SENT, DELIVERED or READ";
        let text = word(&json, PROBLEM)?;
        let known = [Self::Sent, Self::Delivered, Self::Read].into_iter();
        known.into_iter().find(|status| status.as_str().eq_ignore_ascii_case(&text)).ok_or_else(|| PROBLEM.into())
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        crate::values::schema::one_of(&["SENT", "DELIVERED", "READ"])
    }
}

/// Reads a number, or a text of digits, which clients of this API may send instead.
fn number<T>(json: &Value, parse: impl FnOnce(u64) -> Result<T, InvalidValue>) -> Result<T, Problem> {
    const PROBLEM: &str = "must be a whole number";
    let number = match json {
        Value::String(digits) if !digits.starts_with('+') => digits.parse().map_err(|_| Problem::from(PROBLEM)),
        json => whole_number(json, PROBLEM),
    };
    parse(number?).map_err(|fault| fault.to_string().into())
}

#[cfg(feature = "openapi")]
fn between(least: u32, most: u32) -> schemars::schema::SchemaObject {
    let mut schema = crate::values::schema::number();
    let bounds = schema.number();
    (bounds.minimum, bounds.maximum) = (Some(least.into()), Some(most.into()));
    schema
}

impl Field for PageNumber {
    fn read(json: Value) -> Result<Self, Problem> {
        number(&json, Self::parse)
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        between(Self::FIRST.get(), Self::MAX)
    }
}

impl Field for PageLimit {
    fn read(json: Value) -> Result<Self, Problem> {
        number(&json, Self::parse)
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        between(1, Self::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn enums_are_read_in_any_case_and_named_where_they_are_wrong() {
        assert_eq!(ChatTypeView::read(json!("private")), Ok(ChatTypeView::Private));
        assert_eq!(DeliveryStatus::read(json!("Read")), Ok(DeliveryStatus::Read));
        for wrong in [json!("seen"), json!(1), json!(["READ"])] {
            assert_eq!(DeliveryStatus::read(wrong.clone()), Err("must be SENT, DELIVERED or READ".into()));
            assert_eq!(ChatTypeView::read(wrong), Err("must be PRIVATE or GROUP".into()));
        }
    }

    #[test]
    fn numbers_of_pages_may_come_as_text() {
        assert_eq!(PageLimit::read(json!("20")).map(PageLimit::get), Ok(20));
        assert_eq!(PageNumber::read(json!(3)).map(PageNumber::get), Ok(3));
        assert_eq!(PageNumber::read(json!(2.0)).map(PageNumber::get), Ok(2));
        assert_eq!(PageLimit::read(json!(101)), Err("must be between 1 and 100".into()));
        for wrong in [json!("x"), json!("+1"), json!(-1), json!(1.5), json!(""), json!(null)] {
            assert_eq!(PageNumber::read(wrong), Err("must be a whole number".into()));
        }
    }

    #[test]
    fn a_group_may_begin_with_nobody_else() {
        assert_eq!(GroupMembers::read(json!([])), Ok(GroupMembers::default()));
        assert_eq!(GroupMembers::read(json!("x")), Err("must be an array of UUIDs".into()));
        assert_eq!(GroupMembers::read(json!([7])), Err("must contain only UUIDs: item 0 is not a UUID".into()));
    }
}
