//! Socket.IO: the same connection, in a namespace of a session that may outlive it. The library owns the session:
//! transports, heartbeats, and the deadline for clients that do not connect to a namespace.

use super::client::{Client, Heard, understand};
use super::drive::{Inlet, Parting, Said, busy, converse};
use super::sign_in::{Door, first_close_code};
use super::{Greeting, Realtime};
use crate::ApiError;
use crate::gateway::admission::admit;
use bytes::Bytes;
use chat_domain::{ErrorCode, Refusal};
use chat_protocol::Failure;
use chat_protocol::realtime::{ClientFrame, CloseCode, Dialect, FrameErrorView, Gateway, InvalidFrame};
use chat_realtime::{Connection, Counted, Flushed, Outlet, SendQueue, Sink};
use chat_socketio::{Ending, Event, Incoming, Outbox, Peer};
use serde_json::value::RawValue;
use std::future::poll_fn;
use std::io::IoSlice;
use std::net::IpAddr;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// The only namespace.
const NAMESPACE: &str = Gateway::NAMESPACE;

/// The facts of a session from its handshake.
pub(crate) struct Origin {
    /// The listener's default dialect.
    pub(crate) dialect: Dialect,
    /// The token of its header, for clients that cannot send it with CONNECT.
    pub(crate) token: Option<String>,
    /// The client's address.
    pub(crate) address: Option<IpAddr>,
}

/// Runs one session: its client connects to the namespace, once or repeatedly.
pub(crate) async fn drive_session(realtime: Rc<Realtime>, mut peer: Peer, origin: Origin) {
    let (mut rest, mut code, mut place) = (SendQueue::default(), CloseCode::Normal, None);
    let mut is_first = true;
    loop {
        let auth = match next_connect(&realtime, &mut peer, &mut rest).await {
            Arrival::Connects(auth) => auth,
            Arrival::Draining => {
                code = CloseCode::Restarting;
                break;
            }
            Arrival::Ended => break,
        };
        // Reconnecting in one session must not be cheaper than a new session. The first connection was counted when the
        // session was opened.
        if !std::mem::take(&mut is_first) && realtime.state.limits.connect(origin.address).await.is_err() {
            code = CloseCode::RateLimited;
            break;
        }
        let greeting = match Greeting::of_namespace(auth.as_deref(), origin.dialect, origin.token.as_deref()) {
            Ok(greeting) => greeting,
            Err(error) => {
                refuse(&mut peer, &error);
                continue;
            }
        };
        drop(auth);
        match connected(&realtime, &mut peer, greeting, origin.address).await {
            Outcome::Left(unsent) => rest = unsent,
            Outcome::Over(unsent, closed_by, counted) => {
                (rest, code, place) = (unsent, closed_by, counted);
                break;
            }
        }
    }
    if peer.session().ending() == Some(Ending::Flooding) {
        tracing::warn!(address = ?origin.address, "closing session: flooding");
        realtime.state.penalize(origin.address);
    }
    peer.session().finish(&mut Frames(&mut rest), code.number()).await;
    drop(place);
}

/// The events of a session without a connected namespace.
enum Arrival {
    Connects(Option<Box<RawValue>>),
    /// The server is stopping.
    Draining,
    Ended,
}

/// Waits for the client to connect; the rest of an earlier frame is sent in the meantime.
async fn next_connect(realtime: &Realtime, peer: &mut Peer, rest: &mut SendQueue) -> Arrival {
    let connects = poll_fn(|context| {
        let is_flushed = peer.session().poll_flush(&mut Frames(rest), context).is_ready();
        if peer.session().ending().is_some() {
            return Poll::Ready(Arrival::Ended);
        }
        if !is_flushed {
            return Poll::Pending;
        }
        loop {
            match ready!(peer.poll_next(context)) {
                Some(Incoming::Connect { namespace, auth }) if namespace == NAMESPACE => {
                    return Poll::Ready(Arrival::Connects(auth));
                }
                Some(incoming) => pass_over(peer, incoming),
                None => return Poll::Ready(Arrival::Ended),
            }
        }
    });
    tokio::select! {
        biased;
        arrival = connects => arrival,
        () = realtime.state.readiness.draining() => Arrival::Draining,
    }
}

/// Nothing here concerns the namespace: the server requests no acknowledgements, and there is no other namespace.
fn pass_over(peer: &mut Peer, incoming: Incoming) {
    if let Incoming::Connect { namespace, .. } = incoming {
        peer.refuse(&namespace, "Invalid namespace", None);
    }
}

/// How a connection ended, with its unsent frames.
enum Outcome {
    /// Its session continues.
    Left(SendQueue),
    /// Its session ends with it; until then its place stays reserved.
    Over(SendQueue, CloseCode, Option<Counted>),
}

