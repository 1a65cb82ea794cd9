//! The text around commands, events and answers: the frames of the plain WebSocket, and the packets of Engine.IO 4 and
//! Socket.IO 5.

/// The namespace of the chat on our server and on the peer.
const NAMESPACE: &str = "/chat";

/// The protocol that a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// The plain WebSocket of our own server
    Plain,
    /// The websocket transport of Socket.IO, of our server or any other
    SocketIo,
    /// NATS, nothing stored
    Nats,
    /// NATS with a stream that stores everything
    JetStream,
    /// XMPP, with rooms of several users
    Xmpp,
}

/// What a client receives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard<'a> {
    /// An event. `data` starts with its JSON and ends with the rest of the frame.
    Event {
        name: &'a str,
        data: &'a str,
    },
    /// The answer to the command of this number. `said` starts with its JSON and ends with the rest of the frame.
    Answer {
        number: u64,
        is_done: bool,
        said: &'a str,
    },
    /// NATS and XMPP: the text of a message in a room.
    Text(&'a str),
    /// A step of the handshake is done.
    Opened,
    /// The client receives every message from now on.
    Connected,
    /// To be answered at once.
    Ping,
    /// Socket.IO: the server has answered the probe of a websocket that takes over a session.
    Probed,
    /// The server has disconnected or refused the client.
    Refused(&'a str),
    Other,
}

impl Protocol {
    /// Encodes a command that asks for an answer under `number`.
    pub(super) fn command(self, number: u64, name: &str, data: &str) -> String {
        match self {
            Self::Plain => format!(r#"{{"event":"{name}","data":{data},"id":"{number}"}}"#),
            Self::SocketIo => format!(r#"42{NAMESPACE},{number}["{name}",{data}]"#),
            Self::Nats | Self::JetStream | Self::Xmpp => unreachable!("only messages are sent to these servers"),
        }
    }

    /// Socket.IO: encodes a CONNECT to the namespace.
    pub(super) fn connect(auth: &str) -> String {
        format!("40{NAMESPACE},{auth}")
    }

    pub(super) fn understand(self, text: &str) -> Heard<'_> {
        match self {
            Self::Plain => plain(text),
            Self::SocketIo => packet(text),
            Self::Nats | Self::JetStream | Self::Xmpp => None,
        }
        .unwrap_or(Heard::Other)
    }
}

fn plain(text: &str) -> Option<Heard<'_>> {
    let (name, rest) = text.strip_prefix(r#"{"event":""#)?.split_once('"')?;
    let Some(answer) = rest.strip_prefix(r#","id":""#) else {
        return Some(Heard::Event { name, data: rest.strip_prefix(r#","data":"#)? });
    };
    let (number, said) = answer.split_once('"')?;
    Some(Heard::Answer {
        number: number.parse().ok()?,
        is_done: name == "ack",
        said: said.strip_prefix(r#","data":"#)?,
    })
}

fn packet(text: &str) -> Option<Heard<'_>> {
    match text.as_bytes().first()? {
        b'0' => return Some(Heard::Opened),
        b'1' => return Some(Heard::Refused(text)),
        b'2' => return Some(Heard::Ping),
        b'3' => return Some(Heard::Probed),
        b'4' => {}
        _ => return None,
    }
    let kind = text.as_bytes().get(1)?;
    let rest = text.get(2..)?.strip_prefix(NAMESPACE)?;
    match kind {
        b'0' => Some(Heard::Connected),
        b'1' | b'4' => Some(Heard::Refused(text)),
        b'2' => {
            let (name, data) = rest.strip_prefix(r#",[""#)?.split_once('"')?;
            Some(Heard::Event { name, data: data.strip_prefix(',').unwrap_or("null") })
        }
        b'3' => {
            let (number, said) = rest.strip_prefix(',')?.split_once('[')?;
            Some(Heard::Answer { number: number.parse().ok()?, is_done: said.starts_with(r#"{"success":true"#), said })
        }
        _ => None,
    }
}

/// Returns the number that follows `name`, or that starts the data if `name` is empty. Much cheaper than parsing the
/// frame, which matters because client and server share the cores.
pub(crate) fn number_of(data: &str, name: &str) -> Option<u64> {
    let rest = &data[data.find(name)? + name.len()..];
    rest[..rest.find(|character: char| !character.is_ascii_digit())?].parse().ok()
}

/// Returns the text without escapes that follows `name`.
pub(crate) fn text_of<'a>(data: &'a str, name: &str) -> Option<&'a str> {
    let rest = &data[data.find(name)? + name.len()..];
    rest.strip_prefix('"')?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::{Heard, Protocol, number_of, text_of};

    #[test]
    fn frames_of_the_plain_websocket_are_understood() {
        let understand = |text| Protocol::Plain.understand(text);
        assert_eq!(understand(r#"{"event":"a:b","data":{"x":1}}"#), Heard::Event { name: "a:b", data: r#"{"x":1}}"# });
        assert_eq!(
            understand(r#"{"event":"ack","id":"7","data":{}}"#),
            Heard::Answer { number: 7, is_done: true, said: "{}}" }
        );
        assert_eq!(
            understand(r#"{"event":"error","id":"8","data":{}}"#),
            Heard::Answer { number: 8, is_done: false, said: "{}}" }
        );
        assert_eq!(
            understand(r#"{"event":"error","data":{}}"#),
            Heard::Event { name: "error", data: "{}}" },
            "an error that answers no command"
        );
    }

    #[test]
    fn packets_of_socket_io_are_understood() {
        let understand = |text| Protocol::SocketIo.understand(text);
        assert_eq!(understand(r#"0{"sid":"x"}"#), Heard::Opened);
        assert_eq!(understand(r#"40/chat,{"sid":"x"}"#), Heard::Connected);
        assert_eq!(understand("2"), Heard::Ping);
        assert_eq!(understand("3probe"), Heard::Probed);
        assert_eq!(understand(r#"42/chat,["a:b",{"x":1}]"#), Heard::Event { name: "a:b", data: r#"{"x":1}]"# });
        assert_eq!(
            understand(r#"43/chat,7[{"success":true,"data":{}}]"#),
            Heard::Answer { number: 7, is_done: true, said: r#"{"success":true,"data":{}}]"# }
        );
        assert!(matches!(
            understand(r#"43/chat,7[{"success":false}]"#),
            Heard::Answer { number: 7, is_done: false, .. }
        ));
        assert!(matches!(understand(r#"44/chat,{"message":"no"}"#), Heard::Refused(_)));
        assert!(matches!(understand("41/chat,"), Heard::Refused(_)));
    }

    #[test]
    fn commands_ask_for_their_answer() {
        assert_eq!(Protocol::Plain.command(7, "a:b", "{}"), r#"{"event":"a:b","data":{},"id":"7"}"#);
        assert_eq!(Protocol::SocketIo.command(7, "a:b", "{}"), r#"42/chat,7["a:b",{}]"#);
    }

    #[test]
    fn a_field_is_found_by_its_name() {
        assert_eq!(number_of(r#"{"seq":12,"pos":13}"#, r#""pos":"#), Some(13));
        assert_eq!(text_of(r#"{"id":"abc"}"#, r#""id":"#), Some("abc"));
        assert_eq!(number_of("{}", r#""pos":"#), None);
    }
}
