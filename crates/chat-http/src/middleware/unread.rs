//! Data that a client still sends when its answer is ready. Closing the connection on it would often destroy the answer
//! on its way (RFC 9112 §9.6): a client that sent too much would see a broken pipe instead of a 413. So the server
//! reads a limited rest and discards it.

use actix_web::HttpMessage as _;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap, UPGRADE};
use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt as _};
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

/// How much of an unread body is read, in bytes. A body that is announced to be larger is not read.
const MAX_DISCARDED_BYTES: u64 = 16_000_000;

/// A client that sends nothing for this long gets its answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// A request's body, shared with its reader, so that the rest can be read later.
#[derive(Clone)]
pub(super) struct Unread(Rc<RefCell<Body>>);

struct Body {
    payload: Payload,
    has_ended: bool,
}

impl Unread {
    /// Keeps the request's body. `None` if it has none, if the body is too large to wait for, or if it is the data of a
    /// socket.
    pub(super) fn of(request: &mut ServiceRequest) -> Option<Self> {
        let headers = request.headers();
        let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if offers_websocket(headers) || announced.is_some_and(|length: u64| length > MAX_DISCARDED_BYTES) {
            return None;
        }
        let payload = request.take_payload();
        if matches!(payload, Payload::None) {
            return None;
        }
        let unread = Self(Rc::new(RefCell::new(Body { payload, has_ended: false })));
        request.set_payload(Payload::Stream { payload: Box::pin(unread.clone()) });
        Some(unread)
    }

    /// Reads and discards the rest, within the limit and for at most `longest`.
    pub(super) async fn discard(self, longest: Duration) {
        if !self.0.borrow().has_ended {
            // A timeout is no error: the answer is sent in any case.
            let _ = tokio::time::timeout(longest, self.take_the_rest()).await;
        }
    }

    async fn take_the_rest(mut self) {
        let mut taken = 0;
        while let Ok(Some(Ok(chunk))) = tokio::time::timeout(PATIENCE, self.next()).await {
            taken += chunk.len() as u64;
            if taken > MAX_DISCARDED_BYTES {
                return;
            }
        }
    }
}

/// Offers of other protocols are ignored, so the body of such a request is a body.
fn offers_websocket(headers: &HeaderMap) -> bool {
    headers.get_all(UPGRADE).any(|protocol| protocol.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket"))
}

impl Stream for Unread {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut body = self.0.borrow_mut();
        let polled = body.payload.poll_next_unpin(context);
        body.has_ended |= matches!(polled, Poll::Ready(None | Some(Err(_))));
        polled
    }
}
