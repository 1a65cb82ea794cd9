//! The `AsyncAPI` document of the realtime connection: made from the same types as the frames themselves
//! (`chat-protocol`), and served from a snapshot, as the `OpenAPI` document is. After a change:
//! `cargo run -- asyncapi > asyncapi.json`.

use crate::openapi::sorted;

/// The committed document.
pub const SNAPSHOT: &str = include_str!("../asyncapi.json");

/// The document, pretty, with every object in the order of its names: the same bytes for the same code.
pub fn asyncapi_json() -> String {
    // A value that is JSON already: writing it to memory cannot fail.
    serde_json::to_string_pretty(&sorted(chat_protocol::realtime::asyncapi())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_document_is_the_generated_one() {
        assert!(
            asyncapi_json().trim() == SNAPSHOT.trim(),
            "asyncapi.json is out of date: run `cargo run -- asyncapi > asyncapi.json`"
        );
    }
}
