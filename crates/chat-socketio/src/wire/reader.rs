use super::frames::CONTROL_FRAME_BYTES;
use actix_http::ws::{OpCode, Parser, ProtocolError};
use bytes::{Bytes, BytesMut};

/// What a client said over its WebSocket.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    Text(String),
    Binary(Bytes),
    Ping(Bytes),
    Pong,
    Close(Option<u16>),
}

/// Why a client's bytes are no WebSocket any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Breach {
    Protocol,
    TooBig,
}

/// Cuts the bytes of a client into messages (RFC 6455 §5). Owns no buffer while no message is half here.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    bytes: BytesMut,
    /// The message whose last frame has not come, and whether it is text.
    begun: Option<(BytesMut, bool)>,
}

impl Reader {
    pub(crate) const fn new(bytes: BytesMut) -> Self {
        Self { bytes, begun: None }
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next message that is whole; `None` until more bytes came.
    pub(crate) fn next(&mut self, most: usize) -> Result<Option<Incoming>, Breach> {
        loop {
            let Some(head) = Head::peek(&self.bytes) else { return Ok(None) };
            // The parser waits for a frame, and makes room for it, before it judges its length.
            let limit = if head.is_control { CONTROL_FRAME_BYTES as u64 } else { most as u64 };
            if head.payload > limit {
                return Err(if head.is_control { Breach::Protocol } else { Breach::TooBig });
            }
            if head.is_masked && (self.bytes.len() as u64) < head.length + head.payload {
                return Ok(None);
            }
            let parsed = Parser::parse(&mut self.bytes, true, most).map_err(|error| breach(&error))?;
            let Some((is_last, code, payload)) = parsed else { return Ok(None) };
            if self.bytes.is_empty() {
                self.bytes = BytesMut::new();
            }
            if let Some(incoming) = self.accept(is_last, code, payload.unwrap_or_default(), most)? {
                return Ok(Some(incoming));
            }
        }
    }

    fn accept(
        &mut self,
        is_last: bool,
        code: OpCode,
        payload: BytesMut,
        most: usize,
    ) -> Result<Option<Incoming>, Breach> {
        match code {
            OpCode::Text | OpCode::Binary if self.begun.is_some() => Err(Breach::Protocol),
            OpCode::Text | OpCode::Binary => {
                let is_text = matches!(code, OpCode::Text);
                if is_last {
                    return whole(payload, is_text).map(Some);
                }
                self.begun = Some((payload, is_text));
                Ok(None)
            }
            OpCode::Continue => {
                let (mut begun, is_text) = self.begun.take().ok_or(Breach::Protocol)?;
                if begun.len() + payload.len() > most {
                    return Err(Breach::TooBig);
                }
                begun.extend_from_slice(&payload);
                if is_last {
                    return whole(begun, is_text).map(Some);
                }
                self.begun = Some((begun, is_text));
                Ok(None)
            }
            OpCode::Ping | OpCode::Pong | OpCode::Close if !is_last => Err(Breach::Protocol),
            OpCode::Ping => Ok(Some(Incoming::Ping(payload.freeze()))),
            OpCode::Pong => Ok(Some(Incoming::Pong)),
            OpCode::Close => {
                let reason = Parser::try_parse_close_payload(&payload).map_err(|error| breach(&error))?;
                Ok(Some(Incoming::Close(reason.map(|reason| reason.code.into()))))
            }
            OpCode::Bad => Err(Breach::Protocol),
        }
    }
}

fn whole(payload: BytesMut, is_text: bool) -> Result<Incoming, Breach> {
    if is_text {
        String::from_utf8(payload.into()).map(Incoming::Text).map_err(|_| Breach::Protocol)
    } else {
        Ok(Incoming::Binary(payload.freeze()))
    }
}

const fn breach(error: &ProtocolError) -> Breach {
    match error {
        ProtocolError::Overflow => Breach::TooBig,
        _ => Breach::Protocol,
    }
}

/// As much of a frame's head as tells its size.
struct Head {
    is_control: bool,
    is_masked: bool,
    length: u64,
    payload: u64,
}

impl Head {
    fn peek(bytes: &[u8]) -> Option<Self> {
        let (&first, rest) = bytes.split_first()?;
        let (&second, rest) = rest.split_first()?;
        let (extended, payload) = match second & 0x7F {
            126 => (2, u64::from(u16::from_be_bytes(*rest.first_chunk()?))),
            127 => (8, u64::from_be_bytes(*rest.first_chunk()?)),
            short => (0, u64::from(short)),
        };
        Some(Self { is_control: first & 0x08 != 0, is_masked: second & 0x80 != 0, length: 2 + extended + 4, payload })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn masked(first: u8, payload: &[u8]) -> BytesMut {
        let mut bytes = BytesMut::new();
        let code = OpCode::from(first & 0x0F);
        Parser::write_message(&mut bytes, payload, code, first & 0x80 != 0, true);
        bytes
    }

    fn drain(reader: &mut Reader, most: usize) -> Result<Vec<Incoming>, Breach> {
        let mut all = Vec::new();
        while let Some(incoming) = reader.next(most)? {
            all.push(incoming);
        }
        Ok(all)
    }

    #[test]
    fn messages_come_whole_whether_in_one_frame_or_in_many() {
        let mut bytes = masked(0x01, b"he");
        bytes.extend_from_slice(&masked(0x89, b"p"));
        bytes.extend_from_slice(&masked(0x80, b"llo"));
        bytes.extend_from_slice(&masked(0x82, &[1, 2]));
        let mut reader = Reader::default();
        reader.feed(&bytes);
        let expected =
            [Incoming::Ping("p".into()), Incoming::Text("hello".into()), Incoming::Binary(Bytes::from_static(&[1, 2]))];
        assert_eq!(drain(&mut reader, 100).expect("frames"), expected);
    }

    #[test]
    fn a_length_is_judged_before_its_bytes_have_come() {
        let mut reader = Reader::default();
        reader.feed(&[0x82, 0xFF, 0, 0, 0, 0, 0x10, 0, 0, 0]);
        assert_eq!(reader.next(1_000_000), Err(Breach::TooBig));
        assert!(reader.bytes.capacity() < 1_000);
        let mut reader = Reader::default();
        reader.feed(&masked(0x01, &[b'x'; 60]));
        reader.feed(&masked(0x80, &[b'x'; 60]));
        assert_eq!(drain(&mut reader, 100), Err(Breach::TooBig));
    }

    #[test]
    fn what_is_no_websocket_of_a_client_is_refused() {
        let cases: [(&[u8], Breach); 5] = [
            (b"\x81\x02hi", Breach::Protocol),
            (&masked(0x80, b"more"), Breach::Protocol),
            (&masked(0x81, b"\xff\xfe"), Breach::Protocol),
            (&masked(0x88, b"\x03"), Breach::Protocol),
            (&[0xC1, 0x80, 0, 0, 0, 0], Breach::Protocol),
        ];
        for (bytes, expected) in cases {
            let mut reader = Reader::default();
            reader.feed(bytes);
            assert_eq!(drain(&mut reader, 100), Err(expected), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), step in 1_usize..20) {
            let mut reader = Reader::default();
            for piece in bytes.chunks(step) {
                reader.feed(piece);
                if drain(&mut reader, 64).is_err() { return Ok(()); }
            }
            prop_assert!(reader.bytes.len() <= CONTROL_FRAME_BYTES + 14);
        }

        #[test]
        fn a_text_comes_out_as_it_went_in(text in ".{0,80}", step in 1_usize..30) {
            let mut reader = Reader::default();
            let mut all = Vec::new();
            for piece in masked(0x81, text.as_bytes()).chunks(step) {
                reader.feed(piece);
                all.extend(drain(&mut reader, 1_000).expect("a frame"));
            }
            prop_assert_eq!(all, [Incoming::Text(text)]);
        }
    }
}
