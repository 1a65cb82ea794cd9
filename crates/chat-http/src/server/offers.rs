//! Ignores offers to upgrade to a protocol that the server does not support, such as the h2c of Java's HTTP client (RFC
//! 9110 §7.8).
//!
//! actix-http treats `Connection: Upgrade` as the end of HTTP on a connection, for every protocol: it answers with
//! `connection: upgrade` and closes. So this reader hides the option: in the head of every request that stays HTTP,
//! `upgrade` among the options of `Connection` becomes `ignored`, a word of the same length without a meaning. Where no
//! WebSocket is served, it hides `Upgrade: websocket` in the same way. It adds, removes and moves no byte, so it cannot
//! change where a request ends.

use super::traffic::{Paced, Traffic};
use crate::gateway;
use actix_http::{Method, Uri};
use bytes::{Buf as _, BytesMut};
use httparse::{EMPTY_HEADER, Header, Request, Status};
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The maximum number of headers that actix-http reads.
const MAX_HEADERS: usize = 96;

/// The maximum size of a head, in bytes. actix-http rejects longer ones.
const MAX_HEAD_BYTES: usize = 131_072;

const OPTION: &[u8; 7] = b"upgrade";
const UNREADABLE: &[u8; 7] = b"ignored";

const WEBSOCKET: &[u8; 9] = b"websocket";
const UNREADABLE_WEBSOCKET: &[u8; 9] = b"unoffered";

/// A connection that hides offers of unsupported protocols.
#[derive(Debug)]
pub(super) struct Offers {
    stream: Paced,
    requests: Requests,
    /// The beginning of a head, and earlier data that has not been taken yet.
    held: BytesMut,
    /// How many bytes of `held` may be taken.
    ready: usize,
    has_ended: bool,
}

impl Offers {
    pub(super) fn new(stream: Paced) -> Self {
        Self { stream, requests: Requests::Head, held: BytesMut::new(), ready: 0, has_ended: false }
    }

    /// Returns the stream, and `read` with the data appended that was read after it.
    pub(super) fn into_parts(self, mut read: BytesMut) -> (TcpStream, BytesMut) {
        read.extend_from_slice(&self.held);
        (self.stream.into_inner(), read)
    }

    /// The counters of this connection.
    pub(super) fn traffic(&self) -> Rc<Traffic> {
        Rc::clone(self.stream.traffic())
    }

    /// Copies data that may be taken. Returns whether there was any.
    fn take(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let count = self.ready.min(buffer.remaining());
        buffer.put_slice(&self.held[..count]);
        self.held.advance(count);
        self.ready -= count;
        if self.held.is_empty() {
            self.held = BytesMut::new();
        }
        count > 0
    }
}

impl AsyncRead for Offers {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if this.take(buffer) || this.has_ended || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            let start = buffer.filled().len();
            ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
            let fresh = &mut buffer.filled_mut()[start..];
            let traffic = this.stream.traffic();
            let before = traffic.note_read(fresh.len());
            if fresh.is_empty() {
                // The held data will never be complete; actix-http judges it.
                this.has_ended = true;
                this.ready = this.held.len();
            } else if this.held.is_empty() {
                let settled = this.requests.settle(fresh, |end| traffic.note_end(before + end as u64));
                this.held.extend_from_slice(&fresh[settled..]);
                buffer.set_filled(start + settled);
                if settled > 0 {
                    return Poll::Ready(Ok(()));
                }
            } else {
                let may_be_whole = fresh.contains(&b'\n') || this.held.len() + fresh.len() >= MAX_HEAD_BYTES;
                let held = before - this.held.len() as u64;
                this.held.extend_from_slice(fresh);
                buffer.set_filled(start);
                if may_be_whole {
                    this.ready = this.requests.settle(&mut this.held, |end| traffic.note_end(held + end as u64));
                }
            }
        }
    }
}

impl AsyncWrite for Offers {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// The part of a request to which the client's next byte belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Requests {
    /// The head of a request.
    Head,
    /// A body of which this many bytes are missing.
    Body(u64),
    /// The line with the size of the next chunk.
    ChunkSize,
    /// A chunk of which this many bytes are missing, including the end of its line.
    Chunk(u64),
    /// The trailers after the last chunk.
    Trailers,
    /// No request any more: a WebSocket, or data that actix-http will reject.
    Opaque,
}

impl Requests {
    /// Parses `bytes`, and reports where requests end. Returns how many bytes are complete; the rest is the beginning
    /// of an incomplete part.
    fn settle(&mut self, bytes: &mut [u8], mut ends: impl FnMut(usize)) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &mut bytes[at..];
            let read = match *self {
                Self::Opaque => Some((rest.len(), Self::Opaque)),
                Self::Body(left) => Some(skip(left, rest.len(), Self::Body, Self::Head)),
                Self::Chunk(left) => Some(skip(left, rest.len(), Self::Chunk, Self::ChunkSize)),
                Self::Head => read_head(rest),
                Self::ChunkSize => read_chunk_size(rest),
                Self::Trailers => read_trailers(rest),
            };
            match read {
                Some((length, next)) => {
                    at += length;
                    if next == Self::Head {
                        ends(at);
                    }
                    *self = next;
                }
                None if rest.len() >= MAX_HEAD_BYTES => *self = Self::Opaque,
                None => break,
            }
        }
        at
    }
}

