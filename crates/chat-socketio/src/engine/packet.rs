use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use bytes::Bytes;
use thiserror::Error;

/// Separates the packets of a payload.
pub(crate) const SEPARATOR: char = '\u{1e}';

/// A packet from a client (Engine.IO v4, "Packet types"). Only the server sends `0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet<'text> {
    /// `1`: the client ends the session.
    Close,
    /// `2`: a client sends it only to probe a WebSocket, with the data `probe`.
    Ping(&'text str),
    /// `3`: the answer to a ping.
    Pong(&'text str),
    /// `4`: a message.
    Message(&'text str),
    /// `5`: the WebSocket takes over the session.
    Upgrade,
    /// `6`: no operation.
    Noop,
    /// `b`: a binary message, in polling's base64 form. A WebSocket carries it in a binary frame.
    Binary(Bytes),
}

/// A text that is not a packet, or a payload with too many packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not an Engine.IO packet")]
pub struct InvalidPacket;

impl<'text> Packet<'text> {
    /// Parses one packet.
    pub fn parse(text: &'text str) -> Result<Self, InvalidPacket> {
        let data = text.get(1..).ok_or(InvalidPacket)?;
        match text.as_bytes().first() {
            Some(b'1') => Ok(Self::Close),
            Some(b'2') => Ok(Self::Ping(data)),
            Some(b'3') => Ok(Self::Pong(data)),
            Some(b'4') => Ok(Self::Message(data)),
            Some(b'5') => Ok(Self::Upgrade),
            Some(b'6') => Ok(Self::Noop),
            Some(b'b') => from_base64(data).map(Self::Binary).ok_or(InvalidPacket),
            _ => Err(InvalidPacket),
        }
    }
}

/// Decodes base64 with or without padding: clients send both.
fn from_base64(text: &str) -> Option<Bytes> {
    STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok().map(Bytes::from)
}

/// Appends a binary message in polling's form.
pub(crate) fn push_base64(payload: &mut String, bytes: &[u8]) {
    payload.push('b');
    STANDARD.encode_string(bytes, payload);
}

/// Iterates over the packets of a payload. Copies only binary messages.
#[derive(Debug, Clone)]
pub struct Payload<'text> {
    rest: Option<&'text str>,
}

impl<'text> Payload<'text> {
    /// Reads the packets of `text`.
    pub const fn new(text: &'text str) -> Self {
        Self { rest: Some(text) }
    }

    /// The unread rest; `None` after the last packet.
    pub(crate) const fn rest(&self) -> Option<&'text str> {
        self.rest
    }
}

impl<'text> Iterator for Payload<'text> {
    type Item = Result<Packet<'text>, InvalidPacket>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest?;
        let (packet, rest) = rest.split_once(SEPARATOR).map_or((rest, None), |(packet, rest)| (packet, Some(rest)));
        self.rest = rest;
        Some(Packet::parse(packet))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packets(text: &str) -> Result<Vec<Packet<'_>>, InvalidPacket> {
        Payload::new(text).collect()
    }

    #[test]
    fn a_payload_is_its_packets_in_order() {
        let expected = [
            Packet::Message("hello"),
            Packet::Binary(Bytes::from_static(&[1, 2, 3, 4])),
            Packet::Pong(""),
            Packet::Ping("probe"),
            Packet::Noop,
            Packet::Upgrade,
            Packet::Close,
        ];
        let text = "4hello\u{1e}bAQIDBA==\u{1e}3\u{1e}2probe\u{1e}6\u{1e}5\u{1e}1";
        assert_eq!(packets(text).expect("packets"), expected);
        assert_eq!(packets("bAQIDBA"), Ok(vec![Packet::Binary(Bytes::from_static(&[1, 2, 3, 4]))]));
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for text in ["", "abc", "0{}", "7", "b!", "4a\u{1e}", "\u{1e}4a", "é", "b\u{1e}4a\u{1e}x"] {
            assert_eq!(packets(text), Err(InvalidPacket), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let count = packets(&text).map_or(0, |packets| packets.len());
            prop_assert!(count <= text.len() + 1);
        }

        #[test]
        fn bytes_survive_base64(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let mut text = String::new();
            push_base64(&mut text, &bytes);
            prop_assert_eq!(Packet::parse(&text), Ok(Packet::Binary(bytes.into())));
        }

        #[test]
        fn messages_survive_a_payload(messages in proptest::collection::vec("[^\u{1e}]{0,20}", 1..10)) {
            let text = messages.iter().map(|text| format!("4{text}")).collect::<Vec<_>>().join("\u{1e}");
            let expected: Vec<_> = messages.iter().map(|text| Packet::Message(text)).collect();
            prop_assert_eq!(packets(&text), Ok(expected));
        }
    }
}
