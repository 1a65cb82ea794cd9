//! The plain WebSocket inside of an `App`, for a service that mounts our routes in one of its own: `actix-ws` carries
//! it in the request's payload and the response's body. It works like one on a socket of our own, and costs what actix
//! keeps for a request.
//!
//! What goes out are the frames that the hub has made once for all connections, so `actix-ws` sends none of its own
//! ([`SocketBody`]). What comes in is cut into messages by its codec, which keeps a frame until all of it is here,
//! however long it is announced to be; hence [`Metered`].

use super::drive::{Inlet, Parting, Said, busy, converse};
use super::greeting::BEARER_PROTOCOL;
use super::session::Session;
use super::websocket::{Answer, Hearing, MAX_IGNORED_BYTES, code_of};
use super::{Greeting, MAX_MESSAGE_BYTES, Realtime, authenticate};
use crate::gateway::admission::admit;
use crate::{ApiError, HttpState};
use actix_http::error::PayloadError;
use actix_http::{BoxedPayloadStream, Payload};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::{FromRequest as _, HttpRequest, HttpResponse, web};
use actix_ws::{Item, Message, MessageStream, ProtocolError};
use bytes::{Bytes, BytesMut};
use chat_domain::ErrorCode;
use chat_protocol::realtime::Dialect;
use chat_realtime::{Connection, Counted, Life, Sink};
use chat_socketio::websocket::{Breach, HandshakeFault, Incoming, STRANGER_BYTES, verify_handshake, yield_to_others};
use futures_util::Stream;
use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::str::Utf8Error;
use std::task::{Context, Poll, ready};

/// The longest head of a frame, in bytes (RFC 6455 §5.2).
const FRAME_HEAD_BYTES: usize = 14;

/// Opens a socket for a request to an `App`.
pub(crate) fn open_in_app(
    state: &HttpState,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    if !state.settings.allowed_origins.allows_request(request.headers()) {
        return Err(ApiError::new(ErrorCode::OriginNotAllowed, "Pages of this origin may not call this server"));
    }
    verify_handshake(request.head()).map_err(no_handshake)?;
    let counted = admit(state)?;
    let greeting = Greeting::read(request.head(), Dialect::default(), |token| authenticate(state, token))?;
    let bytes = Rc::new(RefCell::new(payload.into_inner()));
    let meter = Rc::new(Meter::default());
    let metered = Metered { bytes: Rc::clone(&bytes), meter: Rc::clone(&meter) }.into_payload(request)?;
    let (response, _, stream) =
        actix_ws::handle_with_protocols(request, metered, &[BEARER_PROTOCOL]).map_err(|error| internal(&error))?;
    let realtime = Realtime::of_this_thread(state);
    let connection = realtime.hub.connect(Sink::Pulled, greeting.format);
    let messages = Messages {
        stream: stream.max_frame_size(MAX_MESSAGE_BYTES),
        bytes,
        meter,
        begun: None,
        hearing: Hearing::new(state.settings.frame_quota),
    };
    let address = state.settings.trusted_proxies.client_address(request.headers(), request.peer_addr());
    actix_rt::spawn(drive_in_app(realtime, Rc::clone(&connection), counted, greeting, messages, address));
    Ok(response.map_body(|_, carrier| SocketBody { connection, _carrier: carrier }).map_into_boxed_body())
}

/// Refuses a request to the socket inside of an `App` whose server opens sockets elsewhere: it is no handshake, or has
/// a body.
pub(crate) fn refuse_in_app(_: &HttpState, request: &HttpRequest, _: web::Payload) -> Result<HttpResponse, ApiError> {
    let fault = verify_handshake(request.head()).err().unwrap_or(HandshakeFault::Upgrade);
    Err(no_handshake(fault))
}

/// Refuses a request that does not open a WebSocket where one is.
pub(crate) fn no_handshake(fault: HandshakeFault) -> ApiError {
    ApiError::new(ErrorCode::ProtocolError, format!("This is a WebSocket: {fault}"))
}

