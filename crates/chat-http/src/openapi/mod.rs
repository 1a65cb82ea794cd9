//! The OpenAPI document: generated from the handlers by apistos, completed with every failure, and served from a
//! snapshot.
//!
//! apistos would clone and serialise the document per request, so the server serves the committed `openapi.json`. A
//! test compares it with the generated document. After a change:
//! `cargo run -- openapi > openapi.new && mv openapi.new openapi.json`, since the build reads the old file.

mod docs;
mod failures;
mod generate;
mod realtime;
mod rules;

pub use generate::openapi_json;
pub(crate) use generate::{only_null, sorted};

pub(crate) use docs::docs;
pub(crate) use realtime::{OPERATIONS as REALTIME_OPERATIONS, realtime_route};

/// The committed document.
pub const SNAPSHOT: &str = include_str!("../../openapi.json");

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn document() -> Value {
        serde_json::from_str(&openapi_json()).expect("JSON")
    }

    fn operations(document: &Value) -> Vec<(String, Value)> {
        let paths = document["paths"].as_object().expect("paths").iter();
        paths
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().expect("methods").iter();
                methods.map(move |(method, operation)| (format!("{method} {path}"), operation.clone()))
            })
            .collect()
    }

    #[test]
    fn the_committed_document_is_the_generated_one() {
        assert!(
            openapi_json().trim() == SNAPSHOT.trim(),
            "openapi.json is out of date: run `cargo run -- openapi > openapi.new && mv openapi.new openapi.json`"
        );
    }

    #[test]
    fn the_document_is_the_same_every_time() {
        assert!(openapi_json() == openapi_json());
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_a_tag_a_summary_and_a_success() {
        let document = document();
        let tags: Vec<_> = document["tags"].as_array().expect("tags").iter().map(|tag| tag["name"].clone()).collect();
        let mut names = Vec::new();
        for (route, operation) in operations(&document) {
            names.push(operation["operationId"].as_str().expect("an operation id").to_owned());
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{route}");
            let tag = &operation["tags"][0];
            assert!(tags.contains(tag), "{route} has the tag {tag}");
            let responses = operation["responses"].as_object().expect("responses");
            assert!(responses.keys().any(|status| status.starts_with('2') || status == "101"), "{route}");
        }
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
        let mut known: Vec<_> = crate::rest::operations().map(|operation| operation.id.to_owned()).collect();
        known.sort();
        assert_eq!(names, known, "each operation has its facts beside its handler");
    }

    #[test]
    fn every_operation_is_counted_as_its_handler_says() {
        for (route, operation) in operations(&document()) {
            let (method, path) = route.split_once(' ').expect("a method and a path");
            let method = actix_web::http::Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let known = crate::rest::operations().find(|known| operation["operationId"] == known.id);
            let known = known.unwrap_or_else(|| panic!("{route} has no facts beside its handler"));
            assert_eq!(crate::limits::kind_of(&method, path), known.counts_as, "{route}");
        }
    }

    #[test]
    fn every_failure_is_shown_as_an_envelope_with_its_own_status_and_code() {
        for (route, operation) in operations(&document()) {
            for (status, response) in operation["responses"].as_object().expect("responses") {
                if status.as_str() < "400" {
                    continue;
                }
                let json = &response["content"]["application/json"];
                assert_eq!(json["schema"]["$ref"], "#/components/schemas/ErrorBody", "{route} {status}");
                let examples = json["examples"].as_object().expect("examples");
                assert!(!examples.is_empty(), "{route} {status}");
                for (code, example) in examples {
                    assert_eq!(example["value"]["code"], code.as_str(), "{route} {status}");
                    assert_eq!(example["value"]["statusCode"].to_string(), *status, "{route} {code}");
                    let is_our_fault = example["value"]["message"][0] == chat_domain::OUR_FAULT;
                    assert_eq!(is_our_fault, code == "INTERNAL", "{route}: {code} has a sentence of its own");
                }
            }
        }
    }

    #[test]
    fn whatever_needs_a_token_says_so_and_what_happens_without() {
        for (route, operation) in operations(&document()) {
            let is_open = ["/auth/register", "/auth/login", "/auth/refresh", "/health", "get /"]
                .iter()
                .any(|open| route.ends_with(open) || route.contains("/health"));
            assert_eq!(operation["security"][0]["bearer"].is_array(), !is_open, "{route}");
            if !is_open {
                assert!(operation["responses"]["401"].is_object(), "{route}");
            }
        }
    }

    #[test]
    fn no_reference_dangles() {
        fn check(value: &Value, document: &Value) {
            match value {
                Value::Object(map) => {
                    if let Some(Value::String(reference)) = map.get("$ref") {
                        let pointer = reference.trim_start_matches('#');
                        assert!(document.pointer(pointer).is_some(), "{reference}");
                    }
                    map.values().for_each(|value| check(value, document));
                }
                Value::Array(items) => items.iter().for_each(|value| check(value, document)),
                _ => {}
            }
        }
        let document = document();
        check(&document, &document);
    }

    #[test]
    fn bodies_show_the_limits_of_the_domain() {
        let document = document();
        let schema = &document["components"]["schemas"]["SendMessageBody"];
        assert_eq!(schema["properties"]["content"]["maxLength"], 65_536);
        let one_of = &schema["allOf"][0]["anyOf"];
        assert_eq!((&one_of[0]["required"][0], &one_of[1]["required"][0]), (&"content".into(), &"forwardOf".into()));
        assert_eq!(schema["additionalProperties"], false);
    }
}
