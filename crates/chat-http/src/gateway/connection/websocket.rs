//! The plain WebSocket on a socket that the server owns.

use super::client::{Client, understand};
use super::drive::{Inlet, Parting, Said, busy, converse};
use super::sign_in::{Door, first_close_code};
use super::source::poll_read;
use super::{Greeting, MAX_MESSAGE_BYTES, Realtime};
use crate::ApiError;
use bytes::{Bytes, BytesMut};
use chat_protocol::realtime::{ClientFrame, CloseCode};
use chat_realtime::{Connection, Counted, Life};
use chat_socketio::websocket::{
    Breach, FREE_FRAGMENT_BYTES, FrameBudget, FrameQuota, Incoming, Reader, STRANGER_BYTES, yield_to_others,
};
use std::future::poll_fn;
use std::net::IpAddr;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

/// How many bytes from the client of a closing connection are searched for its Close frame. Later bytes are discarded.
const MAX_SEARCHED_BYTES: usize = STRANGER_BYTES;

/// How many bytes are discarded before the socket is dropped.
pub(super) const MAX_IGNORED_BYTES: usize = 4_000_000;

/// A connection after its upgrade request.
pub(crate) struct Opened {
    /// The answer that the client awaits before any frame.
    pub(crate) answer: Option<Bytes>,
    /// Data received together with the request.
    pub(crate) bytes: BytesMut,
    /// The client's address, as far as the trusted proxies name it.
    pub(crate) address: Option<IpAddr>,
}

/// Runs one connection.
pub(crate) async fn drive(
    realtime: Rc<Realtime>,
    connection: Rc<Connection>,
    counted: Counted,
    greeting: Greeting,
    opened: Opened,
) {
    let Opened { answer, bytes, address } = opened;
    let hearing = Hearing::new(realtime.state.settings.frame_quota);
    let mut frames = Frames { reader: Reader::text_only(bytes), hearing };
    let mut client = Client::new(Rc::clone(&realtime), Rc::clone(&connection), address);
    busy(&connection, Box::pin(client.begin(greeting, Answer(answer)))).await;
    let parting = converse(&mut client, &mut frames).await;
    let was_stranger = !client.is_signed_in();
    // Other users are notified now, not when the socket is finally dropped.
    drop(client);
    linger(&realtime, &connection, frames, parting, was_stranger).await;
    connection.abandon();
    drop(counted);
}

/// The answer to the handshake. A client that is refused later gets the refusal in frames.
pub(super) struct Answer(Option<Bytes>);

impl Answer {
    /// The framework sends it.
    pub(super) const fn given() -> Self {
        Self(None)
    }
}

impl Door for Answer {
    fn open(self, connection: &Connection) {
        connection.uncork(self.0);
    }

    fn shut(self, client: &Client, error: &ApiError) {
        client.connection.uncork(self.0);
        client.refuse(None, error, first_close_code(error));
    }
}

/// A client's bytes, split into messages.
struct Frames {
    reader: Reader,
    hearing: Hearing,
}

/// Interprets a client's frames, and counts those that no other limit counts.
pub(super) struct Hearing {
    budget: FrameBudget,
    quota: FrameQuota,
}

impl Hearing {
    pub(super) const fn new(quota: FrameQuota) -> Self {
        Self { budget: FrameBudget::new(), quota }
    }

    /// Returns the meaning of a frame; `None` if it has none by itself.
    pub(super) fn hear(&self, incoming: Incoming) -> Option<Said> {
        let said = match incoming {
            Incoming::Fragment(FREE_FRAGMENT_BYTES..) => return None,
            Incoming::Fragment(_) => None,
            incoming => Some(said(incoming)),
        };
        // Commands have their own limits, and the other variants end the connection.
        let is_charged = matches!(said, None | Some(Said::Ping(_) | Said::Pong | Said::Frame(Err(_), _)));
        if is_charged && !self.budget.take(1, self.quota, Instant::now()) { Some(Said::Flood) } else { said }
    }
}