fn internal(error: &actix_web::Error) -> ApiError {
    ApiError::new(ErrorCode::Internal, crate::error::OUR_FAULT).caused_by(error.to_string())
}

/// The life of one connection.
async fn drive_in_app(
    realtime: Rc<Realtime>,
    connection: Rc<Connection>,
    counted: Counted,
    greeting: Greeting,
    mut messages: Messages,
    address: Option<IpAddr>,
) {
    let mut session = Session::new(Rc::clone(&realtime), Rc::clone(&connection), address);
    busy(&connection, Box::pin(session.begin(greeting, Answer::given()))).await;
    let parting = converse(&mut session, &mut messages).await;
    // Others learn of it now, not when the connection is finally let go of.
    drop(session);
    linger(&realtime, &connection, messages, parting).await;
    connection.abandon();
    drop(counted);
}

/// What is queued for a connection, as the body of a response.
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

/// How much the codec has been given since its last message, in bytes, and how much it may be given.
struct Meter {
    unread: Cell<usize>,
    most: Cell<usize>,
    has_read: Cell<bool>,
}

impl Default for Meter {
    fn default() -> Self {
        Self { unread: Cell::new(0), most: Cell::new(STRANGER_BYTES), has_read: Cell::new(false) }
    }
}

impl Meter {
    fn is_full(&self) -> bool {
        self.unread.get() >= self.most.get() + FRAME_HEAD_BYTES
    }
}

/// A client's bytes on their way to the codec. While the meter is full nothing is read, and nobody is woken: whoever
/// asks for messages looks at the meter.
struct Metered {
    bytes: Rc<RefCell<Payload>>,
    meter: Rc<Meter>,
}

impl Metered {
    fn into_payload(self, request: &HttpRequest) -> Result<web::Payload, ApiError> {
        let stream: BoxedPayloadStream = Box::pin(self);
        web::Payload::from_request(request, &mut Payload::from(stream)).into_inner().map_err(|error| internal(&error))
    }
}

impl Stream for Metered {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.meter.is_full() {
            return Poll::Pending;
        }
        let read = ready!(Pin::new(&mut *self.bytes.borrow_mut()).poll_next(context));
        if let Some(Ok(bytes)) = &read {
            self.meter.unread.set(self.meter.unread.get() + bytes.len());
            self.meter.has_read.set(true);
        }
        Poll::Ready(read)
    }
}

/// A client's messages.
struct Messages {
    stream: MessageStream,
    /// What the stream is read from.
    bytes: Rc<RefCell<Payload>>,
    meter: Rc<Meter>,
    /// The text whose last part has not come.
    begun: Option<BytesMut>,
    hearing: Hearing,
}

impl Messages {
    /// A message, or a part of one. After a breach nothing more can be read.
    fn read(&mut self, message: Message, session: &mut Session) -> Result<Option<Incoming>, Breach> {
        Ok(Some(match message {
            Message::Text(text) => Incoming::Text(String::from(&*text)),
            Message::Binary(_) | Message::Continuation(Item::FirstBinary(_)) => return Err(Breach::Binary),
            Message::Ping(payload) => Incoming::Ping(payload),
            Message::Pong(_) => Incoming::Pong,
            Message::Close(reason) => Incoming::Close(reason.map(|reason| reason.code.into())),
            Message::Nop => return Ok(None),
            Message::Continuation(Item::FirstText(part)) => {
                self.begun = Some(BytesMut::new());
                self.lengthen(&part, session)?;
                Incoming::Fragment(part.len())
            }
            Message::Continuation(Item::Continue(part)) => {
                self.lengthen(&part, session)?;
                Incoming::Fragment(part.len())
            }
            Message::Continuation(Item::Last(part)) => {
                self.lengthen(&part, session)?;
                let text = self.begun.take().unwrap_or_default();
                Incoming::Text(String::from_utf8(text.into()).map_err(|_| Breach::InvalidText)?)
            }
        }))
    }

