use super::super::{Both, Dialect, MAX_FRAME_ID_CHARS, SchemaOf};
use schemars::r#gen::SchemaGenerator;
use serde_json::{Map, Value, json};

/// The direction and the purpose of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// From a client: a command.
    Command,
    /// To a client: the acknowledgement of a command.
    Ack,
    /// To a client: an event.
    Event,
}

/// One message of the document.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) dialect: Dialect,
    pub(super) kind: Kind,
    /// The name on the wire; for an acknowledgement, the name of its command.
    pub(super) name: &'static str,
    /// The summaries, one per row of the table.
    pub(super) what: Vec<&'static str>,
    pub(super) schema: SchemaOf,
}

impl Frame {
    /// Its name in the document: unique, although a name may exist in both directions, and without colons.
    pub(super) fn key(&self) -> String {
        let kind = match self.kind {
            Kind::Command => "command",
            Kind::Ack => "ack",
            Kind::Event => "event",
        };
        key_of(self.dialect, kind, self.name)
    }

    pub(super) fn message(&self, generator: &mut SchemaGenerator) -> Value {
        let event = if self.kind == Kind::Ack { "ack" } else { self.name };
        let mut message = json!({
            "name": event,
            "title": if self.kind == Kind::Ack { format!("ack of {}", self.name) } else { self.name.to_owned() },
            "summary": self.summary(),
            "tags": [tag(self.dialect)],
            "payload": self.payload(event, generator),
        });
        if self.is_answer() || self.kind == Kind::Command {
            message["correlationId"] = json!({
                "description": "The id of the command, which its answer repeats.",
                "location": "$message.payload#/id",
            });
        }
        message
    }

    /// The operation that sends or receives this frame. An acknowledgement belongs to the operation of its command.
    pub(super) fn operation(&self) -> Option<(String, Value)> {
        let channel = json!({"$ref": format!("#/channels/{}", self.dialect.as_str())});
        let in_channel = |key: &str| json!({"$ref": format!("#/channels/{}/messages/{key}", self.dialect.as_str())});
        let mut operation = json!({
            "channel": channel,
            "title": self.name,
            "summary": self.summary(),
            "description": self.description(),
            "tags": [tag(self.dialect)],
            "messages": [in_channel(&self.key())],
        });
        match self.kind {
            Kind::Ack => return None,
            Kind::Event => operation["action"] = json!("send"),
            Kind::Command => {
                operation["action"] = json!("receive");
                let answers = [("ack", self.name), ("event", Both::ERROR.as_str())];
                let answers = answers.map(|(kind, name)| in_channel(&key_of(self.dialect, kind, name)));
                operation["reply"] = json!({"channel": channel, "messages": answers});
            }
        }
        Some((self.key(), operation))
    }

    fn summary(&self) -> String {
        let mut summary = self.what.join("; or ");
        if let Some(first) = summary.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        summary
    }

    fn description(&self) -> &'static str {
        match self.kind {
            Kind::Command => "Sent by the client. A frame with an id is answered by an ack or an error.",
            Kind::Ack => "Sent by the server, as the answer to a command that has an id.",
            Kind::Event => "Sent by the server.",
        }
    }

    /// Returns whether the frame names the command that it answers.
    fn is_answer(&self) -> bool {
        self.kind == Kind::Ack || (self.kind == Kind::Event && self.name == Both::ERROR.as_str())
    }

    /// Returns the schema of the whole frame, as [`ClientFrame`](crate::realtime::ClientFrame) reads it and
    /// [`Gateway`](crate::realtime::Gateway) writes it.
    fn payload(&self, event: &str, generator: &mut SchemaGenerator) -> Value {
        let mut data = json!((self.schema)(generator));
        name_examples(&mut data);
        let mut properties = Map::from_iter([
            ("event".to_owned(), json!({"type": "string", "const": event})),
            ("data".to_owned(), data),
        ]);
        let mut required = vec!["event", "data"];
        match self.kind {
            Kind::Command => {
                let id = json!({
                    "type": "string",
                    "maxLength": MAX_FRAME_ID_CHARS,
                    "description": "If sent, the server answers with an ack or an error of this id.",
                });
                properties.insert("id".to_owned(), id);
            }
            Kind::Ack | Kind::Event if self.is_answer() => {
                let id =
                    json!({"type": "string", "description": "The id of the command. Omitted if the command had none."});
                properties.insert("id".to_owned(), id);
                if self.kind == Kind::Ack {
                    required.push("id");
                }
            }
            Kind::Ack | Kind::Event => {}
        }
        json!({"type": "object", "required": required, "properties": properties})
    }
}

/// A reference to the tag of a dialect.
pub(super) fn tag(dialect: Dialect) -> Value {
    json!({"$ref": format!("#/components/tags/{}", dialect.as_str())})
}

fn key_of(dialect: Dialect, kind: &str, name: &str) -> String {
    format!("{}.{kind}.{}", dialect.as_str(), name.replace(':', "-"))
}

/// Converts `example` to `examples`: `OpenAPI` 3.0 has one example, JSON Schema a list.
pub(super) fn name_examples(value: &mut Value) {
    match value {
        Value::Object(map) => {
            // Among properties, `example` would be a field with that name.
            if map.get("type").is_some_and(|kind| kind.is_string() || kind.is_array())
                && let Some(example) = map.remove("example")
            {
                map.insert("examples".to_owned(), json!([example]));
            }
            map.values_mut().for_each(name_examples);
        }
        Value::Array(items) => items.iter_mut().for_each(name_examples),
        _ => {}
    }
}
