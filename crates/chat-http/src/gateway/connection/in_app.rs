use super::greeting::{BEARER_PROTOCOL, offers_bearer};
use super::{Greeting, Opened, Realtime, Source, authenticate, drive};
use crate::gateway::admission::admit;
use crate::{ApiError, HttpState};
use actix_http::ws;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header::SEC_WEBSOCKET_PROTOCOL;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use bytes::{Bytes, BytesMut};
use chat_domain::ErrorCode;
use chat_protocol::realtime::Dialect;
use chat_realtime::{Connection, Sink};
use chat_socketio::websocket::{HandshakeFault, verify_handshake};
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Opens a socket inside of an `App`, for a service that mounts our routes: the same connection, its bytes carried by
/// the request's payload and the response's body. It works like one on a socket of our own, and costs what actix keeps
/// for a request.
pub(crate) fn open_in_app(
    state: &HttpState,
    request: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    if !state.settings.allowed_origins.allows_request(request.headers()) {
        return Err(ApiError::new(ErrorCode::OriginNotAllowed, "Pages of this origin may not call this server"));
    }
    verify_handshake(request.head()).map_err(no_handshake)?;
    let counted = admit(state)?;
    let greeting = Greeting::read(request.head(), Dialect::default(), |token| authenticate(state, token))?;
    let realtime = Realtime::of_this_thread(state);
    let connection = realtime.hub.connect(Sink::Pulled, greeting.format);
    let mut response = ws::handshake_response(request.head());
    if offers_bearer(request.headers()) {
        response.insert_header((SEC_WEBSOCKET_PROTOCOL, BEARER_PROTOCOL));
    }
    let body = SocketBody(Rc::clone(&connection));
    let source = Source::Payload(Box::new(payload));
    let address = state.settings.trusted_proxies.client_address(request.headers(), request.peer_addr());
    let opened = Opened { answer: None, source, bytes: BytesMut::new(), address };
    actix_rt::spawn(drive(realtime, connection, counted, greeting, opened));
    Ok(HttpResponse::from(response.message_body(BoxBody::new(body)).map_err(|error| internal(&error))?))
}

/// Refuses a request to the socket inside of an `App` whose server opens sockets elsewhere: it is no handshake, or has a
/// body.
pub(crate) fn refuse_in_app(_: &HttpState, request: &HttpRequest, _: Payload) -> Result<HttpResponse, ApiError> {
    let fault = verify_handshake(request.head()).err().unwrap_or(HandshakeFault::Upgrade);
    Err(no_handshake(fault))
}

/// Refuses a request that does not open a WebSocket where one is.
pub(crate) fn no_handshake(fault: HandshakeFault) -> ApiError {
    ApiError::new(ErrorCode::ProtocolError, format!("This is a WebSocket: {fault}"))
}

fn internal(error: &actix_http::Error) -> ApiError {
    ApiError::new(ErrorCode::Internal, crate::error::OUR_FAULT).caused_by(error.to_string())
}

/// What is queued for a connection, as the body of a response.
struct SocketBody(Rc<Connection>);

impl MessageBody for SocketBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        self.0.poll_pull(context).map(|bytes| bytes.map(Ok))
    }
}

impl Drop for SocketBody {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
