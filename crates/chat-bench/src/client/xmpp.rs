//! XMPP over TCP (RFC 6120), with rooms of several users (XEP-0045): as much of it as a member of a room needs.

use super::Pass;
use super::link::Link;
use super::protocol::{Heard, Protocol};
use std::fmt::Write as _;
use tokio::net::TcpStream;

const ROOMS: &str = "conference.localhost";
const STREAM: &str = "<?xml version='1.0'?><stream:stream to='localhost' xmlns='jabber:client' \
                      xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

/// A message to a room.
pub(super) fn message(number: u64, room: &str, text: &str) -> String {
    format!("<message to='{room}@{ROOMS}' type='groupchat' id='{number}'><body>{text}</body></message>")
}

/// The first element below the stream and its length; `None` if it is incomplete. The heads of the document and of the
/// stream count as elements. No element may contain another of its own name.
pub(super) fn read(bytes: &[u8]) -> Option<(Heard<'_>, usize)> {
    let first = bytes.iter().position(|&byte| byte == b'>')?;
    let tag = str::from_utf8(&bytes[..first]).expect("text in UTF-8");
    let name = tag.strip_prefix('<').expect("an element").split([' ', '/']).next().unwrap_or_default();
    let is_alone = name.starts_with('?') || name == "stream:stream" || tag.ends_with('/');
    let length = if is_alone { first + 1 } else { end_of(bytes, name)? };
    let element = str::from_utf8(&bytes[..length]).expect("text in UTF-8");
    Some((understand(name, element), length))
}

/// Where the element of this name ends.
fn end_of(bytes: &[u8], name: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(place) = bytes[from..].iter().position(|&byte| byte == b'<') {
        let rest = &bytes[from + place..];
        let after = rest.strip_prefix(b"</").and_then(|rest| rest.strip_prefix(name.as_bytes()));
        if after.is_some_and(|after| after.starts_with(b">")) {
            return Some(from + place + name.len() + 3);
        }
        from += place + 1;
    }
    None
}

fn understand<'a>(name: &str, element: &'a str) -> Heard<'a> {
    match name {
        "message" => {
            let body = element.split_once("<body>").and_then(|(_, rest)| rest.split_once("</body>"));
            match body {
                _ if element.contains("type='error'") => Heard::Refused(element),
                Some((text, _)) => Heard::Text(text),
                // The subject of the room is the last thing that a new member receives.
                None if element.contains("<subject") => Heard::Connected,
                None => Heard::Other,
            }
        }
        "failure" | "stream:error" => Heard::Refused(element),
        "stream:features" | "success" => Heard::Opened,
        "iq" | "presence" if element.contains("type='error'") => Heard::Refused(element),
        "iq" if element.contains("<jid>") => Heard::Opened,
        _ => Heard::Other,
    }
}

/// Signs in under the pass's name with any password, and enters the rooms.
pub(super) async fn open(address: &str, pass: Pass<'_>) -> Result<Link, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let mut link = Link::over(stream, Protocol::Xmpp, pass.token)?;
    let login = base64(format!("\0{}\0any password", pass.token).as_bytes());
    let auth = format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{login}</auth>");
    let bind = "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
    for step in [STREAM, auth.as_str(), STREAM, bind] {
        say(&link, step)?;
        link.until(|heard| matches!(heard, Heard::Opened)).await.map_err(|ended| format!("{ended:?}"))?;
    }
    let mut enter = String::new();
    for room in pass.rooms {
        let _ = write!(
            enter,
            "<presence to='{room}@{ROOMS}/{}'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x>\
             </presence>",
            pass.token
        );
    }
    say(&link, &enter)?;
    Ok(link)
}

fn say(link: &Link, text: &str) -> Result<(), String> {
    if link.writer().try_bytes(text.as_bytes()) { Ok(()) } else { Err("the connection ended".to_owned()) }
}

/// RFC 4648 §4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let number =
            three.iter().fold(0_usize, |number, &byte| number << 8 | usize::from(byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let digit = char::from(DIGITS[number >> (18 - 6 * place) & 63]);
            text.push(if place <= three.len() { digit } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{STREAM, base64, message, read};
    use crate::client::protocol::Heard;

    #[test]
    fn elements_are_read_one_by_one() {
        let success = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
        let message = "<message to='a' type='groupchat' id='7'><archived by='r'/><body>hello</body></message>";
        let features = "<stream:features><bind xmlns='b'/><session><optional/></session></stream:features>";
        let bytes = [STREAM, features, success, message, "<presence/>"].concat();
        let (mut rest, mut heard) = (bytes.as_bytes(), Vec::new());
        while let Some((one, length)) = read(rest) {
            heard.push(one);
            rest = &rest[length..];
        }
        let expected = [Heard::Other, Heard::Other, Heard::Opened, Heard::Opened, Heard::Text("hello"), Heard::Other];
        assert_eq!(heard, expected);
        assert!(rest.is_empty());
    }

    #[test]
    fn incomplete_elements_wait() {
        let bytes = "<message id='7'><body>hüllo</body></message>".as_bytes();
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]), None, "{end} bytes");
        }
        assert_eq!(read(bytes), Some((Heard::Text("hüllo"), bytes.len())));
    }

    #[test]
    fn refusals_are_told_apart() {
        assert!(matches!(read(b"<message type='error'><body>x</body></message>"), Some((Heard::Refused(_), _))));
        assert!(matches!(read(b"<failure><not-authorized/></failure>"), Some((Heard::Refused(_), _))));
        assert_eq!(
            read(b"<message type='groupchat'><subject/></message>").map(|(heard, _)| heard),
            Some(Heard::Connected)
        );
    }

    #[test]
    fn a_message_is_addressed_to_its_room() {
        let bytes = message(7, "r", "hello");
        assert_eq!(bytes, "<message to='r@conference.localhost' type='groupchat' id='7'><body>hello</body></message>");
    }

    #[test]
    fn base64_is_padded() {
        assert_eq!(base64(b"\0m1\0pw"), "AG0xAHB3");
        assert_eq!((base64(b"ab").as_str(), base64(b"a").as_str()), ("YWI=", "YQ=="));
    }
}
