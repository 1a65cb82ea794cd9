//! The fields of request bodies. A faulty field does not stop the parsing of the body: the field keeps its problem, so
//! that all faults are reported at once. The rule itself is the domain's parser.

use crate::InvalidBody;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::borrow::Cow;

/// The problem of a value, as the end of a sentence that begins with the field's name.
pub type Problem = Cow<'static, str>;

/// The problem of a required field that is absent or `null`.
pub(crate) const IS_REQUIRED: &str = "is required";

/// A value that a field can contain.
pub trait Field: Sized {
    /// Reads the value by the domain's rule.
    fn read(json: Value) -> Result<Self, Problem>;

    /// Reads a field of a body; `None` if it is `null`.
    fn take<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Result<Self, Problem>>, D::Error> {
        Ok(Option::<Value>::deserialize(deserializer)?.map(Self::read))
    }

    /// Returns the rule as a schema: type, format, bounds, an example.
    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject;
}

/// A field that must be present and not `null`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Required<T>(Result<T, Problem>);

impl<T> Required<T> {
    /// Returns the value, or the fault for a body that has this field as `name`.
    pub fn take(self, name: &str) -> Result<T, InvalidBody> {
        self.0.map_err(|problem| InvalidBody::of(name, problem))
    }

    /// Returns the value if it is valid.
    pub const fn value(&self) -> Option<&T> {
        match &self.0 {
            Ok(value) => Some(value),
            Err(_) => None,
        }
    }
}

impl<T> Required<T> {
    /// A field that is absent.
    pub(crate) fn missing() -> Self {
        Self(Err(IS_REQUIRED.into()))
    }
}

/// A field that may be omitted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Optional<T> {
    /// The field is absent.
    #[default]
    Absent,
    /// The field is `null`.
    Null,
    /// The field has a valid value.
    Given(T),
    /// The field has an invalid value.
    Faulty(Problem),
}

impl<T> Optional<T> {
    /// Returns the value; `null` counts as absent.
    pub fn take(self) -> Option<T> {
        match self {
            Self::Given(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the requested change: `None` keeps the value, `Some(None)` clears it.
    pub fn take_change(self) -> Option<Option<T>> {
        match self {
            Self::Given(value) => Some(Some(value)),
            Self::Null => Some(None),
            Self::Absent | Self::Faulty(_) => None,
        }
    }

    /// Returns the value, valid or not, as that of a required field. `None` if there is no value.
    pub(crate) fn into_required(self) -> Option<Required<T>> {
        match self {
            Self::Absent | Self::Null => None,
            Self::Given(value) => Some(Required(Ok(value))),
            Self::Faulty(problem) => Some(Required(Err(problem))),
        }
    }

    /// Returns whether there is a value, valid or not.
    pub const fn is_given(&self) -> bool {
        matches!(self, Self::Given(_) | Self::Faulty(_))
    }
}

impl<'de, T: Field> Deserialize<'de> for Required<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // For an absent field, serde calls this with a deserializer that returns `None`.
        Ok(Self(T::take(deserializer)?.unwrap_or_else(|| Err(IS_REQUIRED.into()))))
    }
}

impl<'de, T: Field> Deserialize<'de> for Optional<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = T::take(deserializer)?;
        Ok(read.map_or(Self::Null, |read| read.map_or_else(Self::Faulty, Self::Given)))
    }
}

/// A field that the `garde` rules below can check.
pub trait Checked {
    /// Returns the problem, if there is one.
    fn problem(&self) -> Option<&str>;
}

impl<T> Checked for Required<T> {
    fn problem(&self) -> Option<&str> {
        self.0.as_ref().err().map(AsRef::as_ref)
    }
}

impl<T> Checked for Optional<T> {
    fn problem(&self) -> Option<&str> {
        match self {
            Self::Faulty(problem) => Some(problem),
            _ => None,
        }
    }
}

