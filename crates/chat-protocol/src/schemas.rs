//! The schemas of views, in a form that people and generators of clients can read.

use chat_domain::ErrorCode;
use schemars::JsonSchema;
use schemars::r#gen::SchemaGenerator;
use schemars::schema::{InstanceType, Schema, SchemaObject};
use serde_json::{Map as Object, Value, json};

/// Patterns (ECMA-262) that describe in the documents what the domain's parsers accept. They do not show what a parser
/// tolerates, such as blanks around a value.
pub mod patterns {
    /// Text without the given characters, and with at least one visible character: not a blank or one of the best-known
    /// invisible characters. (`\p` would be exact, but many programs read patterns without the flag `u`.)
    macro_rules! seen {
        ($refused:literal) => {
            concat!(
                "^[^",
                $refused,
                "]*[^",
                $refused,
                r"\s\u00ad\u0300-\u036f\u115f\u1160\u200b-\u200f\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0",
                r"\ufff0-\uffff",
                "][^",
                $refused,
                "]*$"
            )
        };
    }

    /// One line without control characters and without characters that reorder text.
    pub const LINE: &str = seen!(r"\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069");
    /// The text of a search: one line without control characters.
    pub const SEARCH: &str = seen!(r"\u0000-\u001f\u007f-\u009f\u2028\u2029");
    /// Text without control characters except line breaks and tabs.
    pub const PARAGRAPH: &str = seen!(r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f");
    /// A new password: no control characters.
    pub const PASSWORD: &str = seen!(r"\u0000-\u001f\u007f-\u009f");
    /// A secret that is compared.
    pub const SECRET: &str = r"^[^\u0000]+$";
    /// Visible ASCII characters.
    pub const VISIBLE_ASCII: &str = "^[!-~]+$";
    /// The alphabet of usernames.
    pub const USERNAME: &str = "^[A-Za-z0-9._-]+$";
    /// A message's number in its conversation.
    pub const SEQ: &str = "^[0-9]{1,18}$";
    /// A position as a cursor, or nothing.
    pub const SEQ_CURSOR: &str = "^([0-9]{1,18})?$";
    /// A message's id, or its number in its conversation.
    pub const ANCHOR: &str = "^([0-9]{1,18}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$";
    /// A place in a list of participants; empty for its beginning.
    pub const PARTICIPANT_CURSOR: &str = "^(-?[0-9]{1,19}-[0-9a-fA-F]{32})?$";
    /// A position in a list of conversations; empty for its beginning.
    pub const LIST_CURSOR: &str = "^([on]-?[0-9]{1,18}-[0-9a-fA-F]{32})?$";
}

/// Marks a property that is sometimes omitted although its value can be `null`.
const LEFT_OUT: &str = "x-left-out";

/// Returns the schema of an `Option` that is omitted if it is `None`, and never `null`.
pub(crate) fn left_out<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// Returns the schema of an `Option` that is `null` if it is `None`, in an object that is sometimes omitted.
pub(crate) fn left_out_or_null<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = generator.subschema_for::<Option<T>>().into_object();
    schema.extensions.insert(LEFT_OUT.to_owned(), true.into());
    schema.into()
}

/// Returns the schema of [`ErrorCode`]'s names.
pub(crate) fn error_code(_: &mut SchemaGenerator) -> Schema {
    SchemaObject {
        instance_type: Some(InstanceType::String.into()),
        enum_values: Some(ErrorCode::ALL.iter().map(|code| code.as_str().into()).collect()),
        ..SchemaObject::default()
    }
    .into()
}

/// Brings the schemas of a document into their final form. An enum becomes one `enum` instead of a choice of enums with
/// one value. In objects that the server sends, properties that may be `null` become required, because they are always
/// present.
pub fn finish(schemas: &mut Object<String, Value>) {
    for (name, schema) in schemas {
        merge_enums(schema);
        if is_sent_by_the_server(name) {
            require_nullable(schema);
        }
    }
}

fn is_sent_by_the_server(name: &str) -> bool {
    name == "ErrorBody" || !(name.ends_with("Body") || name.ends_with("Data"))
}

