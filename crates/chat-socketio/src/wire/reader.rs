use super::frames::CONTROL_FRAME_BYTES;
use actix_http::ws::{OpCode, Parser, ProtocolError};
use bytes::{Bytes, BytesMut};

/// What a client said over its WebSocket.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A whole text message, valid UTF-8.
    Text(String),
    /// A whole binary message.
    Binary(Bytes),
    /// To be answered with the same payload.
    Ping(Bytes),
    /// A sign of life.
    Pong,
    /// A part of a message, not its last, of this many bytes.
    Fragment(usize),
    /// Goodbye, with its code where there was one.
    Close(Option<u16>),
}

/// Why a client's bytes are no WebSocket any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// They are no frames, or not in an order that RFC 6455 allows.
    Protocol,
    /// A message is longer than it may be.
    TooBig,
    /// A text message is no UTF-8.
    InvalidText,
    /// A message of bytes, where only text is understood.
    Binary,
    /// A message that is too long while so many other strangers send one: see [`super::Allowance`].
    NoRoom,
}

/// Cuts the bytes of a client into messages (RFC 6455 §5). Owns no buffer while no message is half here.
#[derive(Debug, Default)]
pub struct Reader {
    bytes: BytesMut,
    /// The message whose last frame has not come, and whether it is text.
    begun: Option<(BytesMut, bool)>,
    is_text_only: bool,
}

impl Reader {
    /// A reader of which these bytes have come already. Not the buffer that they came in: what HTTP read a head into is
    /// far larger than most beginnings of a frame, and stays while a silent client sends nothing.
    pub fn new(bytes: BytesMut) -> Self {
        Self { bytes: fitted(bytes), begun: None, is_text_only: false }
    }

    /// The same, which refuses messages of bytes by their first frame.
    pub fn text_only(bytes: BytesMut) -> Self {
        Self { is_text_only: true, ..Self::new(bytes) }
    }

    /// More bytes have come.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// How long the message under way is as far as is known, in bytes, before its payload is here.
    pub fn announced(&self) -> u64 {
        let begun = self.begun.as_ref().map_or(0, |(begun, _)| begun.len()) as u64;
        let payload = Head::peek(&self.bytes).filter(|head| !head.is_control).map_or(0, |head| head.payload);
        begun.saturating_add(payload)
    }

    /// The next message, at most `most` bytes long, or a part of one; `None` until more bytes came. After an error
    /// nothing more can be read.
    pub fn next(&mut self, most: usize) -> Result<Option<Incoming>, Breach> {
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

/// The same bytes in a buffer of their own; in none where there are no bytes.
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
mod tests;
