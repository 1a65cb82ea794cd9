//! Metadata: JSON objects that the server passes on as they are.

use crate::field::{Field, Problem};
use chat_domain::Metadata;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;

impl Field for Metadata {
    fn read(json: Value) -> Result<Self, Problem> {
        Self::parse(&json.to_string()).map_err(|fault| fault.to_string().into())
    }

    /// Reads the value without a [`Value`], which would sort its keys.
    fn take<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Result<Self, Problem>>, D::Error> {
        Ok(Option::<Written>::deserialize(deserializer)?.map(Written::parse))
    }

    #[cfg(feature = "openapi")]
    fn schema() -> schemars::schema::SchemaObject {
        schema()
    }
}

/// Metadata in a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataView(Metadata);

impl From<Metadata> for MetadataView {
    fn from(metadata: Metadata) -> Self {
        Self(metadata)
    }
}

impl Serialize for MetadataView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.as_str().to_owned()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MetadataView {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Written::deserialize(deserializer)?.parse().map(Self).map_err(D::Error::custom)
    }
}

/// The JSON text of a value that was read: without white space, and with the keys in the order in which they were sent.
#[derive(Default)]
struct Written {
    text: String,
    /// Whether an object has a key twice.
    has_twin_keys: bool,
}

impl Written {
    fn parse(self) -> Result<Metadata, Problem> {
        match Metadata::parse(&self.text) {
            Ok(_) if self.has_twin_keys => Err("must not have a key twice in one object".into()),
            parsed => parsed.map_err(|fault| fault.to_string().into()),
        }
    }

    fn push(&mut self, text: &str) {
        // What is longer is refused, whatever follows.
        if self.text.len() <= Metadata::MAX_BYTES {
            self.text.push_str(text);
        }
    }

    fn push_value<E: serde::de::Error>(&mut self, value: &impl Serialize) -> Result<(), E> {
        self.push(&serde_json::to_string(value).map_err(E::custom)?);
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut written = Self::default();
        Writer(&mut written).deserialize(deserializer)?;
        Ok(written)
    }
}

struct Writer<'a>(&'a mut Written);

impl<'de> DeserializeSeed<'de> for Writer<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Writer<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.0.push("null");
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.0.push_value(&value)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.0.push_value(&value)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.0.push_value(&value)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.0.push_value(&value)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.0.push_value(&value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.0.push("[");
        while items.next_element_seed(Writer(&mut *self.0))?.is_some() {
            self.0.push(",");
        }
        self.0.close(']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        self.0.push("{");
        while let Some(key) = members.next_key::<String>()? {
            self.0.push_value(&key)?;
            self.0.push(":");
            self.0.has_twin_keys |= !keys.insert(key);
            members.next_value_seed(Writer(&mut *self.0))?;
            self.0.push(",");
        }
        self.0.close('}');
        Ok(())
    }
}

impl Written {
    /// Ends a list: its last item is followed by a comma.
    fn close(&mut self, bracket: char) {
        if self.text.ends_with(',') {
            self.text.pop();
        }
        self.push(bracket.encode_utf8(&mut [0; 4]));
    }
}

#[cfg(feature = "openapi")]
fn schema() -> schemars::schema::SchemaObject {
    use schemars::schema::{InstanceType, ObjectValidation, Schema, SchemaObject};
    let object =
        ObjectValidation { additional_properties: Some(Box::new(Schema::Bool(true))), ..ObjectValidation::default() };
    let mut schema = SchemaObject {
        instance_type: Some(InstanceType::Object.into()),
        object: Some(Box::new(object)),
        ..SchemaObject::default()
    };
    schema.extensions.insert("example".to_owned(), serde_json::json!({"order": 1042}));
    schema
}

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for MetadataView {
    fn is_referenceable() -> bool {
        false
    }

    fn schema_name() -> String {
        "Metadata".to_owned()
    }

    fn json_schema(_: &mut schemars::r#gen::SchemaGenerator) -> schemars::schema::Schema {
        schema().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Optional;
    use proptest::prelude::*;

    #[derive(Debug, Deserialize)]
    struct Plain {
        #[serde(default)]
        metadata: Optional<Metadata>,
    }

    /// As in the data of frames, which contain bodies.
    #[derive(Debug, Deserialize)]
    struct Flat {
        #[serde(flatten)]
        inner: Plain,
    }

    fn both(json: &str) -> [Result<Option<String>, Problem>; 2] {
        let body = format!(r#"{{"metadata":{json}}}"#);
        let plain: Plain = serde_json::from_str(&body).expect("an object");
        let flat: Flat = serde_json::from_str(&body).expect("an object");
        [plain, flat.inner].map(|body| match body.metadata {
            Optional::Given(metadata) => Ok(Some(metadata.into_string())),
            Optional::Faulty(problem) => Err(problem),
            Optional::Null | Optional::Absent => Ok(None),
        })
    }

    #[test]
    fn keys_keep_their_order_and_numbers_their_value() {
        let sent = r#" { "b" : [ 1 , -2, 0.5, 18446744073709551615, 1e300, [], {} ], "a": {"é\n": null}, "": true } "#;
        let kept = r#"{"b":[1,-2,0.5,18446744073709551615,1e+300,[],{}],"a":{"é\n":null},"":true}"#;
        assert_eq!(both(sent), [Ok(Some(kept.to_owned())), Ok(Some(kept.to_owned()))]);
        assert_eq!(both("null"), [Ok(None), Ok(None)]);
        let view = MetadataView::from(Metadata::parse(kept).expect("an object"));
        let written = serde_json::to_string(&view).expect("JSON");
        assert_eq!(written, kept);
        assert_eq!(serde_json::from_str::<MetadataView>(&written).expect("metadata"), view);
    }

    proptest! {
        #[test]
        fn numbers_come_back_as_they_were_sent(number: f64) {
            prop_assume!(number.is_finite());
            let sent = serde_json::json!({ "number": number }).to_string();
            let [plain, flat] = both(&sent).map(|read| read.expect("an object").expect("metadata"));
            prop_assert_eq!(&plain, &flat);
            let view: MetadataView = serde_json::from_str(&plain).expect("a view");
            let back: serde_json::Value =
                serde_json::from_str(&serde_json::to_string(&view).expect("JSON")).expect("JSON");
            prop_assert_eq!(back["number"].as_f64().map(f64::to_bits), Some(number.to_bits()));
        }
    }

    #[test]
    fn what_is_no_small_object_with_keys_of_its_own_is_refused() {
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(10_000));
        for (sent, problem) in [
            ("[1]", "must be a JSON object"),
            ("7", "must be a JSON object"),
            (r#""{}""#, "must be a JSON object"),
            (r#"{"a":1,"a":1}"#, "must not have a key twice in one object"),
            (r#"{"a":[[[[[[[[]]]]]]]]}"#, "must be nested at most 8 levels deep"),
            (long.as_str(), "must have at most 4096 bytes"),
        ] {
            assert_eq!(both(sent), [Err(problem.into()), Err(problem.into())], "{sent}");
        }
    }
}
