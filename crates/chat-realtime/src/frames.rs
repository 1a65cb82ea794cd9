//! WebSocket frames as bytes (RFC 6455 §5.2), from server to client: never masked.

use actix_http::ws::{OpCode, Parser};
use bytes::{Bytes, BytesMut};
use chat_protocol::realtime::CloseCode;

/// A frame's head takes at most this many bytes when it is not masked.
const HEAD_BYTES: usize = 10;

/// A control frame's payload has at most this many bytes (RFC 6455 §5.5).
const CONTROL_BYTES: usize = 125;

fn frame(payload: &[u8], code: OpCode) -> Bytes {
    let mut bytes = BytesMut::with_capacity(payload.len() + HEAD_BYTES);
    Parser::write_message(&mut bytes, payload, code, true, false);
    bytes.freeze()
}

/// Where the first frame of this piece ends of which the end comes after so many bytes. The whole piece, where it is
/// something else.
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

/// Ours come whole and are not masked.
fn length_of_first(bytes: &[u8]) -> Option<usize> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (head, payload) = match second {
        126 => (4, usize::from(u16::from_be_bytes(*rest.first_chunk()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?),
        short => (2, usize::from(short)),
    };
    (first & 0x80 != 0 && second & 0x80 == 0).then_some(head + payload)
}

/// One text message.
pub fn text(payload: &str) -> Bytes {
    frame(payload.as_bytes(), OpCode::Text)
}

/// A heartbeat's question.
pub const fn ping() -> Bytes {
    Bytes::from_static(&[0x89, 0x00])
}

/// The answer to a client's ping, with its payload.
pub fn pong(payload: &[u8]) -> Bytes {
    frame(&payload[..payload.len().min(CONTROL_BYTES)], OpCode::Pong)
}

/// The end, with its reason cut to what fits.
pub fn close(code: CloseCode, reason: &str) -> Bytes {
    let mut fits = reason.len().min(CONTROL_BYTES - 2);
    while !reason.is_char_boundary(fits) {
        fits -= 1;
    }
    let mut payload = code.number().to_be_bytes().to_vec();
    payload.extend_from_slice(&reason.as_bytes()[..fits]);
    frame(&payload, OpCode::Close)
}

/// The answer to a client's Close: its own code again (RFC 6455 §5.5.1).
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
