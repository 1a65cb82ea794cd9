use super::{Dialect, Gateway, Variant, camel, colon};
use chat_domain::{ChangeKind, Event, UserId};

/// Returns the frame of an event; `None` if the dialect does not have the event. A pure function of dialect, gateway,
/// event and variant: each frame is encoded once and sent to all.
pub fn event_text(dialect: Dialect, gateway: Gateway, event: &Event, variant: Variant) -> Option<String> {
    match dialect {
        Dialect::Colon => colon::text(gateway, event, variant),
        Dialect::Camel => camel::text(gateway, event, variant),
    }
}

/// Returns the user whose connections receive the [`Variant::Own`] form; `None` if both forms are the same.
pub const fn event_owner(dialect: Dialect, event: &Event) -> Option<UserId> {
    match event {
        Event::Change(change) => match &change.kind {
            // In `colon`, only the key of a message differs for the sender.
            ChangeKind::MessageSent(message)
                if matches!(dialect, Dialect::Colon) && message.client_message_id.is_none() =>
            {
                None
            }
            // In both dialects, only the key of an edited message differs for the sender.
            ChangeKind::MessageUpdated(message) if message.client_message_id.is_none() => None,
            kind => kind.own_variant_of(),
        },
        Event::PositionsMoved(_)
        | Event::TypingChanged { .. }
        | Event::UserOnline { .. }
        | Event::UserOffline { .. }
        | Event::WindowOpened { .. }
        | Event::WindowClosed { .. }
        | Event::CallStarted(_) => None,
    }
}

#[cfg(test)]
mod tests;
