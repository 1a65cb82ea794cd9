use super::packet::{Event, InvalidSocketPacket, SocketPacket};
use super::packets;
use crate::session::{Message, Outbox, Session};
use crate::settings::NAMESPACES_PER_SESSION;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde_json::value::RawValue;
use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// What a client asks for, in one namespace.
#[derive(Debug)]
pub enum Incoming {
    /// To connect to a namespace. The caller calls [`Peer::accept`] or [`Peer::refuse`] before it asks for the next
    /// item.
    Connect {
        /// The namespace, with its slash.
        namespace: String,
        /// The client's credentials: an object.
        auth: Option<Box<RawValue>>,
    },
    /// An event.
    Event {
        /// Its namespace.
        namespace: String,
        /// The event, with its arguments.
        event: Event,
    },
    /// The answer to an event of the server.
    Ack {
        /// Its namespace.
        namespace: String,
        /// Its arguments, and the number of the event that it answers.
        event: Event,
    },
    /// The client has left a namespace.
    Disconnect {
        /// The namespace.
        namespace: String,
    },
}

/// The state of a namespace for one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NamespaceState {
    /// The client has asked to connect.
    Asking,
    Connected,
    /// The server has disconnected the client, which may not know yet.
    Left,
}

/// A session that speaks Socket.IO. A protocol violation ends the session: an event before the connection, a second
/// connection, an invalid packet.
#[derive(Debug)]
pub struct Peer {
    session: Rc<Session>,
    namespaces: Vec<(String, NamespaceState)>,
    half: Option<Half>,
}

/// A packet whose attachments have not all arrived.
#[derive(Debug)]
struct Half {
    namespace: String,
    event: Event,
    is_ack: bool,
    missing: usize,
    bytes: usize,
}

impl Peer {
    /// Wraps a session that has not been read yet.
    pub const fn new(session: Rc<Session>) -> Self {
        Self { session, namespaces: Vec::new(), half: None }
    }

    /// The session that the peer reads.
    pub const fn session(&self) -> &Rc<Session> {
        &self.session
    }

    /// Whether the client is connected to the namespace.
    pub fn is_connected(&self, namespace: &str) -> bool {
        self.state(namespace) == Some(NamespaceState::Connected)
    }

