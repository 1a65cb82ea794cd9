//! WebSocket frames as bytes (RFC 6455 §5.2), from server to client: never masked.

use actix_http::ws::{OpCode, Parser};
use bytes::{Bytes, BytesMut};
use chat_protocol::realtime::CloseCode;

/// The maximum size of an unmasked frame's head, in bytes.
const HEAD_BYTES: usize = 10;

/// The maximum size of a control frame's payload, in bytes (RFC 6455 §5.5).
const CONTROL_BYTES: usize = 125;

fn frame(payload: &[u8], code: OpCode) -> Bytes {
    let mut bytes = BytesMut::with_capacity(payload.len() + HEAD_BYTES);
    Parser::write_message(&mut bytes, payload, code, true, false);
    bytes.freeze()
}

/// Returns the end of the first frame in this piece that ends after `bytes` bytes, or the end of the piece if it does
/// not consist of whole frames.
pub(crate) fn first_end_after(piece: &[u8], bytes: usize) -> usize {
    let mut end = 0;
    while end <= bytes {
        match length_of_first(&piece[end..]) {
            Some(length) if length <= piece.len() - end => end += length,
            _ => return piece.len(),
        }
    }
    end
}

/// The server's frames are never fragmented or masked.
fn length_of_first(bytes: &[u8]) -> Option<usize> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (head, payload) = match second {
        126 => (4, usize::from(u16::from_be_bytes(*rest.first_chunk()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?),
        short => (2, usize::from(short)),
    };
    (first & 0x80 != 0 && second & 0x80 == 0).then_some(head + payload)
}

/// Returns a text message as one frame.
pub fn text(payload: &str) -> Bytes {
    frame(payload.as_bytes(), OpCode::Text)
}

/// Returns a Ping frame without payload, for heartbeats.
pub const fn ping() -> Bytes {
    Bytes::from_static(&[0x89, 0x00])
}

/// Returns the Pong frame for a client's Ping, with the Ping's payload (at most 125 bytes of it).
pub fn pong(payload: &[u8]) -> Bytes {
    frame(&payload[..payload.len().min(CONTROL_BYTES)], OpCode::Pong)
}

/// Returns a Close frame. A reason that does not fit into the frame is cut.
pub fn close(code: CloseCode, reason: &str) -> Bytes {
    let mut fits = reason.len().min(CONTROL_BYTES - 2);
    while !reason.is_char_boundary(fits) {
        fits -= 1;
    }
    let mut payload = code.number().to_be_bytes().to_vec();
    payload.extend_from_slice(&reason.as_bytes()[..fits]);
    frame(&payload, OpCode::Close)
}

/// Returns the reply to a client's Close frame, with the client's code (RFC 6455 §5.5.1).
pub fn close_reply(code: Option<u16>) -> Bytes {
    match code {
        Some(code) => frame(&code.to_be_bytes(), OpCode::Close),
        None => frame(&[], OpCode::Close),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_carry_their_length_in_the_form_that_fits() {
        assert_eq!(&text("hi")[..], b"\x81\x02hi");
        assert_eq!(&text(&"x".repeat(126))[..4], &[0x81, 126, 0, 126]);
        assert_eq!(&text(&"x".repeat(65_536))[..10], &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        assert_eq!(&pong(b"ab")[..], b"\x8a\x02ab");
        assert_eq!(&ping()[..], &frame(b"", OpCode::Ping)[..]);
    }

    #[test]
    fn a_close_reason_is_cut_between_characters() {
        let bytes = close(CloseCode::Restarting, &"é".repeat(100));
        assert_eq!(bytes[2..4], 4012_u16.to_be_bytes());
        assert!(bytes.len() <= 2 + CONTROL_BYTES);
        assert!(std::str::from_utf8(&bytes[4..]).is_ok());
    }
}
