use super::{failures, realtime};
use crate::rest::routes;
use actix_service::{IntoServiceFactory as _, Service as _, ServiceFactory as _};
use actix_web::body::to_bytes;
use actix_web::dev::AppConfig;
use actix_web::test::TestRequest;
use apistos::app::OpenApiWrapper as _;
use apistos::info::{Contact, Info, License};
use apistos::reference_or::ReferenceOr;
use apistos::server::Server;
use apistos::spec::Spec;
use apistos::tag::Tag;
use apistos::{ApiComponent, Schema};
use chat_protocol::ErrorBody;
use serde_json::{Map, Value, json};

const PATH: &str = "/document";

const ABOUT: &str = "A chat backend: accounts, direct and group conversations, messages that are stored durably and \
delivered in order, read positions, presence and typing.\n\n\
Every success is `{success, statusCode, data, pagination?}`. Every failure is an `ErrorBody`, with a stable `code` for \
machines and sentences for people. Times are RFC 3339 in UTC, ids are UUIDs. Unknown fields in a body are refused.\n\n\
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
            license: Some(License { name: "MIT OR Apache-2.0".to_owned(), ..License::default() }),
            contact: None::<Contact>,
            ..Info::default()
        },
        tags: vec![
            tag("Auth", "Signing up, signing in, and the list of devices."),
            tag("Users", "Oneself, others, and who is online."),
            tag("Conversations", "Conversations and who takes part in them."),
            tag("Messages", "Messages and read positions."),
            tag(
                "Chat",
                "Private chats and groups, under names of their own: the same messages, conversations and read positions.",
            ),
            tag("Realtime", realtime::ABOUT),
            tag("Health", "For load balancers."),
        ],
        // Relative to where the document is served: behind a proxy that strips a path prefix it is below that prefix.
        servers: vec![Server { url: "..".to_owned(), ..Server::default() }],
        ..Spec::default()
    }
}

/// The document, pretty, with every object in the order of its names: the same bytes for the same code. Empty where it
/// cannot be made, which a test rules out.
pub fn openapi_json() -> String {
    // The framework gives it to a request alone, on a runtime of its own kind: hence a thread.
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
    let schemas = document["components"]["schemas"].as_object_mut();
    let named = ErrorBody::schema().into_iter().chain(ErrorBody::child_schemas()).chain(realtime::schemas());
    if let Some(schemas) = schemas {
        for (name, schema) in named {
            schemas.insert(name, plain(schema));
        }
        for (name, schema) in schemas.iter_mut() {
            // Bodies refuse what they do not know; what clients may send all the same is ignored and not advertised.
            if name.ends_with("Body") && name != "ErrorBody" {
                schema["additionalProperties"] = json!(false);
            }
        }
    }
    let schemas = document["components"]["schemas"].clone();
    for (path, methods) in document["paths"].as_object_mut().into_iter().flatten() {
        for (_, operation) in methods.as_object_mut().into_iter().flatten() {
            failures::complete(path, operation, &schemas);
        }
    }
    document
}

fn plain(schema: ReferenceOr<Schema>) -> Value {
    serde_json::to_value(schema).unwrap_or_default()
}

/// Whether the JSON library keeps the order of insertion depends on what else is built beside it.
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