    /// The client's next request, in order; `None` when the session has ended.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Incoming>> {
        loop {
            let Some(message) = ready!(self.session.poll_next(context)) else { return Poll::Ready(None) };
            match self.hear(message) {
                // The caller counts the events that it handles.
                Ok(Some(incoming @ Incoming::Event { .. })) => return Poll::Ready(Some(incoming)),
                Ok(heard) => {
                    let is_within_budget = self.session.charge(1);
                    if let Some(incoming) = heard.filter(|_| is_within_budget) {
                        return Poll::Ready(Some(incoming));
                    }
                }
                Err(InvalidSocketPacket) => {
                    self.session.condemn();
                    return Poll::Ready(None);
                }
            }
        }
    }

    /// Like [`Self::poll_next`], and sends what waits in `outbox` meanwhile.
    pub async fn next(&mut self, outbox: &RefCell<impl Outbox>) -> Option<Incoming> {
        poll_fn(|context| {
            let _ = self.session.poll_flush(&mut *outbox.borrow_mut(), context);
            self.poll_next(context)
        })
        .await
    }

    /// Connects the client, and returns its id in the namespace, which unlike the session id is not a credential.
    pub fn accept(&mut self, namespace: &str) -> String {
        let id = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 15]>());
        self.set(namespace, NamespaceState::Connected);
        self.session.establish();
        self.session.send_control(packets::connected(namespace, &id));
        id
    }

    /// Refuses the client for good: it does not retry by itself. `data`, in JSON, is added to the message of its
    /// `connect_error`.
    pub fn refuse(&mut self, namespace: &str, message: &str, data: Option<&str>) {
        self.remove(namespace);
        self.session.send_control(packets::refused(namespace, message, data));
    }

    /// Disconnects the client for good: it does not reconnect by itself. Returns the packet that tells the client, to
    /// be sent after what waits for it.
    #[must_use]
    pub fn disconnect(&mut self, namespace: &str) -> Bytes {
        self.set(namespace, NamespaceState::Left);
        self.expect_connect();
        packets::disconnected(namespace)
    }

    fn expect_connect(&self) {
        if !self.namespaces.iter().any(|(_, state)| *state == NamespaceState::Connected) {
            self.session.expect_connect();
        }
    }

    fn state(&self, namespace: &str) -> Option<NamespaceState> {
        self.namespaces.iter().find(|(known, _)| known == namespace).map(|(_, state)| *state)
    }

    fn set(&mut self, namespace: &str, state: NamespaceState) {
        match self.namespaces.iter_mut().find(|(known, _)| known == namespace) {
            Some((_, known)) => *known = state,
            None => self.namespaces.push((namespace.to_owned(), state)),
        }
    }

    fn remove(&mut self, namespace: &str) {
        self.namespaces.retain(|(known, _)| known != namespace);
    }

    /// `None` if there is nothing for the caller; an error if the client broke the protocol.
    fn hear(&mut self, message: Message) -> Result<Option<Incoming>, InvalidSocketPacket> {
        match message {
            Message::Binary(bytes) => self.attach(bytes),
            Message::Text(_) if self.half.is_some() => Err(InvalidSocketPacket),
            Message::Text(text) => {
                let most = self.session.settings().attachments_per_packet;
                let (namespace, packet) = SocketPacket::parse(&text, most)?;
                self.take(namespace, packet)
            }
        }
    }

    fn take(&mut self, namespace: &str, packet: SocketPacket) -> Result<Option<Incoming>, InvalidSocketPacket> {
        let state = self.state(namespace);
        match packet {
            SocketPacket::Connect { auth } => {
                let has_room = state.is_some() || self.namespaces.len() < NAMESPACES_PER_SESSION;
                if matches!(state, Some(NamespaceState::Asking | NamespaceState::Connected)) || !has_room {
                    return Err(InvalidSocketPacket);
                }
                self.set(namespace, NamespaceState::Asking);
                Ok(Some(Incoming::Connect { namespace: namespace.to_owned(), auth }))
            }
            SocketPacket::Disconnect if state == Some(NamespaceState::Connected) => {
                self.remove(namespace);
                self.expect_connect();
                Ok(Some(Incoming::Disconnect { namespace: namespace.to_owned() }))
            }
            SocketPacket::Disconnect => {
                self.remove(namespace);
                Ok(None)
            }
            SocketPacket::Event(event, missing) => self.begin(namespace, state, event, false, missing),
            SocketPacket::Ack(event, missing) => self.begin(namespace, state, event, true, missing),
        }
    }

    fn begin(
        &mut self,
        namespace: &str,
        state: Option<NamespaceState>,
        event: Event,
        is_ack: bool,
        missing: usize,
    ) -> Result<Option<Incoming>, InvalidSocketPacket> {
        if !matches!(state, Some(NamespaceState::Connected | NamespaceState::Left)) {
            return Err(InvalidSocketPacket);
        }
        let half = Half { namespace: namespace.to_owned(), event, is_ack, missing, bytes: 0 };
        if missing > 0 {
            self.half = Some(half);
            return Ok(None);
        }
        Ok(self.complete(half))
    }

    fn attach(&mut self, bytes: Bytes) -> Result<Option<Incoming>, InvalidSocketPacket> {
        let mut half = self.half.take().ok_or(InvalidSocketPacket)?;
        half.bytes += bytes.len();
        if half.bytes > self.session.settings().max_payload {
            return Err(InvalidSocketPacket);
        }
        half.event.attachments.push(bytes);
        half.missing -= 1;
        if half.missing > 0 {
            self.half = Some(half);
            return Ok(None);
        }
        Ok(self.complete(half))
    }

    /// `None` if the client was disconnected while the packet was on its way.
    fn complete(&self, half: Half) -> Option<Incoming> {
        let Half { namespace, event, is_ack, .. } = half;
        if self.state(&namespace) != Some(NamespaceState::Connected) {
            return None;
        }
        Some(if is_ack { Incoming::Ack { namespace, event } } else { Incoming::Event { namespace, event } })
    }
}
