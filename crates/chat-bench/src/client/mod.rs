//! One client for every server that is measured: WebSocket frames written and read by hand, for client and server share
//! the cores, and what the client uses is missing elsewhere. Each connection is a small task; all read through one
//! buffer, one `recv` for whatever is there.

mod frames;
mod link;
mod polling;
mod protocol;

pub(crate) use link::{Ended, Link, Writer};
pub(crate) use protocol::{Heard, Protocol, number_of, text_of};

/// A text frame as a client sends it, for those who write frames by the thousand.
pub(crate) fn frame_of(text: &str) -> Vec<u8> {
    frames::text(text)
}

/// A ping without a payload.
pub(crate) fn ping() -> Vec<u8> {
    frames::frame(frames::PING, &[])
}

/// How a client comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Signed in by header, resuming; with Socket.IO on a websocket from the start
    Usual,
    /// Plain WebSocket: signed in by header, without a frame
    Header,
    /// Plain WebSocket: signed in by the subprotocol, without a frame
    Subprotocol,
    /// Plain WebSocket: signed in by a first frame
    FirstFrame,
    /// Socket.IO: a session that polls, taken over by a websocket
    Upgraded,
}

/// Where a server is, and how it is spoken to.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) protocol: Protocol,
    /// `address:port`
    pub(crate) address: String,
    pub(crate) way: Way,
    /// Our server says `resumed` when delivery has begun; with others it has, once they let us in.
    pub(crate) resumes: bool,
}

/// Who connects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pass<'a> {
    pub(crate) token: &'a str,
    /// What the client has, as JSON: `{conversationId: pos}`
    pub(crate) resume: &'a str,
    /// For a server that does not know whose conversations are whose
    pub(crate) rooms: &'a [String],
}

impl<'a> Pass<'a> {
    /// Of somebody who has nothing yet.
    pub(crate) const fn new(token: &'a str, rooms: &'a [String]) -> Self {
        Self { token, resume: "{}", rooms }
    }
}

impl Endpoint {
    /// Connects and says who comes; else why that could not be.
    pub(crate) async fn open(&self, pass: Pass<'_>) -> Result<Link, String> {
        match self.protocol {
            Protocol::Plain => self.open_plain(pass).await,
            Protocol::SocketIo => self.open_socket_io(pass).await,
        }
    }

    async fn open_plain(&self, Pass { token, resume, .. }: Pass<'_>) -> Result<Link, String> {
        let path = if self.way == Way::Usual { "/api/v1/ws?resume=true" } else { "/api/v1/ws" };
        let headers = match self.way {
            Way::Usual | Way::Header => format!("authorization: Bearer {token}\r\n"),
            Way::Subprotocol => format!("sec-websocket-protocol: bearer, {token}\r\n"),
            Way::FirstFrame | Way::Upgraded => String::new(),
        };
        let link = Link::open(self.protocol, &self.address, path, &headers).await?;
        match self.way {
            Way::Header | Way::Subprotocol => Ok(link),
            Way::Usual => say(link, &format!(r#"{{"event":"resume","data":{{"resume":{resume}}}}}"#)),
            Way::FirstFrame | Way::Upgraded => {
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

    /// The same, and waits until delivery has begun. Panics where it does not.
    pub(crate) async fn connect(&self, pass: Pass<'_>) -> Link {
        let mut link = self.open(pass).await.expect("a connection");
        // What is told nothing is ready when it is open, or is closed.
        if !matches!(self.way, Way::Header | Way::Subprotocol) {
            link.until(|heard| self.is_ready(heard)).await.expect("a connection that lasts");
        }
        link
    }

    /// Whether this says that all that happens from now on is delivered.
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
