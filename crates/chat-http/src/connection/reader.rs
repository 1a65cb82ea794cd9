use actix_http::ws::{OpCode, Parser, ProtocolError};
use bytes::BytesMut;
use chat_protocol::realtime::CloseCode;

/// The longest message, in bytes, whether in one frame or in many (contract §1).
pub(crate) const MAX_MESSAGE_BYTES: usize = 1_000_000;

/// The longest message that every client may send before it has signed in: a token, and what it has of some conversations.
pub(crate) const MAX_GREETING_BYTES: usize = 128 * 1024;

/// The payload of a control frame is at most this long (RFC 6455 §5.5).
const CONTROL_BYTES: u64 = 125;

/// What a client said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// A whole text message, valid UTF-8.
    Text(String),
    /// To be answered with the same payload.
    Ping(BytesMut),
    /// A sign of life.
    Pong,
    /// Goodbye, with its code where there was one.
    Close(Option<u16>),
}

/// Cuts the bytes of a client into messages (RFC 6455 §5). Owns no buffer while no message is half here.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    bytes: BytesMut,
    text: Option<BytesMut>,
}

impl Reader {
    pub(crate) const fn new(bytes: BytesMut) -> Self {
        Self { bytes, text: None }
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// How long the message under way is as far as is known, in bytes, before its payload is here.
    pub(crate) fn announced(&self) -> u64 {
        let begun = self.text.as_ref().map_or(0, BytesMut::len) as u64;
        let payload = Head::peek(&self.bytes).filter(|head| !head.is_control).map_or(0, |head| head.payload);
        begun.saturating_add(payload)
    }

    /// The next that is whole; `None` until more bytes came. An error ends the connection with that code.
    pub(crate) fn next(&mut self, most: usize) -> Result<Option<Incoming>, CloseCode> {
        loop {
            let Some(head) = Head::peek(&self.bytes) else { return Ok(None) };
            // Before the payload is here, and before any room is made for it.
            let limit = if head.is_control { CONTROL_BYTES } else { most as u64 };
            if head.payload > limit {
                return Err(if head.is_control { CloseCode::ProtocolViolation } else { CloseCode::TooBig });
            }
            if head.is_masked && (self.bytes.len() as u64) < head.length + head.payload {
                return Ok(None);
            }
            let parsed = Parser::parse(&mut self.bytes, true, most).map_err(|error| violation(&error))?;
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
    ) -> Result<Option<Incoming>, CloseCode> {
        match code {
            OpCode::Text if self.text.is_some() => Err(CloseCode::ProtocolViolation),
            OpCode::Text if is_last => whole(payload).map(Some),
            OpCode::Text => {
                self.text = Some(payload);
                Ok(None)
            }
            OpCode::Continue => {
                let mut text = self.text.take().ok_or(CloseCode::ProtocolViolation)?;
                if text.len() + payload.len() > most {
                    return Err(CloseCode::TooBig);
                }
                text.extend_from_slice(&payload);
                if is_last {
                    return whole(text).map(Some);
                }
                self.text = Some(text);
                Ok(None)
            }
            OpCode::Binary => Err(CloseCode::UnsupportedData),
            OpCode::Ping | OpCode::Pong | OpCode::Close if !is_last => Err(CloseCode::ProtocolViolation),
            OpCode::Ping => Ok(Some(Incoming::Ping(payload))),
            OpCode::Pong => Ok(Some(Incoming::Pong)),
            OpCode::Close => {
                let reason = Parser::try_parse_close_payload(&payload).map_err(|error| violation(&error))?;
                Ok(Some(Incoming::Close(reason.map(|reason| reason.code.into()))))
            }
            OpCode::Bad => Err(CloseCode::ProtocolViolation),
        }
    }
}

fn whole(text: BytesMut) -> Result<Incoming, CloseCode> {
    String::from_utf8(text.into()).map(Incoming::Text).map_err(|_| CloseCode::InvalidText)
}

const fn violation(error: &ProtocolError) -> CloseCode {
    match error {
        ProtocolError::Overflow => CloseCode::TooBig,
        _ => CloseCode::ProtocolViolation,
    }
}

/// As much of a frame's head as tells its size. The parser itself waits for a whole frame before it judges its length, and makes room for
/// it meanwhile; a client that announces ten megabytes is not to be waited for.
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
mod tests;