fn skip(left: u64, here: usize, of: fn(u64) -> Requests, next: Requests) -> (usize, Requests) {
    // The length of `here` fits a usize, and so does every smaller number.
    let length = usize::try_from(left).map_or(here, |left| left.min(here));
    let left = left - length as u64;
    (length, if left == 0 { next } else { of(left) })
}

/// Returns the parsed part with its length; `None` if it is incomplete.
fn whole<T>(parsed: httparse::Result<T>, of: impl FnOnce(T) -> (usize, Requests)) -> Option<(usize, Requests)> {
    match parsed {
        Ok(Status::Complete(parsed)) => Some(of(parsed)),
        Ok(Status::Partial) => None,
        Err(_) => Some((0, Requests::Opaque)),
    }
}

fn read_chunk_size(bytes: &[u8]) -> Option<(usize, Requests)> {
    let parsed = httparse::parse_chunk_size(bytes).map_err(|_| httparse::Error::Token);
    whole(parsed, |(length, size)| match size {
        0 => (length, Requests::Trailers),
        size => (length, Requests::Chunk(size.saturating_add(2))),
    })
}

fn read_trailers(bytes: &[u8]) -> Option<(usize, Requests)> {
    let mut trailers = [EMPTY_HEADER; MAX_HEADERS];
    whole(httparse::parse_headers(bytes, &mut trailers), |(length, _)| (length, Requests::Head))
}

/// Parses a head as actix-http does, and hides offers in it, unless its connection leaves HTTP with it.
fn read_head(bytes: &mut [u8]) -> Option<(usize, Requests)> {
    let mut headers = [const { MaybeUninit::<Header<'_>>::uninit() }; MAX_HEADERS];
    let mut request = Request::new(&mut []);
    let parsed = request.parse_with_uninit_headers(bytes, &mut headers);
    let (length, next) = whole(parsed, |length| (length, after(&request)))?;
    let has_offer = |header: &Header<'_>| {
        header.name.eq_ignore_ascii_case("connection")
            && header.value.split(|byte| *byte == b',').any(|option| option.trim_ascii().eq_ignore_ascii_case(OPTION))
    };
    let has_websocket = !is_for_a_socket(&request) && request.headers.iter().any(offers_websocket);
    if next != Requests::Opaque && (has_websocket || request.headers.iter().any(has_offer)) {
        for line in bytes[..length].split_mut(|byte| *byte == b'\n') {
            hide(line, has_websocket);
        }
    }
    Some((length, next))
}

fn offers_websocket(header: &Header<'_>) -> bool {
    header.name.eq_ignore_ascii_case("upgrade") && header.value.trim_ascii().eq_ignore_ascii_case(WEBSOCKET)
}

/// Whether a WebSocket is served at the target of this request.
fn is_for_a_socket(request: &Request<'_, '_>) -> bool {
    let target = request.path.and_then(|target| target.parse::<Uri>().ok());
    target.is_some_and(|uri| gateway::serves(uri.path()))
}

/// Returns what follows a head. Lengths take precedence in the same order as in actix-http.
fn after(request: &Request<'_, '_>) -> Requests {
    let (mut is_chunked, mut is_websocket, mut announced) = (false, false, 0);
    for header in request.headers.iter() {
        let value = header.value.trim_ascii();
        if header.name.eq_ignore_ascii_case("transfer-encoding") {
            is_chunked |= value.eq_ignore_ascii_case(b"chunked");
        } else if offers_websocket(header) {
            is_websocket = true;
        } else if header.name.eq_ignore_ascii_case("content-length") {
            let Some(length) = std::str::from_utf8(value).ok().and_then(|length| length.parse().ok()) else {
                return Requests::Opaque;
            };
            announced = length;
        }
    }
    match (is_chunked, is_websocket && is_for_a_socket(request), announced) {
        (true, ..) => Requests::ChunkSize,
        (_, true, _) => Requests::Opaque,
        (_, _, 0) if request.method == Some(Method::CONNECT.as_str()) => Requests::Opaque,
        (_, _, 0) => Requests::Head,
        (_, _, length) => Requests::Body(length),
    }
}

/// Hides the option if this line of a head is a `Connection`, and with `websocket` that protocol if it is an `Upgrade`.
fn hide(line: &mut [u8], websocket: bool) {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else { return };
    let (name, value) = line.split_at_mut(colon);
    if name.eq_ignore_ascii_case(b"connection") {
        for option in value[1..].split_mut(|byte| *byte == b',') {
            replace(option, OPTION, UNREADABLE);
        }
    } else if websocket && name.eq_ignore_ascii_case(b"upgrade") {
        replace(&mut value[1..], WEBSOCKET, UNREADABLE_WEBSOCKET);
    }
}

/// Replaces `text` by `new` if it is `old` in any case, with or without white space around it.
fn replace<const N: usize>(text: &mut [u8], old: &[u8; N], new: &[u8; N]) {
    let start = text.len() - text.trim_ascii_start().len();
    let length = text.trim_ascii().len();
    let text = &mut text[start..start + length];
    if text.eq_ignore_ascii_case(old) {
        text.copy_from_slice(new);
    }
}

#[cfg(test)]
mod tests;