    fn lengthen(&mut self, part: &[u8], session: &mut Session) -> Result<(), Breach> {
        let begun = self.begun.get_or_insert_default();
        let length = begun.len() + part.len();
        if length > session.most_bytes(length as u64)? {
            return Err(Breach::TooBig);
        }
        begun.extend_from_slice(part);
        Ok(())
    }

    /// Lets a message be longer than it was allowed to be up to now, where that is allowed.
    fn make_room(&self, session: &mut Session) -> Result<(), Breach> {
        let most = session.most_bytes(self.meter.unread.get().saturating_sub(FRAME_HEAD_BYTES) as u64 + 1)?;
        if most <= self.meter.most.replace(most) { Err(Breach::TooBig) } else { Ok(()) }
    }
}

impl Inlet for Messages {
    fn poll_next(&mut self, session: &mut Session, context: &mut Context<'_>) -> Poll<Said> {
        loop {
            let polled = Pin::new(&mut self.stream).poll_next(context);
            if self.meter.has_read.take() {
                session.realtime.hub.heard(&session.connection);
            }
            let read = match polled {
                Poll::Pending if !self.meter.is_full() => return Poll::Pending,
                Poll::Pending => self.make_room(session).map(|()| None),
                Poll::Ready(None) => return Poll::Ready(Said::Ended),
                Poll::Ready(Some(Err(error))) => match breach(&error) {
                    Some(breach) => Err(breach),
                    None => return Poll::Ready(Said::Ended),
                },
                Poll::Ready(Some(Ok(message))) => {
                    self.meter.unread.set(0);
                    self.read(message, session)
                }
            };
            match read {
                Ok(Some(incoming)) => {
                    if let Some(said) = self.hearing.hear(incoming) {
                        return Poll::Ready(said);
                    }
                }
                Ok(None) => {}
                Err(breach) => return Poll::Ready(Said::Breach(code_of(breach))),
            }
        }
    }
}

/// Why a client's bytes are no WebSocket any more; `None` where they came to their end.
fn breach(error: &ProtocolError) -> Option<Breach> {
    match error {
        ProtocolError::Overflow => Some(Breach::TooBig),
        ProtocolError::Io(error) => match error.get_ref() {
            Some(inner) if inner.is::<Utf8Error>() => Some(Breach::InvalidText),
            Some(inner) if inner.is::<PayloadError>() => None,
            _ => Some(Breach::Protocol),
        },
        _ => Some(Breach::Protocol),
    }
}

/// Waits until the client has taken the Close frame and answered it, or for a while.
async fn linger(realtime: &Realtime, connection: &Rc<Connection>, messages: Messages, parting: Parting) {
    realtime.hub.linger(connection);
    let Messages { mut stream, bytes, .. } = messages;
    let mut has_answered = parting == Parting::Goodbye;
    let (mut is_understood, mut ignored) = (parting != Parting::NotUnderstood, 0);
    poll_fn(|context| {
        connection.poll_write(context);
        if connection.life() == Life::Gone || (has_answered && connection.is_flushed()) {
            return Poll::Ready(());
        }
        if is_understood {
            match ready!(Pin::new(&mut stream).poll_next(context)) {
                Some(Ok(Message::Close(_))) => has_answered = true,
                Some(Ok(_)) => {}
                Some(Err(_)) => is_understood = false,
                None => return Poll::Ready(()),
            }
        } else {
            match ready!(Pin::new(&mut *bytes.borrow_mut()).poll_next(context)) {
                Some(Ok(bytes)) if ignored <= MAX_IGNORED_BYTES => ignored += bytes.len(),
                _ => return Poll::Ready(()),
            }
        }
        // The next may be here already.
        yield_to_others(context);
        Poll::Pending
    })
    .await;
}
