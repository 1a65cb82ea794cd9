//! The messages of a client. The codec of `actix-ws` splits its bytes into frames, and keeps a frame until all of it
//! has arrived, whatever length it announces; [`Metered`] limits this.

use super::super::MAX_MESSAGE_BYTES;
use super::super::client::Client;
use super::super::drive::{Inlet, Said};
use super::super::websocket::{Hearing, code_of};
use super::internal;
use crate::ApiError;
use actix_http::error::PayloadError;
use actix_http::{BoxedPayloadStream, Payload};
use actix_web::{FromRequest as _, HttpRequest, web};
use actix_ws::{Item, Message, MessageStream, ProtocolError};
use bytes::{Bytes, BytesMut};
use chat_socketio::websocket::{Breach, Incoming, STRANGER_BYTES};
use futures_util::Stream;
use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::str::Utf8Error;
use std::task::{Context, Poll, ready};

/// The maximum size of a frame's head, in bytes (RFC 6455 §5.2).
const FRAME_HEAD_BYTES: usize = 14;

/// How many bytes the codec has received since its last message, and how many it may receive.
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

/// A client's bytes on their way to the codec. While the meter is full, nothing is read and no task is woken: the
/// reader of messages checks the meter.
struct Metered {
    bytes: Rc<RefCell<Payload>>,
    meter: Rc<Meter>,
}

/// A client's bytes, and the meter before the codec.
pub(super) struct Parts {
    bytes: Rc<RefCell<Payload>>,
    meter: Rc<Meter>,
}

/// Puts a meter before a request's payload.
pub(super) fn meter(request: &HttpRequest, payload: web::Payload) -> Result<(web::Payload, Parts), ApiError> {
    let parts = Parts { bytes: Rc::new(RefCell::new(payload.into_inner())), meter: Rc::new(Meter::default()) };
    let metered = Metered { bytes: Rc::clone(&parts.bytes), meter: Rc::clone(&parts.meter) };
    let stream: BoxedPayloadStream = Box::pin(metered);
    let payload = web::Payload::from_request(request, &mut Payload::from(stream)).into_inner();
    Ok((payload.map_err(|error| internal(&error))?, parts))
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
pub(super) struct Messages {
    stream: MessageStream,
    /// The source of the stream.
    bytes: Rc<RefCell<Payload>>,
    meter: Rc<Meter>,
    /// The text message whose last part has not arrived.
    begun: Option<BytesMut>,
    hearing: Hearing,
}

impl Messages {
    pub(super) fn new(stream: MessageStream, parts: Parts, hearing: Hearing) -> Self {
        let stream = stream.max_frame_size(MAX_MESSAGE_BYTES);
        Self { stream, bytes: parts.bytes, meter: parts.meter, begun: None, hearing }
    }

    /// Returns the streams to read further: messages, and the bytes below them.
    pub(super) fn into_parts(self) -> (MessageStream, Rc<RefCell<Payload>>) {
        (self.stream, self.bytes)
    }

    /// Interprets a message, or a part of one. After a protocol violation nothing more can be read.
    fn read(&mut self, message: Message, client: &mut Client) -> Result<Option<Incoming>, Breach> {
        Ok(Some(match message {
            Message::Text(text) => Incoming::Text(String::from(&*text)),
            Message::Binary(_) | Message::Continuation(Item::FirstBinary(_)) => return Err(Breach::Binary),
            Message::Ping(payload) => Incoming::Ping(payload),
            Message::Pong(_) => Incoming::Pong,
            Message::Close(reason) => Incoming::Close(reason.map(|reason| reason.code.into())),
            Message::Nop => return Ok(None),
            Message::Continuation(Item::FirstText(part)) => {
                self.begun = Some(BytesMut::new());
                self.lengthen(&part, client)?;
                Incoming::Fragment(part.len())
            }
            Message::Continuation(Item::Continue(part)) => {
                self.lengthen(&part, client)?;
                Incoming::Fragment(part.len())
            }
            Message::Continuation(Item::Last(part)) => {
                self.lengthen(&part, client)?;
                let text = self.begun.take().unwrap_or_default();
                Incoming::Text(String::from_utf8(text.into()).map_err(|_| Breach::InvalidText)?)
            }
        }))
    }

    fn lengthen(&mut self, part: &[u8], client: &mut Client) -> Result<(), Breach> {
        let begun = self.begun.get_or_insert_default();
        let length = begun.len() + part.len();
        if length > client.most_bytes(length as u64)? {
            return Err(Breach::TooBig);
        }
        begun.extend_from_slice(part);
        Ok(())
    }

    /// Allows longer messages from now on, if that is permitted.
    fn make_room(&self, client: &mut Client) -> Result<(), Breach> {
        let most = client.most_bytes(self.meter.unread.get().saturating_sub(FRAME_HEAD_BYTES) as u64 + 1)?;
        if most <= self.meter.most.replace(most) { Err(Breach::TooBig) } else { Ok(()) }
    }
}

impl Inlet for Messages {
    fn poll_next(&mut self, client: &mut Client, context: &mut Context<'_>) -> Poll<Said> {
        loop {
            let polled = Pin::new(&mut self.stream).poll_next(context);
            if self.meter.has_read.take() {
                client.realtime.hub.heard(&client.connection);
            }
            let read = match polled {
                Poll::Pending if !self.meter.is_full() => return Poll::Pending,
                Poll::Pending => self.make_room(client).map(|()| None),
                Poll::Ready(None) => return Poll::Ready(Said::Ended),
                Poll::Ready(Some(Err(error))) => match breach(&error) {
                    Some(breach) => Err(breach),
                    None => return Poll::Ready(Said::Ended),
                },
                Poll::Ready(Some(Ok(message))) => {
                    self.meter.unread.set(0);
                    self.read(message, client)
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

/// The reason why a client's bytes are no longer a WebSocket; `None` if they ended.
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
