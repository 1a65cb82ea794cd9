use super::arguments;
use crate::settings::NAMESPACE_BYTES;
use bytes::Bytes;
use serde_json::value::RawValue;
use thiserror::Error;

/// An invalid packet (Socket.IO v5, "Packet encoding"). The protocol's only answer is to end the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a Socket.IO packet")]
pub struct InvalidSocketPacket;

/// An event or an acknowledgement, with its arguments and attachments.
#[derive(Debug, Default)]
pub struct Event {
    /// The event's name; empty for an acknowledgement.
    pub name: String,
    /// Its arguments: valid JSON, otherwise unchecked. A [`super::placeholder`] stands for an attachment.
    pub arguments: Vec<Box<RawValue>>,
    /// The number of the acknowledgement that the sender asks for.
    pub id: Option<u64>,
    /// Its binary attachments, complete and in order.
    pub attachments: Vec<Bytes>,
}

/// A packet from a client, without its attachments, which follow it.
#[derive(Debug)]
pub enum SocketPacket {
    /// `0`: the client asks to connect to the namespace, with its credentials.
    Connect {
        /// An object; `None` if absent.
        auth: Option<Box<RawValue>>,
    },
    /// `1`: the client leaves the namespace.
    Disconnect,
    /// `2`, or `5` with this many attachments to come.
    Event(Event, usize),
    /// `3`, or `6` with this many attachments to come: the answer to an event from the server.
    Ack(Event, usize),
}

impl SocketPacket {
    /// Reads the text of a message: the namespace, which starts with a slash, and the packet. It may announce at most
    /// `most` attachments.
    pub fn parse(text: &str, most: usize) -> Result<(&str, Self), InvalidSocketPacket> {
        let kind = *text.as_bytes().first().ok_or(InvalidSocketPacket)?;
        let rest = text.get(1..).ok_or(InvalidSocketPacket)?;
        let (attachments, rest) = match kind {
            b'5' | b'6' => announced(rest, most)?,
            _ => (0, rest),
        };
        let (namespace, rest) = namespace(rest)?;
        let (id, data) = id(rest)?;
        let packet = match (kind, id) {
            (b'0', None) => Self::Connect { auth: auth(data)? },
            (b'1', None) if data.is_empty() => Self::Disconnect,
            (b'2' | b'5', id) => {
                let (name, arguments) = arguments::of_event(data)?;
                Self::Event(Event { name, arguments, id, attachments: Vec::new() }, attachments)
            }
            (b'3' | b'6', Some(_)) => {
                let arguments = arguments::of_ack(data)?;
                Self::Ack(Event { name: String::new(), arguments, id, attachments: Vec::new() }, attachments)
            }
            _ => return Err(InvalidSocketPacket),
        };
        Ok((namespace, packet))
    }
}

fn announced(text: &str, most: usize) -> Result<(usize, &str), InvalidSocketPacket> {
    let (count, rest) = text.split_once('-').ok_or(InvalidSocketPacket)?;
    let count = number(count).ok_or(InvalidSocketPacket)?;
    let count = usize::try_from(count).ok().filter(|count| *count <= most).ok_or(InvalidSocketPacket)?;
    Ok((count, rest))
}

/// The namespace up to its comma, or to the end. The main namespace is left out.
fn namespace(text: &str) -> Result<(&str, &str), InvalidSocketPacket> {
    if !text.starts_with('/') {
        return Ok(("/", text));
    }
    let (namespace, rest) = text.split_once(',').unwrap_or((text, ""));
    if namespace.len() > NAMESPACE_BYTES { Err(InvalidSocketPacket) } else { Ok((namespace, rest)) }
}

fn id(text: &str) -> Result<(Option<u64>, &str), InvalidSocketPacket> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() {
        return Ok((None, rest));
    }
    number(digits).map(|id| (Some(id), rest)).ok_or(InvalidSocketPacket)
}

fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn auth(json: &str) -> Result<Option<Box<RawValue>>, InvalidSocketPacket> {
    if json.is_empty() {
        return Ok(None);
    }
    let auth: Box<RawValue> = serde_json::from_str(json).map_err(|_| InvalidSocketPacket)?;
    if auth.get().starts_with('{') { Ok(Some(auth)) } else { Err(InvalidSocketPacket) }
}

#[cfg(test)]
mod tests;
