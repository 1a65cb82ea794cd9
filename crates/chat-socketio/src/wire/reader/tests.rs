use super::*;
use proptest::prelude::*;

/// The longest message of these tests.
const MAX_MESSAGE_BYTES: usize = 1_000_000;

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

fn read(bytes: &[u8]) -> Result<Option<Incoming>, Breach> {
    let mut reader = Reader::default();
    reader.feed(bytes);
    next_whole(&mut reader)
}

/// Skips the parts of a message.
fn next_whole(reader: &mut Reader) -> Result<Option<Incoming>, Breach> {
    loop {
        let next = reader.next(MAX_MESSAGE_BYTES);
        if !matches!(next, Ok(Some(Incoming::Fragment(_)))) {
            return next;
        }
    }
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
        prop_assert_eq!(reader.bytes.capacity(), 0, "an idle reader keeps no buffer");
    }

    #[test]
    fn any_bytes_in_any_pieces_are_read_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..300), step in 1_usize..20
    ) {
        let mut reader = Reader::default();
        for piece in bytes.chunks(step) {
            reader.feed(piece);
            loop {
                match reader.next(64) {
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(_) => return Ok(()),
                }
            }
        }
        prop_assert!(reader.bytes.len() <= CONTROL_FRAME_BYTES + 14);
    }

    #[test]
    fn no_bytes_however_strange_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut reader = Reader::default();
        reader.feed(&bytes);
        while let Ok(Some(_)) = reader.next(MAX_MESSAGE_BYTES) {}
    }
}

#[test]
fn what_is_no_websocket_of_a_client_is_refused() {
    assert_eq!(read(&[0x81, 0x02, b'h', b'i']), Err(Breach::Protocol), "unmasked");
    assert_eq!(read(&frame(0xC1, b"x")), Err(Breach::Protocol), "reserved bit");
    assert_eq!(read(&frame(FIN | UNKNOWN, b"x")), Err(Breach::Protocol), "unknown opcode");
    assert_eq!(read(&frame(FIN, b"x")), Err(Breach::Protocol), "nothing to continue");
    assert_eq!(read(&[frame(TEXT, b"a"), frame(FIN | TEXT, b"b")].concat()), Err(Breach::Protocol));
    assert_eq!(read(&frame(PING, b"x")), Err(Breach::Protocol), "a ping in parts");
    assert_eq!(read(&frame(FIN | PING, &[0; 126])), Err(Breach::Protocol), "a ping too long");
    assert_eq!(read(&frame(FIN | CLOSE, &[1])), Err(Breach::Protocol), "half a close code");
    assert_eq!(read(&frame(FIN | TEXT, &[0xC3])), Err(Breach::InvalidText), "half a character");
}

#[test]
fn a_character_may_be_cut_between_fragments() {
    let bytes = [frame(TEXT, &[0xC3]), frame(FIN, &[0xA9])].concat();
    assert_eq!(read(&bytes), Ok(Some(text("é"))));
}

#[test]
fn messages_of_bytes_come_whole_too_and_do_not_mix_with_text() {
    let bytes = Incoming::Binary(Bytes::from_static(&[1, 2]));
    assert_eq!(read(&[frame(BINARY, &[1]), frame(FIN, &[2])].concat()), Ok(Some(bytes)));
    assert_eq!(read(&[frame(BINARY, &[1]), frame(FIN | TEXT, b"b")].concat()), Err(Breach::Protocol));
}

#[test]
fn where_only_text_is_understood_bytes_are_refused_by_their_first_frame() {
    let mut reader = Reader::text_only(frame(BINARY, b"x")[..].into());
    assert_eq!(reader.next(MAX_MESSAGE_BYTES), Err(Breach::Binary));
    let mut reader = Reader::text_only([frame(TEXT, b"a"), frame(FIN | BINARY, b"b")].concat()[..].into());
    assert_eq!(next_whole(&mut reader), Err(Breach::Binary));
}

#[test]
fn how_long_a_message_will_be_is_known_before_it_is_here() {
    let mut reader = Reader::default();
    reader.feed(&frame(TEXT, &[b'x'; 60]));
    assert_eq!(reader.announced(), 60);
    assert_eq!(
        reader.next(MAX_MESSAGE_BYTES),
        Ok(Some(Incoming::Fragment(60))),
        "a fragment is reported before its message is complete"
    );
    assert_eq!(reader.next(MAX_MESSAGE_BYTES), Ok(None));
    reader.feed(&frame(FIN, &[b'x'; 200])[..4]);
    assert_eq!(reader.announced(), 260);
    reader.feed(&frame(FIN | PING, b"x"));
    assert_eq!(reader.announced(), 260, "control frames in between do not count");
}

#[test]
fn a_length_is_judged_before_any_room_is_made_for_it() {
    let mut reader = Reader::default();
    reader.feed(&[0x82, 0xFF, 0, 0, 0, 0, 0x10, 0, 0, 0]);
    assert_eq!(reader.next(MAX_MESSAGE_BYTES), Err(Breach::TooBig));
    assert!(reader.bytes.capacity() < 1_000);
}

#[test]
fn what_is_too_big_is_refused_by_its_head_alone() {
    let announced = [&[0x81, 0xFF][..], &10_000_000_u64.to_be_bytes()].concat();
    assert_eq!(read(&announced), Err(Breach::TooBig));
    assert_eq!(read(&frame(FIN | TEXT, &vec![b'x'; MAX_MESSAGE_BYTES])).map(|message| message.is_some()), Ok(true));
    let parts = [frame(TEXT, &vec![b'x'; 600_000]), frame(FIN, &vec![b'x'; 400_001])].concat();
    assert_eq!(read(&parts), Err(Breach::TooBig));
    let huge = [&[0x81, 0xFF][..], &u64::MAX.to_be_bytes()].concat();
    assert_eq!(read(&huge), Err(Breach::TooBig));
}

#[test]
fn control_frames_are_told_apart() {
    assert_eq!(read(&frame(FIN | PING, b"hi")), Ok(Some(Incoming::Ping(Bytes::from_static(b"hi")))));
    assert_eq!(read(&frame(FIN | PONG, b"hi")), Ok(Some(Incoming::Pong)));
    assert_eq!(read(&frame(FIN | CLOSE, &1001_u16.to_be_bytes())), Ok(Some(Incoming::Close(Some(1001)))));
    assert_eq!(read(&frame(FIN | CLOSE, b"")), Ok(Some(Incoming::Close(None))));
}

#[test]
fn a_reader_keeps_no_buffer_that_http_has_left_behind() {
    let mut left = BytesMut::with_capacity(8 * 1024);
    assert_eq!(Reader::text_only(left.clone()).bytes.capacity(), 0);
    assert_eq!(Reader::new(left.split()).bytes.capacity(), 0);
    left.extend_from_slice(&[0x81]);
    let reader = Reader::new(left);
    assert_eq!((&reader.bytes[..], reader.bytes.capacity() < 64), (&[0x81][..], true));
}
