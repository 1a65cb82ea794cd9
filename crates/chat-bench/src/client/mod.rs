//! One client for all measured servers. It encodes and decodes frames itself, because client and server share the
//! cores. Each connection is a small task; all tasks share one read buffer. Only the framing differs between protocols.

mod frames;
mod link;
mod nats;
mod polling;
mod protocol;
mod xmpp;

pub(crate) use link::{Link, Writer};
pub(crate) use nats::create_stream;
pub(crate) use protocol::{Heard, Protocol, number_of, text_of};

/// Encodes a client's text frame, for callers that write thousands of frames.
pub(crate) fn frame_of(text: &str) -> Vec<u8> {
    frames::text(text)
}

/// Encodes a ping without a payload.
pub(crate) fn ping() -> Vec<u8> {
    frames::frame(frames::PING, &[])
}

/// How a client connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Authenticates by header and resumes; with Socket.IO, the websocket transport without polling
    Usual,
    /// Plain WebSocket: authenticates by header, sends no frame
    Header,
    /// Plain WebSocket: authenticates by subprotocol, sends no frame
    Subprotocol,
    /// Plain WebSocket: authenticates by its first frame
    FirstFrame,
    /// Socket.IO: starts with polling and upgrades to a websocket
    Upgraded,
    /// A server without accounts: the address of the websocket names the room
    Room,
}

/// The address of a server and the protocol it speaks.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) protocol: Protocol,
    /// `address:port`
    pub(crate) address: String,
    pub(crate) way: Way,
    /// Whether the server sends `resumed` when delivery begins, as ours does. Other servers deliver from the moment
    /// they accept the client.
    pub(crate) resumes: bool,
}

/// The credentials and the state of a client that connects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pass<'a> {
    /// The access token; the client's name on a server without accounts
    pub(crate) token: &'a str,
    /// The positions that the client has, as JSON: `{conversationId: pos}`
    pub(crate) resume: &'a str,
    /// The rooms to join, for a server that does not know a user's conversations
    pub(crate) rooms: &'a [String],
}

impl<'a> Pass<'a> {
    /// A client that has received nothing yet.
    pub(crate) const fn new(token: &'a str, rooms: &'a [String]) -> Self {
        Self { token, resume: "{}", rooms }
    }
}

impl Endpoint {
    /// Connects and authenticates. Returns the reason if that fails.
    pub(crate) async fn open(&self, pass: Pass<'_>) -> Result<Link, String> {
        match self.protocol {
            Protocol::Plain => self.open_plain(pass).await,
            Protocol::SocketIo => self.open_socket_io(pass).await,
            Protocol::Nats | Protocol::JetStream => nats::open(self.protocol, &self.address, pass).await,
            Protocol::Xmpp => xmpp::open(&self.address, pass).await,
        }
    }

    async fn open_plain(&self, Pass { token, resume, rooms }: Pass<'_>) -> Result<Link, String> {
        if self.way == Way::Room {
            let path = format!("/?room={}", rooms.first().map_or("", String::as_str));
            return Link::open(self.protocol, &self.address, &path, "").await;
        }
        let path = if self.way == Way::Usual { "/api/v1/ws?resume=true" } else { "/api/v1/ws" };
        let headers = match self.way {
            Way::Usual | Way::Header => format!("authorization: Bearer {token}\r\n"),
            Way::Subprotocol => format!("sec-websocket-protocol: bearer, {token}\r\n"),
            Way::FirstFrame | Way::Upgraded | Way::Room => String::new(),
        };
        let link = Link::open(self.protocol, &self.address, path, &headers).await?;
        match self.way {
            Way::Header | Way::Subprotocol => Ok(link),
            Way::Usual => say(link, &format!(r#"{{"event":"resume","data":{{"resume":{resume}}}}}"#)),
            Way::FirstFrame | Way::Upgraded | Way::Room => {
                say(link, &format!(r#"{{"event":"auth","data":{{"token":"{token}"}},"id":"0"}}"#))
            }
        }
    }

    async fn open_socket_io(&self, pass: Pass<'_>) -> Result<Link, String> {
        const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";
        let ended = |ended| format!("{ended:?}");
        let mut link = if self.way == Way::Upgraded {
            let path = format!("{WEBSOCKET}&sid={}", polling::open(&self.address).await?);
            let link = Link::open(self.protocol, &self.address, &path, "").await?;
            let mut link = say(link, "2probe")?;
            link.until(|heard| matches!(heard, Heard::Probed)).await.map_err(ended)?;
            say(link, "5")?
        } else {
            Link::open(self.protocol, &self.address, WEBSOCKET, "").await?
        };
        if self.way != Way::Upgraded {
            link.until(|heard| matches!(heard, Heard::Opened)).await.map_err(ended)?;
        }
        say(link, &Protocol::connect(&self.auth(pass)))
    }

    fn auth(&self, pass: Pass<'_>) -> String {
        if self.resumes {
            format!(r#"{{"token":"{}","resume":{}}}"#, pass.token, pass.resume)
        } else {
            serde_json::json!({"rooms": pass.rooms, "name": "m100"}).to_string()
        }
    }

    /// As [`Endpoint::open`], and waits until delivery has begun. Panics if it does not begin.
    pub(crate) async fn connect(&self, pass: Pass<'_>) -> Link {
        let mut link = self.open(pass).await.expect("a connection");
        // These ways receive no frame that says that delivery has begun.
        if !matches!(self.way, Way::Header | Way::Subprotocol) {
            link.until(|heard| self.is_ready(heard)).await.expect("a connection that lasts");
        }
        link
    }

    /// Whether this says that delivery has begun.
    pub(crate) fn is_ready(&self, heard: &Heard<'_>) -> bool {
        match heard {
            Heard::Event { name, .. } => *name == "resumed",
            Heard::Connected => !self.resumes,
            Heard::Answer { is_done, .. } => *is_done && self.way == Way::FirstFrame,
            _ => false,
        }
    }
}

fn say(link: Link, text: &str) -> Result<Link, String> {
    if link.writer().try_text(text) { Ok(link) } else { Err("the connection ended".to_owned()) }
}
