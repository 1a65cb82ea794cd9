use super::*;
use std::collections::HashSet;

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref") {
                found.push(reference.clone());
            }
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

fn follow<'document>(document: &'document Value, reference: &Value) -> &'document Value {
    let pointer = reference["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')).expect("a reference");
    document.pointer(pointer).unwrap_or_else(|| panic!("{pointer} dangles"))
}

/// The names on the wire of all messages of a channel's operations of this kind.
fn told(document: &Value, dialect: Dialect, action: &str) -> HashSet<String> {
    let channel = json!({"$ref": format!("#/channels/{}", dialect.as_str())});
    let operations = document["operations"].as_object().expect("operations").values();
    let operations = operations.filter(|operation| operation["action"] == action && operation["channel"] == channel);
    let messages = operations.flat_map(|operation| operation["messages"].as_array().expect("messages"));
    messages
        .map(|reference| {
            let message = follow(document, follow(document, reference));
            let event = message["payload"]["properties"]["event"]["const"].as_str().expect("a name");
            assert_eq!(message["name"], event);
            event.to_owned()
        })
        .collect()
}

#[test]
fn every_command_and_event_of_the_table_is_a_message_of_its_dialect_and_nothing_else_is() {
    let document = asyncapi();
    for dialect in Dialect::ALL {
        let commands = COMMANDS.iter().flat_map(|row| row.names).filter(|entry| entry.dialect == *dialect);
        let commands: HashSet<_> = commands.map(|entry| entry.name.to_owned()).collect();
        assert_eq!(told(&document, *dialect, "receive"), commands, "{dialect:?}");
        let events = EVENTS.iter().flat_map(|row| row.names).filter(|entry| entry.dialect == *dialect);
        let events: HashSet<_> = events.map(|entry| entry.name.to_owned()).collect();
        assert_eq!(told(&document, *dialect, "send"), events, "{dialect:?}");
    }
}

#[test]
fn every_message_has_the_schema_of_its_data() {
    let document = asyncapi();
    let messages = document["components"]["messages"].as_object().expect("messages");
    for (key, message) in messages {
        let payload = &message["payload"];
        assert_eq!(payload["type"], "object", "{key}");
        let data = &payload["properties"]["data"];
        let schema = if data["$ref"].is_string() { follow(&document, data) } else { data };
        assert!(schema["type"] == "object", "{key} carries {schema}");
        assert!(message["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{key}");
    }
    let received = &document["components"]["schemas"]["MessageView"];
    assert!(received["required"].as_array().expect("fields").contains(&json!("pos")), "{received}");
}

#[test]
fn no_reference_dangles_and_no_schema_is_left_over() {
    let document = asyncapi();
    let mut found = Vec::new();
    references(&document, &mut found);
    for reference in &found {
        follow(&document, &json!({"$ref": reference}));
    }
    for name in document["components"]["schemas"].as_object().expect("schemas").keys() {
        assert!(found.contains(&format!("#/components/schemas/{name}")), "nothing refers to {name}");
    }
}

#[test]
fn every_command_is_answered_by_an_ack_of_its_own_or_an_error() {
    let document = asyncapi();
    for (key, operation) in document["operations"].as_object().expect("operations") {
        let Some(answers) = operation["reply"]["messages"].as_array() else {
            assert_eq!(operation["action"], "send", "{key}");
            continue;
        };
        let names: Vec<_> =
            answers.iter().map(|answer| follow(&document, follow(&document, answer))["name"].clone()).collect();
        assert_eq!(names, ["ack", "error"], "{key}");
    }
}

#[test]
fn schemas_say_null_as_json_schema_does() {
    let text = asyncapi().to_string();
    assert!(!text.contains(r#""nullable""#) && !text.contains(r#""example":"#), "keywords of OpenAPI");
    assert!(text.contains(r#""null""#));
}

#[test]
fn names_in_the_document_have_no_signs_that_tools_stumble_over() {
    let document = asyncapi();
    for part in ["/channels", "/operations", "/components/messages", "/components/schemas"] {
        for key in document.pointer(part).and_then(Value::as_object).expect("an object").keys() {
            assert!(key.chars().all(|sign| sign.is_ascii_alphanumeric() || "._-".contains(sign)), "{key}");
        }
    }
}
