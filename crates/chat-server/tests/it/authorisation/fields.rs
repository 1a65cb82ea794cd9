//! Finds the fields of the documented requests and commands that name a user or an object, by their type and name.

use super::operations::{name_of, operations};
use chat_protocol::realtime::{COMMANDS, asyncapi};
use serde_json::Value;
use std::collections::BTreeSet;

/// Returns `operationId.field` for each field of a request.
pub(super) fn of_operations(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for operation in operations(document) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let parameters =
            parameters.map(|parameter| (parameter["name"].as_str().unwrap_or_default(), &parameter["schema"]));
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        for (name, schema) in parameters.chain(properties(document, body)) {
            if names_something(name, schema) {
                found.insert(format!("{}.{name}", name_of(operation)));
            }
        }
    }
    found
}

/// Returns `command.field` for each field of a command. A field of a nested object has its own name.
pub(super) fn of_commands() -> BTreeSet<String> {
    let document = asyncapi();
    let mut found = BTreeSet::new();
    for entry in COMMANDS.iter().flat_map(|row| row.names) {
        let schema = &document["components"]["schemas"][entry.payload];
        assert!(schema.is_object(), "{} of {} has no schema", entry.payload, entry.name);
        let outer: Vec<_> = properties(&document, schema).collect();
        let inner = outer.iter().flat_map(|(_, schema)| properties(&document, schema));
        for (name, schema) in outer.iter().copied().chain(inner) {
            if names_something(name, schema) || name == "token" {
                found.insert(format!("{}.{name}", entry.name));
            }
        }
    }
    found
}

/// Returns the properties of an object schema, and follows references.
fn properties<'a>(document: &'a Value, schema: &'a Value) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let reference = [schema, &schema["allOf"][0]].into_iter().find_map(|schema| schema["$ref"].as_str());
    let schema = match reference {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("the schema referred to"),
        None => schema,
    };
    schema["properties"].as_object().into_iter().flatten().map(|(name, schema)| (name.as_str(), schema))
}

/// Whether the field holds UUIDs, or has the name of such a field.
fn names_something(name: &str, schema: &Value) -> bool {
    let is_id = [schema, &schema["items"]].iter().any(|schema| schema["format"] == "uuid");
    let is_called_so =
        name.ends_with("Id") || ["before", "after", "around", "inviteCode", "q", "forwardOf"].contains(&name);
    is_id || is_called_so
}
