//! WebSocket frames (RFC 6455 §5.2), as far as a client of well-behaved servers needs them.

/// Opcode of a text frame. Each message is one frame: the measured servers do not split messages.
const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
pub(super) const PING: u8 = 0x9;
pub(super) const PONG: u8 = 0xA;
const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;
/// Length value that says that the next 2 bytes contain the length.
const TWO_BYTES: u8 = 126;
const EIGHT_BYTES: u8 = 127;

/// A frame from a server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    Text(&'a str),
    Ping(&'a [u8]),
    /// The close code, 1005 if the frame has none.
    Close(u16),
    Pong,
}

/// Reads the first frame in `bytes`. Returns the frame and its length, or `None` if the frame is incomplete. Panics on
/// a frame that a server must not send.
pub(super) fn read(bytes: &[u8]) -> Option<(Frame<'_>, usize)> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (length, header) = match second {
        TWO_BYTES => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
        EIGHT_BYTES => (usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).expect("a frame that fits"), 10),
        short => (usize::from(short), 2),
    };
    assert!(second & MASKED == 0, "a server must not mask its frames");
    assert!(first & 0xF0 == FINAL, "a split message or an extension bit: {first:#x}");
    let payload = bytes.get(header..header + length)?;
    let frame = match first & 0x0F {
        TEXT => Frame::Text(str::from_utf8(payload).expect("text in UTF-8")),
        PING => Frame::Ping(payload),
        PONG => Frame::Pong,
        CLOSE => Frame::Close(payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code))),
        other => panic!("unexpected opcode: {other:#x}"),
    };
    Some((frame, header + length))
}

/// Encodes a client's text frame. The mask is zero, so that the payload stays unchanged: no proxy is involved, and the
/// server's work is the same.
pub(super) fn text(payload: &str) -> Vec<u8> {
    frame(TEXT, payload.as_bytes())
}

pub(super) fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(payload.len() + 14);
    frame.push(FINAL | opcode);
    let length = payload.len();
    if let Some(short) = u8::try_from(length).ok().filter(|&short| short < TWO_BYTES) {
        frame.push(MASKED | short);
    } else if let Ok(length) = u16::try_from(length) {
        frame.push(MASKED | TWO_BYTES);
        frame.extend(length.to_be_bytes());
    } else {
        frame.push(MASKED | EIGHT_BYTES);
        frame.extend((length as u64).to_be_bytes());
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

#[cfg(test)]
mod tests {
    use super::{CLOSE, FINAL, Frame, PING, TEXT, frame, read, text};

    fn from_server(opcode: u8, length: &[u8], payload: &[u8]) -> Vec<u8> {
        [&[FINAL | opcode], length, payload].concat()
    }

    #[test]
    fn frames_of_every_length_are_read() {
        for (length, bytes) in
            [(5, vec![5]), (300, vec![126, 1, 44]), (70_000, vec![127, 0, 0, 0, 0, 0, 1, 0x11, 0x70])]
        {
            let payload = "x".repeat(length);
            let bytes = from_server(TEXT, &bytes, payload.as_bytes());
            assert_eq!(read(&bytes), Some((Frame::Text(&payload), bytes.len())));
        }
    }

    #[test]
    fn what_is_not_all_there_waits() {
        let bytes = from_server(TEXT, &[126, 1, 44], &[b'x'; 300]);
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]), None, "{end} bytes");
        }
    }

    #[test]
    fn control_frames_are_told_apart() {
        assert_eq!(read(&from_server(PING, &[2], b"hi")), Some((Frame::Ping(b"hi"), 4)));
        assert_eq!(read(&from_server(CLOSE, &[2], &4008_u16.to_be_bytes())), Some((Frame::Close(4008), 4)));
        assert_eq!(read(&from_server(CLOSE, &[0], b"")), Some((Frame::Close(1005), 2)));
    }

    #[test]
    fn a_client_masks_and_tells_the_length() {
        assert_eq!(text("hi"), [0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
        assert_eq!(frame(TEXT, &[0; 300])[..4], [0x81, 0xFE, 1, 44]);
        assert_eq!(frame(TEXT, &vec![0; 70_000])[..10], [0x81, 0xFF, 0, 0, 0, 0, 0, 1, 0x11, 0x70]);
    }
}
