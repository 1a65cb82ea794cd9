//! The plain WebSocket inside an `App`, for a service that mounts our routes in its own: `actix-ws` carries it in the
//! request's payload and the response's body. It works like one on a socket that the server owns, and also costs the
//! memory that actix keeps for a request.
//!
//! The hub makes each outgoing frame once for all connections, so `actix-ws` sends none of its own ([`SocketBody`]).
//! Incoming frames are read in [`messages`].

mod messages;

use super::client::Client;
use super::drive::{Parting, busy, converse};
use super::greeting::BEARER_PROTOCOL;
use super::websocket::{Answer, Hearing, MAX_IGNORED_BYTES};
use super::{Greeting, Realtime, authenticate};
use crate::gateway::admission::admit;
use crate::{ApiError, HttpState};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::{HttpRequest, HttpResponse, web};
use actix_ws::Message;
use bytes::Bytes;
use chat_domain::ErrorCode;
use chat_protocol::realtime::Dialect;
use chat_realtime::{Connection, Counted, Life, Sink};
use chat_socketio::websocket::{HandshakeFault, verify_handshake, yield_to_others};
use futures_util::Stream as _;
use messages::{Messages, meter};
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// Opens a socket for a request to an `App`.
pub(crate) fn open_in_app(
    state: &HttpState,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    if !state.settings.allowed_origins.allows_request(request.headers()) {
        return Err(ApiError::origin_not_allowed());
    }
    verify_handshake(request.head()).map_err(no_handshake)?;
    let counted = admit(state)?;
    let greeting = Greeting::read(request.head(), Dialect::default(), |token| authenticate(state, token))?;
    let (metered, parts) = meter(request, payload)?;
    let (response, _, stream) =
        actix_ws::handle_with_protocols(request, metered, &[BEARER_PROTOCOL]).map_err(|error| internal(&error))?;
    let realtime = Realtime::of_this_thread(state);
    let connection = realtime.hub.connect(Sink::Pulled, greeting.format);
    let messages = Messages::new(stream, parts, Hearing::new(state.settings.frame_quota));
    let address = state.settings.trusted_proxies.client_address(request.headers(), request.peer_addr());
    actix_rt::spawn(drive_in_app(realtime, Rc::clone(&connection), counted, greeting, messages, address));
    Ok(response.map_body(|_, carrier| SocketBody { connection, _carrier: carrier }).map_into_boxed_body())
}

/// Refuses a request to the socket inside an `App` whose server opens sockets elsewhere: it is not a handshake, or has
/// a body.
pub(crate) fn refuse_in_app(_: &HttpState, request: &HttpRequest, _: web::Payload) -> Result<HttpResponse, ApiError> {
    let fault = verify_handshake(request.head()).err().unwrap_or(HandshakeFault::Upgrade);
    Err(no_handshake(fault))
}

/// Refuses a request that does not open a WebSocket at a WebSocket's path.
pub(crate) fn no_handshake(fault: HandshakeFault) -> ApiError {
    ApiError::new(ErrorCode::ProtocolError, format!("This is a WebSocket: {fault}"))
}

fn internal(error: &actix_web::Error) -> ApiError {
    ApiError::internal(error.to_string())
}

/// Runs one connection.
async fn drive_in_app(
    realtime: Rc<Realtime>,
    connection: Rc<Connection>,
    counted: Counted,
    greeting: Greeting,
    mut messages: Messages,
    address: Option<IpAddr>,
) {
    let mut client = Client::new(Rc::clone(&realtime), Rc::clone(&connection), address);
    busy(&connection, Box::pin(client.begin(greeting, Answer::given()))).await;
    let parting = converse(&mut client, &mut messages).await;
    // Other users are notified now, not when the connection is finally dropped.
    drop(client);
    linger(&realtime, &connection, messages, parting).await;
    connection.abandon();
    drop(counted);
}

/// The queued data of a connection, as the body of a response.
struct SocketBody {
    connection: Rc<Connection>,
    /// Ends the stream of messages when it is dropped.
    _carrier: BoxBody,
}

impl MessageBody for SocketBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        self.connection.poll_pull(context).map(|bytes| bytes.map(Ok))
    }
}

impl Drop for SocketBody {
    fn drop(&mut self) {
        self.connection.abandon();
    }
}

/// Waits until the client has received the Close frame and replied, for a limited time.
async fn linger(realtime: &Realtime, connection: &Rc<Connection>, messages: Messages, parting: Parting) {
    realtime.hub.linger(connection);
    let (mut stream, bytes) = messages.into_parts();
    let mut is_done = parting == Parting::Goodbye;
    let (mut is_understood, mut ignored) = (parting != Parting::NotUnderstood, 0);
    poll_fn(|context| {
        connection.poll_write(context);
        if connection.life() == Life::Gone || (is_done && connection.is_flushed()) {
            return Poll::Ready(());
        }
        if is_done {
            // The response takes the Close frame; it wakes this task.
            return Poll::Pending;
        }
        if is_understood {
            match ready!(Pin::new(&mut stream).poll_next(context)) {
                Some(Ok(Message::Close(_))) | None => is_done = true,
                Some(Ok(_)) => {}
                Some(Err(_)) => is_understood = false,
            }
        } else {
            match ready!(Pin::new(&mut *bytes.borrow_mut()).poll_next(context)) {
                Some(Ok(bytes)) if ignored <= MAX_IGNORED_BYTES => ignored += bytes.len(),
                _ => is_done = true,
            }
        }
        // The next message may have arrived already.
        yield_to_others(context);
        Poll::Pending
    })
    .await;
}