fn merge_enums(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.values_mut().for_each(merge_enums);
            if let Some((values, meanings)) = map.get("oneOf").and_then(single_values) {
                let described = map.get("description").and_then(Value::as_str).unwrap_or_default();
                let description = format!("{described}\n\n{meanings}").trim().to_owned();
                map.remove("oneOf");
                map.extend([
                    ("type".to_owned(), "string".into()),
                    ("enum".to_owned(), values.into()),
                    ("description".to_owned(), description.into()),
                ]);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(merge_enums),
        _ => {}
    }
}

/// Returns the values of a choice of string enums, and a list of their meanings.
fn single_values(choices: &Value) -> Option<(Vec<Value>, String)> {
    let choices = choices.as_array()?;
    let (mut values, mut meanings) = (Vec::new(), Vec::new());
    for choice in choices {
        if choice["type"] != "string" {
            return None;
        }
        for value in choice["enum"].as_array()? {
            if let (Some(name), Some(meaning)) = (value.as_str(), choice["description"].as_str()) {
                meanings.push(format!("- `{name}`: {meaning}"));
            }
            values.push(value.clone());
        }
    }
    Some((values, meanings.join("\n")))
}

fn require_nullable(schema: &mut Value) {
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    let mut always = Vec::new();
    for (name, property) in properties {
        let is_left_out = property.as_object_mut().is_some_and(|property| property.remove(LEFT_OUT).is_some());
        if may_be_null(property) && !is_left_out {
            always.push(name.clone());
        }
    }
    if always.is_empty() {
        return;
    }
    if let Some(Value::Array(required)) = schema.get("required") {
        always.extend(required.iter().filter_map(|name| name.as_str().map(str::to_owned)));
    }
    always.sort_unstable();
    always.dedup();
    schema["required"] = json!(always);
}

/// Returns whether a schema accepts `null`, in the form of `OpenAPI` 3.0 or of JSON Schema.
fn may_be_null(schema: &Value) -> bool {
    let is_null = |kind: &Value| kind == "null" || kind.as_array().is_some_and(|kinds| kinds.contains(&"null".into()));
    let takes_null = |choices: &Value| choices.as_array().is_some_and(|choices| choices.iter().any(may_be_null));
    schema["nullable"] == true || is_null(&schema["type"]) || takes_null(&schema["anyOf"])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(name: &str, schema: Value) -> Value {
        let mut schemas = Object::from_iter([(name.to_owned(), schema)]);
        finish(&mut schemas);
        schemas.remove(name).unwrap_or_default()
    }

    #[test]
    fn a_choice_of_single_values_is_one_enum_that_says_what_each_means() {
        let choices = json!({"description": "A light.", "oneOf": [
            {"type": "string", "enum": ["red"], "title": "red", "description": "Stop."},
            {"type": "string", "enum": ["green"], "title": "green", "description": "Go."},
        ]});
        let expected = json!({
            "description": "A light.\n\n- `red`: Stop.\n- `green`: Go.", "type": "string", "enum": ["red", "green"]
        });
        assert_eq!(finished("Light", choices), expected);
        let mixed = json!({"oneOf": [{"type": "string", "enum": ["red"]}, {"type": "integer"}]});
        assert_eq!(finished("Mixed", mixed.clone()), mixed);
    }

    #[test]
    fn what_the_server_sends_has_every_property_that_may_be_null() {
        let schema = json!({
            "properties": {
                "old": {"type": "string", "nullable": true},
                "new": {"type": ["string", "null"]},
                "choice": {"anyOf": [{"$ref": "#/x"}, {"type": "null"}]},
                "plain": {"type": "string"},
                "left": {"type": "string", "nullable": true, "x-left-out": true},
                "sure": {"type": "string"},
            },
            "required": ["sure"],
        });
        let view = finished("AView", schema.clone());
        assert_eq!(view["required"], json!(["choice", "new", "old", "sure"]));
        assert_eq!(view["properties"]["left"], json!({"type": "string", "nullable": true}));
        assert_eq!(finished("ABody", schema)["required"], json!(["sure"]));
    }
}
