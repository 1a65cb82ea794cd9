//! What a server sends, as frames for an [`crate::Outbox`]. Any number of clients can share the same bytes.

use crate::wire::frames::{self, TextFrame};
use bytes::Bytes;
use std::fmt::Write as _;

/// Room for everything that is not data: types, a number, punctuation.
const OVERHEAD: usize = 32;

/// A text message of Engine.IO.
pub fn text(message: &str) -> Bytes {
    let mut frame = TextFrame::with_capacity(message.len() + 1);
    frame.push("4");
    frame.push(message);
    frame.finish()
}

/// A binary message of Engine.IO.
pub fn binary(message: &[u8]) -> Bytes {
    frames::binary(message)
}

/// An event with one argument, which must be valid JSON, in one frame: the usual case.
pub fn event_with(namespace: &str, name: &str, argument: &str) -> Bytes {
    let mut frame = begin('2', 0, namespace, None, name.len() + argument.len());
    push_named(&mut frame, name, &[argument]);
    frame.finish()
}

/// An event. Each argument must be valid JSON; `{"_placeholder":true,"num":0}` stands for an attachment. An `id` asks
/// the client for an acknowledgement.
pub fn event(namespace: &str, id: Option<u64>, name: &str, arguments: &[&str], attachments: &[Bytes]) -> Vec<Bytes> {
    let kind = if attachments.is_empty() { '2' } else { '5' };
    let length = name.len() + length_of(arguments);
    let mut frame = begin(kind, attachments.len(), namespace, id, length);
    push_named(&mut frame, name, arguments);
    with_attachments(frame, attachments)
}

/// The acknowledgement that a client asked for with this `id`. Arguments and attachments are as for an event.
pub fn ack(namespace: &str, id: u64, arguments: &[&str], attachments: &[Bytes]) -> Vec<Bytes> {
    let kind = if attachments.is_empty() { '3' } else { '6' };
    let mut frame = begin(kind, attachments.len(), namespace, Some(id), length_of(arguments));
    frame.push("[");
    push_arguments(&mut frame, arguments);
    frame.push("]");
    with_attachments(frame, attachments)
}

/// An acknowledgement with one argument and no attachment, in one frame.
pub fn ack_with(namespace: &str, id: u64, argument: &str) -> Bytes {
    let mut frame = begin('3', 0, namespace, Some(id), argument.len());
    frame.push("[");
    frame.push(argument);
    frame.push("]");
    frame.finish()
}

/// Tells the client that it is connected to the namespace, under this `id`.
pub(super) fn connected(namespace: &str, id: &str) -> Bytes {
    let mut frame = begin('0', 0, namespace, None, id.len());
    frame.push("{\"sid\":");
    push_quoted(&mut frame, id);
    frame.push("}");
    frame.finish()
}

/// Tells the client that it is refused, and must not retry. `data` is JSON.
pub(super) fn refused(namespace: &str, message: &str, data: Option<&str>) -> Bytes {
    let mut frame = begin('4', 0, namespace, None, message.len() + data.map_or(0, str::len));
    frame.push("{\"message\":");
    push_quoted(&mut frame, message);
    if let Some(data) = data {
        frame.push(",\"data\":");
        frame.push(data);
    }
    frame.push("}");
    frame.finish()
}

/// Tells the client that it is disconnected from the namespace, and must not reconnect by itself.
pub(super) fn disconnected(namespace: &str) -> Bytes {
    begin('1', 0, namespace, None, 0).finish()
}

fn length_of(arguments: &[&str]) -> usize {
    arguments.iter().map(|argument| argument.len() + 1).sum()
}

fn begin(kind: char, attachments: usize, namespace: &str, id: Option<u64>, data: usize) -> TextFrame {
    let mut frame = TextFrame::with_capacity(OVERHEAD + namespace.len() + data);
    let mut head = String::with_capacity(OVERHEAD + namespace.len());
    head.push('4');
    head.push(kind);
    // Writing to memory cannot fail.
    if attachments > 0 {
        let _ = write!(head, "{attachments}-");
    }
    if namespace != "/" {
        head.push_str(namespace);
        head.push(',');
    }
    if let Some(id) = id {
        let _ = write!(head, "{id}");
    }
    frame.push(&head);
    frame
}

fn push_named(frame: &mut TextFrame, name: &str, arguments: &[&str]) {
    frame.push("[");
    push_quoted(frame, name);
    if !arguments.is_empty() {
        frame.push(",");
        push_arguments(frame, arguments);
    }
    frame.push("]");
}

fn push_arguments(frame: &mut TextFrame, arguments: &[&str]) {
    for (index, argument) in arguments.iter().enumerate() {
        if index > 0 {
            frame.push(",");
        }
        frame.push(argument);
    }
}

fn push_quoted(frame: &mut TextFrame, text: &str) {
    // A string cannot fail to serialise into memory.
    frame.push(&serde_json::to_string(text).unwrap_or_default());
}

fn with_attachments(frame: TextFrame, attachments: &[Bytes]) -> Vec<Bytes> {
    let attachments = attachments.iter().map(|attachment| frames::binary(attachment));
    std::iter::once(frame.finish()).chain(attachments).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(frame: &Bytes, expected: &str) {
        assert_eq!(*frame, frames::text(expected));
    }

    #[test]
    fn packets_are_written_as_the_protocol_says() {
        is(&text("hello"), "4hello");
        is(&event_with("/chat", "na\"me", "{}"), "42/chat,[\"na\\\"me\",{}]");
        is(&event_with("/", "a", "1"), "42[\"a\",1]");
        is(&event("/", Some(3), "a", &[], &[])[0], "423[\"a\"]");
        is(&ack_with("/chat", 7, "true"), "43/chat,7[true]");
        is(&ack("/", 7, &["1", "2"], &[Bytes::from_static(b"x")])[0], "461-7[1,2]");
        is(&connected("/chat", "abc"), "40/chat,{\"sid\":\"abc\"}");
        is(&refused("/random", "Invalid namespace", None), "44/random,{\"message\":\"Invalid namespace\"}");
        is(&refused("/", "no", Some("{\"code\":1}")), "44{\"message\":\"no\",\"data\":{\"code\":1}}");
        is(&disconnected("/chat"), "41/chat,");
    }
}
