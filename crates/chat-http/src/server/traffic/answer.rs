use super::UnderWay;
use actix_http::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The body of an answer. Its request is in progress until the dispatcher has all of it. The dispatcher must not see
/// the end of the stream before, or it would cut the answer off.
#[derive(Debug)]
pub(crate) struct Answer {
    body: BoxBody,
    _under_way: Option<UnderWay>,
}

impl Answer {
    pub(super) const fn new(body: BoxBody, under_way: Option<UnderWay>) -> Self {
        Self { body, _under_way: under_way }
    }

    pub(super) fn with_body(self, body: BoxBody) -> Self {
        Self { body, ..self }
    }
}

impl MessageBody for Answer {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