impl Inlet for Frames {
    fn poll_next(&mut self, client: &mut Client, context: &mut Context<'_>) -> Poll<Said> {
        let connection = Rc::clone(&client.connection);
        loop {
            match client.most_bytes(self.reader.announced()).and_then(|most| self.reader.next(most)) {
                Ok(Some(incoming)) => match self.hearing.hear(incoming) {
                    Some(said) => return Poll::Ready(said),
                    None => continue,
                },
                Ok(None) => {}
                Err(breach) => return Poll::Ready(Said::Breach(code_of(breach))),
            }
            match poll_read(&connection, context, |bytes| self.reader.feed(bytes)) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(true) => client.realtime.hub.heard(&connection),
                Poll::Ready(false) => return Poll::Ready(Said::Ended),
            }
        }
    }
}

fn said(incoming: Incoming) -> Said {
    match incoming {
        Incoming::Text(text) => Said::Frame(ClientFrame::parse(&text).and_then(|frame| understand(&frame)), text.len()),
        Incoming::Binary(_) => Said::Breach(code_of(Breach::Binary)),
        Incoming::Ping(payload) => Said::Ping(payload),
        Incoming::Pong | Incoming::Fragment(_) => Said::Pong,
        Incoming::Close(code) => Said::Close(code),
    }
}

pub(super) const fn code_of(breach: Breach) -> CloseCode {
    match breach {
        Breach::Protocol => CloseCode::ProtocolViolation,
        Breach::TooBig => CloseCode::TooBig,
        Breach::InvalidText => CloseCode::InvalidText,
        Breach::Binary => CloseCode::UnsupportedData,
        Breach::NoRoom => CloseCode::RateLimited,
    }
}

/// What the peer of a closing connection may still send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PeerState {
    /// Its Close frame.
    MayAnswer,
    /// Nothing: it has sent its Close frame.
    IsDone,
    /// Unparsable data: the server waits until the peer disconnects.
    IsNotUnderstood,
}

/// Waits until the peer has received the Close frame and replied, for a limited time: dropping a socket with unread
/// data would destroy the Close frame on its way. The server does not wait for a peer that continues to send.
async fn linger(
    realtime: &Realtime,
    connection: &Rc<Connection>,
    frames: Frames,
    parting: Parting,
    was_stranger: bool,
) {
    realtime.hub.linger(connection);
    let mut reader = frames.reader;
    let mut peer = match parting {
        Parting::Goodbye => PeerState::IsDone,
        // The rest of a long message would have to be kept first.
        _ if reader.announced() > MAX_SEARCHED_BYTES as u64 => PeerState::IsNotUnderstood,
        Parting::Closed | Parting::Left | Parting::Ended => PeerState::MayAnswer,
        Parting::NotUnderstood => PeerState::IsNotUnderstood,
    };
    let (mut has_hung_up, mut heard) = (false, 0);
    poll_fn(|context| {
        connection.poll_write(context);
        loop {
            if connection.life() == Life::Gone || (peer == PeerState::IsDone && connection.is_flushed()) {
                return Poll::Ready(());
            }
            if peer == PeerState::IsNotUnderstood {
                reader = Reader::default();
            }
            // The server disconnects a client that has not signed in at once; its reply, if any, ends the wait.
            if (peer == PeerState::IsNotUnderstood || was_stranger) && connection.is_flushed() && !has_hung_up {
                has_hung_up = true;
                if let Some(socket) = connection.socket() {
                    socket.hang_up();
                }
            }
            if heard > MAX_SEARCHED_BYTES && peer == PeerState::MayAnswer {
                peer = PeerState::IsNotUnderstood;
                continue;
            }
            if heard > MAX_IGNORED_BYTES {
                return Poll::Ready(());
            }
            let read = poll_read(connection, context, |bytes| {
                heard += bytes.len();
                if peer == PeerState::MayAnswer {
                    reader.feed(bytes);
                }
            });
            match read {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(false) => return Poll::Ready(()),
                Poll::Ready(true) => {}
            }
            while peer == PeerState::MayAnswer {
                match reader.next(MAX_MESSAGE_BYTES) {
                    Ok(Some(Incoming::Close(_))) => peer = PeerState::IsDone,
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(_) => peer = PeerState::IsNotUnderstood,
                }
            }
            // The next read may find as much again.
            yield_to_others(context);
            return Poll::Pending;
        }
    })
    .await;
}
