//! WebSocket frames (RFC 6455 §5.2), as a client of well-behaved servers needs them.

/// A message is one frame of at least this opcode's kind; servers that we know do not split them.
const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
pub(super) const PING: u8 = 0x9;
pub(super) const PONG: u8 = 0xA;
const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;
/// In place of a length: so many bytes that follow hold it.
const TWO_BYTES: u8 = 126;
const EIGHT_BYTES: u8 = 127;

/// What a server sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    Text(&'a str),
    Ping(&'a [u8]),
    /// With its code; 1005 where there is none.
    Close(u16),
    Pong,
}

/// The first of these bytes' frames and its length; `None` where it is not all there yet. Panics on what no server may
/// send.
pub(super) fn read(bytes: &[u8]) -> Option<(Frame<'_>, usize)> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (length, header) = match second {
        TWO_BYTES => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
        EIGHT_BYTES => (usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).expect("a frame that fits"), 10),
        short => (usize::from(short), 2),
    };
    assert!(second & MASKED == 0, "servers do not mask");
    assert!(first & 0xF0 == FINAL, "no message in parts, no extension: {first:#x}");
    let payload = bytes.get(header..header + length)?;
    let frame = match first & 0x0F {
        TEXT => Frame::Text(str::from_utf8(payload).expect("text in UTF-8")),
        PING => Frame::Ping(payload),
        PONG => Frame::Pong,
        CLOSE => Frame::Close(payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code))),
        other => panic!("an opcode that nobody asked for: {other:#x}"),
    };
    Some((frame, header + length))
}

/// A text as a client sends it. The mask is of zeros, which leaves it as it is: there is no proxy that could be misled,
/// and to the server the work is the same.
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
