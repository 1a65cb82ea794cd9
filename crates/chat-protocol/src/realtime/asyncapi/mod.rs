//! The `AsyncAPI` 3.0 document of the plain WebSocket, generated from the table: a channel per dialect, a message per
//! command, event and acknowledgement, and an operation per command and event. As `AsyncAPI` requires, operations
//! describe the server's side: it *receives* commands and *sends* events. `docs/realtime.md` describes what types
//! cannot show, such as guarantees and how to reconnect.

mod frames;
mod texts;

use super::{COMMANDS, CloseCode, Dialect, EVENTS, SchemaOf};
use chat_domain::ErrorCode;
use frames::{Frame, Kind};
use schemars::r#gen::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// The version of the specification that the document follows.
const SPECIFICATION: &str = "3.0.0";

/// Returns the document.
pub fn asyncapi() -> Value {
    let mut generator = SchemaSettings::draft07()
        .with(|settings| {
            "#/components/schemas/".clone_into(&mut settings.definitions_path);
            settings.meta_schema = None;
        })
        .into_generator();
    let frames: Vec<_> = Dialect::ALL.iter().map(|dialect| (*dialect, frames_of(*dialect))).collect();
    let mut messages = Map::new();
    let mut channels = Map::new();
    let mut operations = Map::new();
    for (dialect, frames) in &frames {
        for frame in frames {
            messages.insert(frame.key(), frame.message(&mut generator));
            operations.extend(frame.operation());
        }
        channels.insert(dialect.as_str().to_owned(), channel(*dialect, frames));
    }
    json!({
        "asyncapi": SPECIFICATION,
        "info": {
            "title": "Chat, realtime",
            "version": env!("CARGO_PKG_VERSION"),
            "description": texts::ABOUT,
            "license": {"name": "MIT OR Apache-2.0", "url": "https://spdx.org/licenses/"},
            "tags": Dialect::ALL.iter().map(|dialect| frames::tag(*dialect)).collect::<Vec<_>>(),
        },
        "defaultContentType": "application/json",
        "servers": {"local": {
            "host": "127.0.0.1:3000",
            "pathname": "/api/v1",
            "protocol": "ws",
            "description": "A server with default settings. The protocol is wss behind a proxy that terminates TLS.",
            "security": [{"$ref": "#/components/securitySchemes/bearer"}],
        }},
        "channels": channels,
        "operations": operations,
        "components": {
            "securitySchemes": {"bearer": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": texts::SIGNING_IN,
            }},
            "tags": Dialect::ALL.iter().map(|dialect| (dialect.as_str(), tag(*dialect))).collect::<HashMap<_, _>>(),
            "messages": messages,
            "schemas": schemas(&mut generator),
        },
        "x-close-codes": CloseCode::ALL
            .iter()
            .map(|code| json!({"code": code.number(), "reason": code.reason()}))
            .collect::<Vec<_>>(),
        "x-error-codes": ErrorCode::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>(),
    })
}

/// Returns all frames of a connection of this dialect: each name once per direction, and the answers to commands.
fn frames_of(dialect: Dialect) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    let mut add = |kind: Kind, name: &'static str, what: &'static str, schema: SchemaOf| {
        match frames.iter_mut().find(|frame| (frame.kind, frame.name) == (kind, name)) {
            // A name of two rows has both summaries.
            Some(known) => known.what.push(what),
            None => frames.push(Frame { dialect, kind, name, what: vec![what], schema }),
        }
    };
    for row in COMMANDS {
        for entry in row.names.iter().filter(|entry| entry.dialect == dialect) {
            add(Kind::Command, entry.name, row.what, entry.schema);
            add(Kind::Ack, entry.name, "the command succeeded", entry.answer_schema);
        }
    }
    for row in EVENTS {
        for entry in row.names.iter().filter(|entry| entry.dialect == dialect) {
            add(Kind::Event, entry.name, row.what, entry.schema);
        }
    }
    frames
}

fn tag(dialect: Dialect) -> Value {
    json!({"name": dialect.as_str(), "description": texts::channel(dialect)})
}

fn channel(dialect: Dialect, frames: &[Frame]) -> Value {
    let messages: Map<_, _> = frames
        .iter()
        .map(|frame| (frame.key(), json!({"$ref": format!("#/components/messages/{}", frame.key())})))
        .collect();
    json!({
        "address": "/ws",
        "title": format!("The WebSocket in the dialect {}", dialect.as_str()),
        "description": texts::channel(dialect),
        "servers": [{"$ref": "#/servers/local"}],
        "tags": [frames::tag(dialect)],
        "messages": messages,
        "bindings": {"ws": {
            "bindingVersion": "0.1.0",
            "method": "GET",
            "query": {
                "type": "object",
                "properties": {
                    "dialect": {
                        "type": "string",
                        "const": dialect.as_str(),
                        "description": "The dialect of the events that the connection receives. The default is colon.",
                    },
                    "resume": {
                        "type": "string",
                        "const": "true",
                        "description": "The first frame is resume; the server holds events back until then.",
                    },
                },
            },
            "headers": {
                "type": "object",
                "properties": {
                    "Authorization": {"type": "string", "description": "Bearer and an access token."},
                    "Sec-WebSocket-Protocol": {
                        "type": "string",
                        "description": "For browsers: bearer and an access token, separated by a comma.",
                    },
                },
            },
        }},
    })
}

fn schemas(generator: &mut SchemaGenerator) -> Value {
    let mut definitions = generator.take_definitions();
    for schema in definitions.values_mut() {
        for visitor in generator.visitors_mut() {
            visitor.visit_schema(schema);
        }
    }
    let mut schemas = definitions.into_iter().map(|(name, schema)| (name, json!(schema))).collect();
    crate::schemas::finish(&mut schemas);
    let mut schemas = Value::Object(schemas);
    frames::name_examples(&mut schemas);
    schemas
}

#[cfg(test)]
mod tests;
