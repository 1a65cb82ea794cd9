//! One client for every server that is measured: WebSocket frames written and read by hand, for client and server share the cores, and what
//! the client uses is missing elsewhere. Each connection is a small task; all read through one buffer, one `recv` for whatever is there.

mod frames;
mod link;
mod protocol;

pub(crate) use link::{Ended, Link, Writer};
pub(crate) use protocol::{Heard, Protocol, number_of, text_of};

/// Where a server is, and how it is spoken to.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) protocol: Protocol,
    /// `address:port`
    pub(crate) address: String,
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
        let bearer = (self.protocol == Protocol::Plain).then_some(pass.token);
        let mut link = Link::open(self.protocol, &self.address, bearer).await?;
        let greeting = match self.protocol {
            Protocol::Plain => format!(r#"{{"event":"resume","data":{{"resume":{}}}}}"#, pass.resume),
            Protocol::SocketIo => {
                let opened = link.until(|heard| matches!(heard, Heard::Opened)).await;
                opened.map_err(|ended| format!("{ended:?}"))?;
                Protocol::connect(&self.auth(pass))
            }
        };
        if link.writer().try_text(&greeting) { Ok(link) } else { Err("the connection ended".to_owned()) }
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
        link.until(|heard| self.is_ready(heard)).await.expect("a connection that lasts");
        link
    }

    /// Whether this says that all that happens from now on is delivered.
    pub(crate) fn is_ready(&self, heard: &Heard<'_>) -> bool {
        match heard {
            Heard::Event { name, .. } => *name == "resumed",
            Heard::Connected => !self.resumes,
            _ => false,
        }
    }
}
