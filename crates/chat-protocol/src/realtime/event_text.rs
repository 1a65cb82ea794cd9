use super::{Dialect, Gateway, Variant, camel, colon};
use chat_domain::{ChangeKind, Event, UserId};

/// The frame of an event; `None` where the dialect does not tell of it. A pure function of dialect, gateway, event and
/// variant: encoded once, sent to all.
pub fn event_text(dialect: Dialect, gateway: Gateway, event: &Event, variant: Variant) -> Option<String> {
    match dialect {
        Dialect::Colon => Some(colon::text(gateway, event, variant)),
        Dialect::Camel => camel::text(gateway, event, variant),
    }
}

/// Whose connections get the [`Variant::Own`] form; `None` where both forms are the same.
pub const fn event_owner(dialect: Dialect, event: &Event) -> Option<UserId> {
    match event {
        Event::Change(change) => match &change.kind {
            // In `colon` only the key of a message is the sender's own.
            ChangeKind::MessageSent(message)
                if matches!(dialect, Dialect::Colon) && message.client_message_id.is_none() =>
            {
                None
            }
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
