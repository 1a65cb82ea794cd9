use crate::engine::{InvalidPacket, Packet, Payload};
use bytes::Bytes;
use std::collections::VecDeque;

/// A message from a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Text, without the packet type.
    Text(String),
    /// Bytes.
    Binary(Bytes),
}

/// What a payload contained besides its messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// Whether it has an answer to a ping, or a message: a sign of life.
    pub(super) is_alive: bool,
    /// Whether the client ends the session.
    pub(super) is_closing: bool,
    /// The number of packets that are not messages.
    pub(super) idle_packets: u32,
}

/// Payloads that wait for the caller. They are checked on arrival, and split into messages when these are read: a
/// payload of many small messages takes no more memory than its own bytes.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    payloads: VecDeque<(String, usize)>,
    bytes: usize,
}

impl Inbox {
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a payload if all of its packets are valid and there are at most `most`. Ignores what follows a `1`.
    pub(super) fn push(&mut self, mut payload: String, most: usize) -> Result<Heard, InvalidPacket> {
        let mut heard = Heard::default();
        let mut packets = Payload::new(&payload);
        let mut count = 0;
        for packet in packets.by_ref() {
            count += 1;
            if count > most {
                return Err(InvalidPacket);
            }
            match packet? {
                Packet::Message(_) | Packet::Binary(_) => heard.is_alive = true,
                Packet::Pong(_) => {
                    heard.is_alive = true;
                    heard.idle_packets += 1;
                }
                Packet::Close => {
                    heard.is_closing = true;
                    break;
                }
                // Only the server sends pings, and there is nothing to upgrade here.
                Packet::Ping(_) | Packet::Upgrade => return Err(InvalidPacket),
                Packet::Noop => heard.idle_packets += 1,
            }
        }
        let unread = packets.rest().map_or(0, |rest| rest.len() + 1);
        payload.truncate(payload.len() - unread);
        self.bytes += payload.len();
        self.payloads.push_back((payload, 0));
        Ok(heard)
    }

    pub(super) fn pop(&mut self) -> Option<Message> {
        while let Some((payload, start)) = self.payloads.front_mut() {
            let mut packets = Payload::new(&payload[*start..]);
            let unread = packets.rest().map_or(0, str::len);
            let packet = packets.next();
            let message = match packet {
                Some(Ok(Packet::Message(text))) => Some(Message::Text(text.to_owned())),
                Some(Ok(Packet::Binary(bytes))) => Some(Message::Binary(bytes)),
                _ => None,
            };
            let read = unread - packets.rest().map_or(0, str::len);
            self.bytes -= read;
            *start += read;
            if packets.rest().is_none() {
                self.payloads.pop_front();
            }
            if message.is_some() {
                return message;
            }
        }
        None
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn drain(inbox: &mut Inbox) -> Vec<Message> {
        std::iter::from_fn(|| inbox.pop()).collect()
    }

    #[test]
    fn messages_come_out_in_order_and_leave_nothing() {
        let mut inbox = Inbox::default();
        let heard = inbox.push("4a\u{1e}3\u{1e}bAQ==".into(), 9).expect("a payload");
        assert_eq!(heard, Heard { is_alive: true, is_closing: false, idle_packets: 1 });
        let heard = inbox.push("6\u{1e}4b\u{1e}1\u{1e}4c".into(), 9).expect("a payload");
        assert!(heard.is_closing);
        let expected =
            [Message::Text("a".into()), Message::Binary(Bytes::from_static(&[1])), Message::Text("b".into())];
        assert_eq!(drain(&mut inbox), expected);
        assert_eq!((inbox.bytes(), inbox.payloads.len()), (0, 0));
    }

    #[test]
    fn a_payload_with_one_bad_packet_is_refused_whole() {
        let mut inbox = Inbox::default();
        for payload in ["", "4a\u{1e}x", "4a\u{1e}2", "5", "4a\u{1e}4b\u{1e}4c"] {
            assert_eq!(inbox.push(payload.into(), 2), Err(InvalidPacket), "{payload:?}");
        }
        assert_eq!((drain(&mut inbox), inbox.bytes()), (vec![], 0));
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(payloads in vec(vec("[^\u{1e}]{0,9}", 1..9), 0..5)) {
            let mut inbox = Inbox::default();
            for payload in &payloads {
                let text = payload.iter().map(|text| format!("4{text}")).collect::<Vec<_>>().join("\u{1e}");
                prop_assert!(inbox.push(text, 9).is_ok());
            }
            let expected: Vec<_> = payloads.concat().into_iter().map(Message::Text).collect();
            prop_assert_eq!(drain(&mut inbox), expected);
            prop_assert_eq!(inbox.bytes(), 0);
        }
    }
}
