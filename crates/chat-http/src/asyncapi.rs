//! The `AsyncAPI` document of the realtime connection. It is generated from the types of the frames (`chat-protocol`),
//! and served from a snapshot, like the `OpenAPI` document. After a change run
//! `cargo run -- asyncapi > asyncapi.new && mv asyncapi.new asyncapi.json`.

use crate::openapi::sorted;

/// The committed document.
pub const SNAPSHOT: &str = include_str!("../asyncapi.json");

/// Returns the document, indented, with the keys of every object sorted, so that the output is deterministic.
pub fn asyncapi_json() -> String {
    // Writing a JSON value to memory cannot fail.
    serde_json::to_string_pretty(&sorted(chat_protocol::realtime::asyncapi())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_document_is_the_generated_one() {
        assert!(
            asyncapi_json().trim() == SNAPSHOT.trim(),
            "asyncapi.json is out of date: run `cargo run -- asyncapi > asyncapi.new && mv asyncapi.new asyncapi.json`"
        );
    }
}
