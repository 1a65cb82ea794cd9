//! NATS, client protocol over TCP: rooms are subjects. A plain message is published to the members' subject. With
//! `JetStream` it is published to the stream's subject, and the server publishes it to the members once it is stored.

use super::Pass;
use super::link::Link;
use super::protocol::{Heard, Protocol};
use std::fmt::Write as _;
use tokio::net::TcpStream;

/// The stream that stores everything.
const STREAM: &str = "CHAT";
/// The first part of a subject that members subscribe to.
const OUT: &str = "out.";
/// The first part of a subject that the stream stores.
const IN: &str = "in.";
/// The first part of a subject for answers; a client's name and the number of a message follow.
const INBOX: &str = "_INBOX.";
const INBOX_ID: &str = "2";
const PING: &str = "PING\r\n";
pub(super) const PONG: &str = "PONG\r\n";
const LINE_END: &str = "\r\n";

/// A message to a room: `name` is the sender's.
pub(super) fn publish(is_stored: bool, name: &str, number: u64, room: &str, text: &str) -> String {
    let length = text.len();
    if is_stored {
        format!("PUB {IN}{room} {INBOX}{name}.{number} {length}{LINE_END}{text}{LINE_END}")
    } else {
        format!("PUB {OUT}{room} {length}{LINE_END}{text}{LINE_END}")
    }
}

/// The first operation of these bytes and its length; `None` if it is incomplete. Panics on what no server may send.
pub(super) fn read(bytes: &[u8]) -> Option<(Heard<'_>, usize)> {
    let end = bytes.windows(2).position(|two| two == LINE_END.as_bytes())?;
    let line = str::from_utf8(&bytes[..end]).expect("a line in UTF-8");
    let begin = end + LINE_END.len();
    let mut words = line.split(' ');
    let heard = match words.next() {
        Some("PING") => Heard::Ping,
        Some("PONG") => Heard::Connected,
        Some("INFO") => Heard::Opened,
        Some("-ERR") => Heard::Refused(line),
        Some(operation @ ("MSG" | "HMSG")) => {
            let subject = words.next().expect("a subject");
            let mut lengths = line.rsplit(' ').map(|word| word.parse::<usize>().expect("a length"));
            let length = lengths.next().expect("a length");
            let headers = if operation == "HMSG" { lengths.next().expect("a length") } else { 0 };
            let text = bytes.get(begin..begin + length + LINE_END.len())?;
            let text = str::from_utf8(&text[headers..length]).expect("text in UTF-8");
            return Some((message(subject, text), begin + length + LINE_END.len()));
        }
        _ => Heard::Other,
    };
    Some((heard, begin))
}

fn message<'a>(subject: &str, text: &'a str) -> Heard<'a> {
    let Some(inbox) = subject.strip_prefix(INBOX) else { return Heard::Text(text) };
    match inbox.rsplit_once('.').and_then(|(_, number)| number.parse().ok()) {
        Some(number) => Heard::Answer { number, is_done: !text.contains(r#""error""#), said: text },
        None => Heard::Other,
    }
}

/// Connects, and subscribes to the rooms and to answers.
pub(super) async fn open(protocol: Protocol, address: &str, pass: Pass<'_>) -> Result<Link, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let link = Link::over(stream, protocol, pass.token)?;
    let mut hello = r#"CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":false}"#.to_owned();
    hello += LINE_END;
    for room in pass.rooms {
        let _ = write!(hello, "SUB {OUT}{room} 1{LINE_END}");
    }
    if protocol == Protocol::JetStream {
        let _ = write!(hello, "SUB {INBOX}{}.* {INBOX_ID}{LINE_END}", pass.token);
    }
    // The answer to a ping shows that the subscriptions are in effect.
    hello += PING;
    if link.writer().try_bytes(hello.as_bytes()) { Ok(link) } else { Err("the connection ended".to_owned()) }
}

/// Creates the stream. Panics if the server refuses.
pub(crate) async fn create_stream(address: &str) {
    let mut link = open(Protocol::JetStream, address, Pass::new("setup", &[])).await.expect("a connection");
    let config = serde_json::json!({
        "name": STREAM, "subjects": [format!("{IN}*")], "storage": "file", "num_replicas": 1,
        "republish": {"src": format!("{IN}*"), "dest": format!("{OUT}{{{{wildcard(1)}}}}")},
    })
    .to_string();
    let request =
        format!("PUB $JS.API.STREAM.CREATE.{STREAM} {INBOX}setup.1 {}{LINE_END}{config}{LINE_END}", config.len());
    assert!(link.writer().try_bytes(request.as_bytes()), "the server takes the request");
    let mut answer = String::new();
    let ended = link
        .until(|heard| {
            let Heard::Answer { said, .. } = heard else { return false };
            (*said).clone_into(&mut answer);
            true
        })
        .await;
    assert!(ended.is_ok() && !answer.contains(r#""error""#), "a stream is refused: {ended:?}, {answer}");
}

#[cfg(test)]
mod tests {
    use super::{publish, read};
    use crate::client::protocol::Heard;

    #[test]
    fn messages_are_read_with_and_without_headers() {
        let plain = b"MSG out.r 1 5\r\nhello\r\nPING\r\n";
        assert_eq!(read(plain), Some((Heard::Text("hello"), 22)));
        assert_eq!(read(&plain[22..]), Some((Heard::Ping, 6)));
        let headed = b"HMSG out.r 1 12 17\r\nNATS/1.0\r\n\r\nhello\r\n";
        assert_eq!(read(headed), Some((Heard::Text("hello"), headed.len())));
    }

    #[test]
    fn incomplete_operations_wait() {
        let bytes = b"MSG out.r 1 5\r\nhello\r\n";
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]), None, "{end} bytes");
        }
    }

    #[test]
    fn an_acknowledgement_has_the_number_of_its_message() {
        let bytes = b"MSG _INBOX.m1.7 2 25\r\n{\"stream\":\"CHAT\",\"seq\":1}\r\n";
        let said = r#"{"stream":"CHAT","seq":1}"#;
        assert_eq!(read(bytes), Some((Heard::Answer { number: 7, is_done: true, said }, bytes.len())));
        let bytes = b"MSG _INBOX.m1.8 2 12\r\n{\"error\":{}}\r\n";
        assert!(matches!(read(bytes), Some((Heard::Answer { number: 8, is_done: false, .. }, _))));
    }

    #[test]
    fn only_a_stored_message_asks_for_an_answer() {
        assert_eq!(publish(false, "m1", 7, "r", "hello"), "PUB out.r 5\r\nhello\r\n");
        assert_eq!(publish(true, "m1", 7, "r", "hello"), "PUB in.r _INBOX.m1.7 5\r\nhello\r\n");
    }
}
