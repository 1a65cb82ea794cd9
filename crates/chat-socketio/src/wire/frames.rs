//! WebSocket frames as bytes (RFC 6455 §5.2), from server to client: never masked.

use bytes::{BufMut as _, Bytes, BytesMut};

/// The longest head of an unmasked frame, in bytes.
const HEAD_BYTES: usize = 10;

/// The longest payload of a control frame, in bytes (RFC 6455 §5.5).
pub(crate) const CONTROL_FRAME_BYTES: usize = 125;

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PONG: u8 = 0x8A;

/// A text frame, written from start to end without a copy: it reserves room for the head at the front.
#[derive(Debug)]
pub(crate) struct TextFrame(BytesMut);

impl TextFrame {
    pub(crate) fn with_capacity(payload: usize) -> Self {
        let mut bytes = BytesMut::with_capacity(HEAD_BYTES + payload);
        bytes.put_bytes(0, HEAD_BYTES);
        Self(bytes)
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn finish(mut self) -> Bytes {
        let (head, length) = head(TEXT, self.0.len() - HEAD_BYTES);
        let start = HEAD_BYTES - length;
        self.0[start..HEAD_BYTES].copy_from_slice(&head[..length]);
        self.0.freeze().slice(start..)
    }
}

fn head(first: u8, payload: usize) -> ([u8; HEAD_BYTES], usize) {
    let mut head = [0; HEAD_BYTES];
    head[0] = first;
    if let Ok(short @ 0..=125) = u8::try_from(payload) {
        head[1] = short;
        (head, 2)
    } else if let Ok(middle) = u16::try_from(payload) {
        head[1] = 126;
        head[2..4].copy_from_slice(&middle.to_be_bytes());
        (head, 4)
    } else {
        head[1] = 127;
        head[2..].copy_from_slice(&(payload as u64).to_be_bytes());
        (head, HEAD_BYTES)
    }
}

fn frame(first: u8, payload: &[u8]) -> Bytes {
    let (head, length) = head(first, payload.len());
    let mut bytes = BytesMut::with_capacity(length + payload.len());
    bytes.extend_from_slice(&head[..length]);
    bytes.extend_from_slice(payload);
    bytes.freeze()
}

/// A text message.
pub(crate) fn text(payload: &str) -> Bytes {
    frame(TEXT, payload.as_bytes())
}

/// A binary message.
pub(crate) fn binary(payload: &[u8]) -> Bytes {
    frame(BINARY, payload)
}

/// The answer to a WebSocket ping, with its payload.
pub(crate) fn pong(payload: &[u8]) -> Bytes {
    frame(PONG, &payload[..payload.len().min(CONTROL_FRAME_BYTES)])
}

/// A Close frame, with or without a code.
pub(crate) fn close(code: Option<u16>) -> Bytes {
    code.map_or_else(|| frame(CLOSE, &[]), |code| frame(CLOSE, &code.to_be_bytes()))
}

/// The content of one of our frames.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Carried {
    Text(Bytes),
    Binary(Bytes),
    /// A frame that matters only to a WebSocket.
    Control,
}

/// Removes the head of a frame from this module or from a caller that follows the same RFC; `None` if it is not a
/// frame.
pub(crate) fn open(frame: &Bytes) -> Option<Carried> {
    let length = match *frame.get(1)? {
        126 => 4,
        127 => HEAD_BYTES,
        0..=125 => 2,
        // Masked, which a server never sends.
        _ => return None,
    };
    if frame.len() < length {
        return None;
    }
    Some(match frame[0] {
        TEXT => Carried::Text(frame.slice(length..)),
        BINARY => Carried::Binary(frame.slice(length..)),
        _ => Carried::Control,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_carry_their_length_in_the_form_that_fits() {
        assert_eq!(&text("hi")[..], b"\x81\x02hi");
        assert_eq!(&text(&"x".repeat(126))[..4], &[0x81, 126, 0, 126]);
        assert_eq!(&binary(&vec![7; 65_536])[..10], &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        assert_eq!(&close(Some(1001))[..], &[0x88, 2, 3, 0xE9]);
        assert_eq!(pong(&[1; 200]).len(), 2 + CONTROL_FRAME_BYTES);
    }

    #[test]
    fn a_frame_that_is_written_piece_by_piece_is_the_same_frame() {
        for length in [0, 1, 125, 126, 65_535, 65_536, 100_000] {
            let payload = "y".repeat(length);
            let mut frame = TextFrame::with_capacity(0);
            frame.push(&payload[..length / 2]);
            frame.push(&payload[length / 2..]);
            let frame = frame.finish();
            assert_eq!(frame, text(&payload), "{length}");
            assert_eq!(open(&frame), Some(Carried::Text(payload.into())), "{length}");
        }
    }

    #[test]
    fn what_is_no_frame_is_not_opened() {
        for bytes in [&b""[..], b"\x81", b"\x81\x7e\x00", b"\x81\xff"] {
            assert_eq!(open(&Bytes::from_static(bytes)), None);
        }
        assert_eq!(open(&close(None)), Some(Carried::Control));
    }
}
