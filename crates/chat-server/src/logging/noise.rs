//! Hides ERROR lines of libraries that only report invalid input of a client.

use std::fmt::Debug;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// The targets and beginnings of these lines: requests that are not HTTP, and request heads that are too long. The
/// client gets 400 or 431. Other lines report real faults of the same code.
const LINES: [(&str, &str); 2] = [
    ("actix_http::h1::dispatcher", "stream error: "),
    ("actix_http::h1::decoder", "MAX_BUFFER_SIZE unprocessed data reached"),
];

/// A filter that hides these lines.
pub(super) struct Noise;

impl<S: Subscriber> Layer<S> for Noise {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let target = event.metadata().target();
        let Some((_, beginning)) = LINES.iter().find(|(known, _)| *known == target) else { return true };
        let mut message = Message::default();
        event.record(&mut message);
        !message.0.starts_with(beginning)
    }
}

#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