async fn connected(realtime: &Rc<Realtime>, peer: &mut Peer, greeting: Greeting, address: Option<IpAddr>) -> Outcome {
    let counted = match admit(&realtime.state) {
        Ok(counted) => counted,
        Err(error) => return Outcome::Over(SendQueue::default(), first_close_code(&error), None),
    };
    let format = greeting.format;
    let sink = Sink::Session(Box::new(SessionOutlet(Rc::clone(peer.session()))));
    let connection = realtime.hub.connect(sink, format);
    let mut client = Client::new(Rc::clone(realtime), Rc::clone(&connection), address);
    busy(&connection, Box::pin(client.begin(greeting, Namespace(peer)))).await;
    let parting = converse(&mut client, &mut Namespace(peer)).await;
    // Other users are notified now, not when the client has received the last frame.
    drop(client);
    let mut unsent = connection.take_queue();
    match (parting, connection.closed_by()) {
        (_, Some(code)) => {
            if let Some(failure) = parting_words(code, realtime, &connection) {
                unsent.push(format.frame(&format.gateway.error(None, &failure)));
            }
            if is_final(code) {
                unsent.push(peer.disconnect(NAMESPACE));
            }
            Outcome::Over(unsent, code, Some(counted))
        }
        (Parting::Ended, None) => Outcome::Over(unsent, CloseCode::Normal, Some(counted)),
        (_, None) => {
            // A partly sent frame must be finished, since another connection of this session may follow.
            unsent.drop_unsent();
            Outcome::Left(unsent)
        }
    }
}

/// A client that the server disconnects from its namespace does not reconnect by itself; a client whose transport
/// closes does (contract §4).
const fn is_final(code: CloseCode) -> bool {
    matches!(code, CloseCode::AuthenticationFailed | CloseCode::Revoked)
}

/// Clients see no close codes, so the last event gives the reason. Other ends were explained where they occurred, or no
/// client receives them.
fn parting_words(code: CloseCode, realtime: &Realtime, connection: &Connection) -> Option<Failure> {
    match code {
        CloseCode::TokenExpired => Some(ApiError::from(Refusal::TokenExpired).failure().clone()),
        CloseCode::Revoked => Some(ApiError::from(Refusal::SessionRevoked).failure().clone()),
        CloseCode::Restarting => {
            let mut failure = Failure::new(ErrorCode::Unavailable, "The server is restarting, please reconnect");
            failure.retry_after = Some(realtime.hub.retry_after(connection));
            Some(failure)
        }
        _ => None,
    }
}

/// The client gets the reason in its `connect_error`, and does not retry by itself.
fn refuse(peer: &mut Peer, error: &ApiError) {
    let view = FrameErrorView::from(error.failure());
    // Strings and numbers: writing them to memory cannot fail.
    let data = serde_json::to_string(&view).ok();
    peer.refuse(NAMESPACE, &view.message, data.as_deref());
}

/// The namespace of one client.
struct Namespace<'peer>(&'peer mut Peer);

impl Door for Namespace<'_> {
    fn open(self, connection: &Connection) {
        self.0.accept(NAMESPACE);
        connection.uncork(None);
    }

    fn shut(self, client: &Client, error: &ApiError) {
        let code = first_close_code(error);
        if matches!(code, CloseCode::RateLimited | CloseCode::Internal) {
            // This is temporary: the client should retry.
            client.connection.close(code);
        } else {
            refuse(self.0, error);
            client.connection.abandon();
        }
    }
}

impl Inlet for Namespace<'_> {
    fn poll_next(&mut self, _: &mut Client, context: &mut Context<'_>) -> Poll<Said> {
        loop {
            match ready!(self.0.poll_next(context)) {
                Some(Incoming::Event { event, .. }) => {
                    let heard = heard(&event);
                    // Packets that are not commands have no other limit; if there are too many, the session has ended.
                    if heard.is_ok() || self.0.session().charge(1) {
                        let bytes = event.arguments.iter().map(|argument| argument.get().len()).sum();
                        return Poll::Ready(Said::Frame(heard, bytes));
                    }
                }
                Some(Incoming::Disconnect { namespace }) if namespace == NAMESPACE => return Poll::Ready(Said::Left),
                Some(incoming) => pass_over(self.0, incoming),
                None => return Poll::Ready(Said::Ended),
            }
        }
    }
}

fn heard(event: &Event) -> Heard {
    let frame = ClientFrame::of_event(&event.name, event.arguments.first().map(|argument| &**argument), event.id);
    if event.attachments.is_empty() {
        return understand(&frame);
    }
    let message = "binary attachments are not supported".to_owned();
    Err((frame.id, InvalidFrame { code: ErrorCode::ValidationFailed, message, faults: Vec::new() }))
}

/// A session sends the data of its connection.
#[derive(Debug)]
struct SessionOutlet(Rc<chat_socketio::Session>);

impl Outlet for SessionOutlet {
    fn flush(&self, queue: &mut SendQueue) -> Flushed {
        match self.0.flush(&mut Frames(queue)) {
            chat_socketio::Flushed::All => Flushed::All,
            chat_socketio::Flushed::Blocked => Flushed::Blocked,
            chat_socketio::Flushed::Ended => Flushed::Broken,
        }
    }

    /// A session that uses a websocket stays there.
    fn is_stream(&self) -> bool {
        self.0.is_websocket()
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<()> {
        self.0.poll_writable(context)
    }
}

/// The send queue, adapted for the session.
struct Frames<'queue>(&'queue mut SendQueue);

impl Outbox for Frames<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn fill<'outbox>(&'outbox self, slices: &mut [IoSlice<'outbox>]) -> usize {
        self.0.fill(slices)
    }

    fn advance(&mut self, written: usize) {
        self.0.advance(written);
    }

    fn pop(&mut self) -> Option<Bytes> {
        self.0.pop()
    }
}
