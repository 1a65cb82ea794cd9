//! Lines of libraries at ERROR that tell of nothing but what a client has sent.

use std::fmt::Debug;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Where they come from, and how they begin: requests that are not HTTP, and heads that are too long. The client
/// hears of them (400, 431); real faults of the same code have lines of their own.
const LINES: [(&str, &str); 2] = [
    ("actix_http::h1::dispatcher", "stream error: "),
    ("actix_http::h1::decoder", "MAX_BUFFER_SIZE unprocessed data reached"),
];

/// Leaves these lines out.
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
