use super::{failures, realtime, rules};
use crate::paths::SOCKET_PATH;
use crate::rest::routes;
use actix_service::{IntoServiceFactory as _, Service as _, ServiceFactory as _};
use actix_web::body::to_bytes;
use actix_web::dev::AppConfig;
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use apistos::app::OpenApiWrapper as _;
use apistos::info::{Contact, Info, License};
use apistos::reference_or::ReferenceOr;
use apistos::server::Server;
use apistos::spec::Spec;
use apistos::tag::Tag;
use apistos::{ApiComponent, Schema};
use chat_domain::ErrorCode;
use chat_protocol::ErrorBody;
use serde_json::{Map, Value, json};

const PATH: &str = "/document";

const ABOUT: &str = "A chat backend: accounts, direct and group conversations, durable messages in order, read \
positions, presence and typing.\n\n\
A success is `{success, statusCode, data, pagination?}`. A failure is an `ErrorBody`, with a stable `code` for \
programs and sentences for people. Times are RFC 3339 in UTC, ids are UUIDs. A body with an unknown field is \
rejected.\n\n\
Sign in with `POST /api/v1/auth/login` and send `Authorization: Bearer <accessToken>`.";

fn spec() -> Spec {
    let tag = |name: &str, description: &str| Tag {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        ..Tag::default()
    };
    Spec {
        info: Info {
            title: "Chat".to_owned(),
            description: Some(ABOUT.to_owned()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            license: Some(License {
                name: "MIT OR Apache-2.0".to_owned(),
                url: Some("https://spdx.org/licenses/".to_owned()),
                ..License::default()
            }),
            contact: None::<Contact>,
            ..Info::default()
        },
        tags: vec![
            tag("Auth", "Registration, sign-in, tokens and sessions."),
            tag("Users", "The caller's account, other users, and who is online."),
            tag("Conversations", "Conversations and their participants."),
            tag("Messages", "Messages and read positions."),
            tag("Threads", "Threads of messages, and who follows them."),
            tag(
                "Chat",
                "Other names for private chats and groups: the same conversations, messages and read positions.",
            ),
            tag("Realtime", &realtime::about()),
            tag("Health", "Probes for load balancers and orchestrators."),
        ],
        // Relative to the document's address, so that it also works behind a proxy that strips a path prefix.
        servers: vec![Server { url: "..".to_owned(), ..Server::default() }],
        ..Spec::default()
    }
}

/// Returns the document, indented, with the keys of every object sorted, so that the output is deterministic. Empty if
/// the generation fails, which a test excludes.
pub fn openapi_json() -> String {
    // The framework returns the document only as a response, on its own kind of runtime, which needs a thread.
    let generated = std::thread::spawn(|| actix_web::rt::System::new().block_on(generated())).join();
    match generated {
        Ok(Some(document)) => serde_json::to_string_pretty(&sorted(completed(document))).unwrap_or_default(),
        _ => String::new(),
    }
}

async fn generated() -> Option<Value> {
    let app = actix_web::App::new().document(spec()).configure(routes).build(PATH);
    let service = app.into_factory().new_service(AppConfig::default()).await.ok()?;
    let response = service.call(TestRequest::with_uri(PATH).to_request()).await.ok()?;
    let body = to_bytes(response.into_body()).await.ok()?;
    serde_json::from_slice(&body).ok()
}

fn completed(mut document: Value) -> Value {
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        for (name, schema) in ErrorBody::schema().into_iter().chain(ErrorBody::child_schemas()) {
            schemas.insert(name, plain(schema));
        }
        chat_protocol::schemas::finish(schemas);
        for (name, schema) in schemas.iter_mut() {
            name_null(schema);
            // Bodies reject unknown fields. Fields that are accepted but ignored are not documented.
            if name.ends_with("Body") && name != "ErrorBody" {
                schema["additionalProperties"] = json!(false);
                rules::add(name, schema);
            }
        }
    }
    let schemas = document["components"]["schemas"].clone();
    for (path, methods) in document["paths"].as_object_mut().into_iter().flatten() {
        for (_, operation) in methods.as_object_mut().into_iter().flatten() {
            failures::complete(path, operation, &schemas);
            if path.ends_with(SOCKET_PATH) {
                add_upgrade_required(&mut operation["responses"]);
            }
            // An operation without requirements states that it is open to everyone.
            if operation["security"].is_null() {
                operation["security"] = json!([]);
            }
        }
    }
    document
}

/// Documents the only failure whose status does not follow from its code: an unsupported version of WebSocket (RFC 6455
/// §4.4).
fn add_upgrade_required(responses: &mut Value) {
    let mut response = responses["400"].clone();
    let status = StatusCode::UPGRADE_REQUIRED;
    let reason = json!(status.canonical_reason());
    response["description"] = reason.clone();
    let example = &mut response["content"]["application/json"]["examples"][ErrorCode::ProtocolError.as_str()]["value"];
    example["statusCode"] = json!(status.as_u16());
    example["error"] = reason;
    example["message"] = json!(["This is a WebSocket: Sec-WebSocket-Version must be 13"]);
    response["headers"] = json!({"Sec-WebSocket-Version": {
        "description": "The version that the server speaks.",
        "schema": {"type": "string", "enum": ["13"]}
    }});
    responses[status.as_str()] = response;
}

fn plain(schema: ReferenceOr<Schema>) -> Value {
    serde_json::to_value(schema).unwrap_or_default()
}

/// `OpenAPI` 3.0 has no type for `null`: writes a nullable reference as a choice.
fn name_null(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("nullable") == Some(&json!(true))
                && let Some(Value::Array(mut choices)) = map.remove("allOf")
            {
                map.remove("nullable");
                choices.push(only_null());
                map.insert("oneOf".to_owned(), choices.into());
            }
            map.values_mut().for_each(name_null);
        }
        Value::Array(items) => items.iter_mut().for_each(name_null),
        _ => {}
    }
}

/// The schema that accepts only `null`.
pub(crate) fn only_null() -> Value {
    json!({"type": "string", "nullable": true, "enum": [null]})
}

/// Sorts the keys of every object: whether the JSON library keeps their order depends on the features that other crates
/// enable.
pub(crate) fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(entries.into_iter().collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}