/// The `garde` rule of a field whose type contains the domain's rule. The rules of `garde` itself (`length`, `range`,
/// `email`) would repeat the limits of the domain's parser, with other sentences than sockets use.
pub fn valid<T: Checked, C>(field: &T, _: &C) -> garde::Result {
    field.problem().map_or(Ok(()), |problem| Err(garde::Error::new(problem)))
}

/// The `garde` rule of a field that may be omitted but not cleared.
pub fn valid_or_absent<T, C>(field: &Optional<T>, context: &C) -> garde::Result {
    match field {
        Optional::Null => Err(garde::Error::new("must not be null")),
        _ => valid(field, context),
    }
}

#[cfg(feature = "openapi")]
mod openapi {
    use super::{Field, Optional, Required};
    use schemars::schema::{InstanceType, Schema, SingleOrVec};
    use schemars::{JsonSchema, r#gen::SchemaGenerator};

    impl<T: Field> JsonSchema for Required<T> {
        fn is_referenceable() -> bool {
            false
        }

        fn schema_name() -> String {
            "Required".to_owned()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            T::schema().into()
        }
    }

    impl<T: Field> JsonSchema for Optional<T> {
        fn is_referenceable() -> bool {
            false
        }

        fn schema_name() -> String {
            "Optional".to_owned()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            let mut schema = T::schema();
            // OpenAPI 3.0 has a separate keyword for this, JSON Schema a type.
            if generator.settings().option_nullable {
                schema.extensions.insert("nullable".to_owned(), true.into());
            } else if let Some(kinds) = schema.instance_type.take() {
                let mut kinds = match kinds {
                    SingleOrVec::Single(kind) => vec![*kind],
                    SingleOrVec::Vec(kinds) => kinds,
                };
                kinds.push(InstanceType::Null);
                schema.instance_type = Some(kinds.into());
                schema.enum_values.iter_mut().for_each(|values| values.push(serde_json::Value::Null));
            }
            schema.into()
        }

        fn _schemars_private_is_option() -> bool {
            true
        }
    }

    /// The schema of an [`Optional`] that must not be `null`.
    pub(crate) fn not_null<T: Field>(_: &mut SchemaGenerator) -> Schema {
        T::schema().into()
    }
}
#[cfg(feature = "openapi")]
pub(crate) use openapi::not_null;

#[cfg(test)]
mod tests {
    use super::*;
    use chat_domain::users::DisplayName;

    #[derive(Debug, Deserialize)]
    struct Body {
        name: Required<DisplayName>,
        #[serde(default)]
        nick: Optional<DisplayName>,
    }

    fn body(json: &str) -> Body {
        serde_json::from_str(json).expect("an object")
    }

    #[test]
    fn a_required_field_is_neither_absent_nor_null() {
        assert_eq!(body("{}").name.problem(), Some("is required"));
        assert_eq!(body(r#"{"name":null}"#).name.problem(), Some("is required"));
        assert_eq!(body(r#"{"name":3}"#).name.problem(), Some("must be a string"));
        assert_eq!(body(r#"{"name":" "}"#).name.problem(), Some("must not be empty"));
        assert_eq!(body(r#"{"name":" Ann "}"#).name.take("name").map(DisplayName::into_string), Ok("Ann".into()));
        assert_eq!(body("{}").name.take("name"), Err(InvalidBody::of("name", "is required")));
    }

    #[test]
    fn an_optional_field_tells_absent_from_null() {
        assert_eq!(body("{}").nick.take_change(), None);
        assert_eq!(body(r#"{"nick":null}"#).nick.take_change(), Some(None));
        assert_eq!(
            body(r#"{"nick":"A"}"#).nick.take_change().flatten().map(DisplayName::into_string),
            Some("A".into())
        );
        let faulty = body(r#"{"nick":["A"]}"#).nick;
        assert_eq!((faulty.problem(), faulty.is_given()), (Some("must be a string"), true));
        assert!(valid_or_absent(&body(r#"{"nick":null}"#).nick, &()).is_err());
        assert!(valid_or_absent(&body("{}").nick, &()).is_ok());
    }
}
