use super::frames::CONTROL_FRAME_BYTES;
use actix_http::ws::{OpCode, Parser, ProtocolError};
use bytes::{Bytes, BytesMut};

/// What a client sent over its WebSocket.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A whole text message, valid UTF-8.
    Text(String),
    /// A whole binary message.
    Binary(Bytes),
    /// A ping, to be answered with the same payload.
    Ping(Bytes),
    /// A sign of life.
    Pong,
    /// A part of a message, except its last, with this many bytes.
    Fragment(usize),
    /// A Close frame, with its code if it has one.
    Close(Option<u16>),
}

/// Why a client's bytes are not valid WebSocket input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// They are not frames, or not in an order that RFC 6455 allows.
    Protocol,
    /// A message is longer than allowed.
    TooBig,
    /// A text message is not UTF-8.
    InvalidText,
    /// A binary message, where only text is accepted.
    Binary,
    /// A long message while too many other strangers send one: see [`super::Allowance`].
    NoRoom,
}

/// Splits a client's bytes into messages (RFC 6455 §5). Has no buffer while no message is incomplete.
#[derive(Debug, Default)]
pub struct Reader {
    bytes: BytesMut,
    /// The message whose last frame has not arrived, and whether it is text.
    begun: Option<(BytesMut, bool)>,
    is_text_only: bool,
}

impl Reader {
    /// Starts with the bytes that have already arrived, copied into a fitting buffer: the buffer into which HTTP read
    /// the head is far larger than the beginning of a frame, and would stay while the client is silent.
    pub fn new(bytes: BytesMut) -> Self {
        Self { bytes: fitted(bytes), begun: None, is_text_only: false }
    }

    /// Like [`Self::new`], and rejects binary messages at their first frame.
    pub fn text_only(bytes: BytesMut) -> Self {
        Self { is_text_only: true, ..Self::new(bytes) }
    }

    /// Adds received bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The length of the current message as far as it is announced, in bytes, before its payload has arrived.
    pub fn announced(&self) -> u64 {
        let begun = self.begun.as_ref().map_or(0, |(begun, _)| begun.len()) as u64;
        let payload = Head::peek(&self.bytes).filter(|head| !head.is_control).map_or(0, |head| head.payload);
        begun.saturating_add(payload)
    }

    /// The next message, at most `most` bytes long, or a part of one; `None` until more bytes arrive. After an error
    /// nothing more can be read.
    pub fn next(&mut self, most: usize) -> Result<Option<Incoming>, Breach> {
        let Some(head) = Head::peek(&self.bytes) else { return Ok(None) };
        // The parser waits for a whole frame, and allocates for it, before it checks its length.
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
        self.accept(is_last, code, payload.unwrap_or_default(), most).map(Some)
    }

    fn accept(&mut self, is_last: bool, code: OpCode, payload: BytesMut, most: usize) -> Result<Incoming, Breach> {
        let length = payload.len();
        match code {
            OpCode::Binary if self.is_text_only => Err(Breach::Binary),
            OpCode::Text | OpCode::Binary if self.begun.is_some() => Err(Breach::Protocol),
            OpCode::Text | OpCode::Binary => {
                let is_text = matches!(code, OpCode::Text);
                if is_last {
                    return whole(payload, is_text);
                }
                self.begun = Some((payload, is_text));
                Ok(Incoming::Fragment(length))
            }
            OpCode::Continue => {
                let (mut begun, is_text) = self.begun.take().ok_or(Breach::Protocol)?;
                if begun.len() + payload.len() > most {
                    return Err(Breach::TooBig);
                }
                begun.extend_from_slice(&payload);
                if is_last {
                    return whole(begun, is_text);
                }
                self.begun = Some((begun, is_text));
                Ok(Incoming::Fragment(length))
            }
            OpCode::Ping | OpCode::Pong | OpCode::Close if !is_last => Err(Breach::Protocol),
            OpCode::Ping => Ok(Incoming::Ping(payload.freeze())),
            OpCode::Pong => Ok(Incoming::Pong),
            OpCode::Close => {
                let reason = Parser::try_parse_close_payload(&payload).map_err(|error| breach(&error))?;
                Ok(Incoming::Close(reason.map(|reason| reason.code.into())))
            }
            OpCode::Bad => Err(Breach::Protocol),
        }
    }
}

/// The same bytes in a buffer of their own size; no buffer if there are no bytes.
fn fitted(bytes: BytesMut) -> BytesMut {
    let fitted = if bytes.is_empty() { BytesMut::new() } else { BytesMut::from(&bytes[..]) };
    drop(bytes);
    fitted
}

fn whole(payload: BytesMut, is_text: bool) -> Result<Incoming, Breach> {
    if is_text {
        String::from_utf8(payload.into()).map(Incoming::Text).map_err(|_| Breach::InvalidText)
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

/// The part of a frame's head that gives its size.
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
