use super::*;
use proptest::prelude::*;

const FIN: u8 = 0x80;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const UNKNOWN: u8 = 0x3;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [7, 11, 13, 17];
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..126 => bytes.push(0x80 | u8::try_from(short).expect("short")),
        long @ 126..65_536 => {
            bytes.push(0x80 | 0x7E);
            bytes.extend(u16::try_from(long).expect("long").to_be_bytes());
        }
        longer => {
            bytes.push(0x80 | 0x7F);
            bytes.extend((longer as u64).to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(payload.iter().enumerate().map(|(index, byte)| byte ^ mask[index % 4]));
    bytes
}

fn read(bytes: &[u8]) -> Result<Option<Incoming>, CloseCode> {
    let mut reader = Reader::default();
    reader.feed(bytes);
    reader.next(MAX_MESSAGE_BYTES)
}

fn text(text: &str) -> Incoming {
    Incoming::Text(text.to_owned())
}

proptest! {
    #[test]
    fn messages_come_out_whole_however_they_are_cut(
        messages in proptest::collection::vec("\\PC{0,200}", 1..6), parts in 1_usize..5, chunk in 1_usize..50
    ) {
        let mut wire = Vec::new();
        for message in &messages {
            let bytes = message.as_bytes();
            let size = bytes.len().div_ceil(parts).max(1);
            let mut pieces: Vec<_> = bytes.chunks(size).collect();
            if pieces.is_empty() { pieces.push(&[]); }
            let last = pieces.len() - 1;
            for (index, piece) in pieces.into_iter().enumerate() {
                let code = u8::from(index == 0);
                wire.extend(frame(if index == last { FIN | code } else { code }, piece));
                wire.extend(frame(FIN | PING, b"between"));
            }
        }
        let mut reader = Reader::default();
        let mut read = Vec::new();
        for chunk in wire.chunks(chunk) {
            reader.feed(chunk);
            while let Some(incoming) = reader.next(MAX_MESSAGE_BYTES).expect("valid") {
                if let Incoming::Text(text) = incoming { read.push(text); }
            }
        }
        prop_assert_eq!(read, messages);
        prop_assert_eq!(reader.bytes.capacity(), 0, "nothing is kept while idle");
    }

    #[test]
    fn no_bytes_however_strange_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut reader = Reader::default();
        reader.feed(&bytes);
        while let Ok(Some(_)) = reader.next(MAX_MESSAGE_BYTES) {}
    }
}

#[test]
fn breaches_end_with_the_code_of_their_kind() {
    assert_eq!(read(&[0x81, 0x02, b'h', b'i']), Err(CloseCode::ProtocolViolation), "unmasked");
    assert_eq!(read(&frame(0xC1, b"x")), Err(CloseCode::ProtocolViolation), "reserved bit");
    assert_eq!(read(&frame(FIN | UNKNOWN, b"x")), Err(CloseCode::ProtocolViolation), "unknown opcode");
    assert_eq!(read(&frame(FIN, b"x")), Err(CloseCode::ProtocolViolation), "nothing to continue");
    assert_eq!(read(&[frame(TEXT, b"a"), frame(FIN | TEXT, b"b")].concat()), Err(CloseCode::ProtocolViolation));
    assert_eq!(read(&frame(PING, b"x")), Err(CloseCode::ProtocolViolation), "a ping in parts");
    assert_eq!(read(&frame(FIN | PING, &[0; 126])), Err(CloseCode::ProtocolViolation), "a ping too long");
    assert_eq!(read(&frame(FIN | CLOSE, &[1])), Err(CloseCode::ProtocolViolation), "half a close code");
    assert_eq!(read(&frame(FIN | BINARY, b"x")), Err(CloseCode::UnsupportedData));
    assert_eq!(read(&frame(FIN | TEXT, &[0xC3])), Err(CloseCode::InvalidText), "half a character");
}

#[test]
fn a_character_may_be_cut_between_fragments() {
    let bytes = [frame(TEXT, &[0xC3]), frame(FIN, &[0xA9])].concat();
    assert_eq!(read(&bytes), Ok(Some(text("é"))));
}

#[test]
fn what_is_too_big_is_refused_by_its_head_alone() {
    let announced = [&[0x81, 0xFF][..], &10_000_000_u64.to_be_bytes()].concat();
    assert_eq!(read(&announced), Err(CloseCode::TooBig));
    assert_eq!(read(&frame(FIN | TEXT, &vec![b'x'; MAX_MESSAGE_BYTES])).map(|message| message.is_some()), Ok(true));
    let parts = [frame(TEXT, &vec![b'x'; 600_000]), frame(FIN, &vec![b'x'; 400_001])].concat();
    assert_eq!(read(&parts), Err(CloseCode::TooBig));
    let huge = [&[0x81, 0xFF][..], &u64::MAX.to_be_bytes()].concat();
    assert_eq!(read(&huge), Err(CloseCode::TooBig));
}

#[test]
fn control_frames_are_told_apart() {
    assert_eq!(read(&frame(FIN | PING, b"hi")), Ok(Some(Incoming::Ping(BytesMut::from(&b"hi"[..])))));
    assert_eq!(read(&frame(FIN | PONG, b"hi")), Ok(Some(Incoming::Pong)));
    assert_eq!(read(&frame(FIN | CLOSE, &1001_u16.to_be_bytes())), Ok(Some(Incoming::Close(Some(1001)))));
    assert_eq!(read(&frame(FIN | CLOSE, b"")), Ok(Some(Incoming::Close(None))));
}
