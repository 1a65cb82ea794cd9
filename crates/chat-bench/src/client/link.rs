use super::frames::{self, Frame};
use super::protocol::{Heard, Protocol};
use super::{nats, xmpp};
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// Larger than what usually waits on a socket.
const SCRATCH_BYTES: usize = 64 * 1_024;

/// A fixed nonce: this client does not check the server's answer to it (RFC 6455 §4.1).
const NONCE: &str = "AAAAAAAAAAAAAAAAAAAAAA==";

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH_BYTES].into_boxed_slice());
}

/// The reading side of an open connection. It answers pings while it reads.
pub(crate) struct Link {
    half: OwnedReadHalf,
    /// Received bytes that have not been consumed: complete frames, or the start of one.
    rest: Vec<u8>,
    writer: Writer,
}

/// The writing side. Cheap to clone. The connection closes when the last clone is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    half: Arc<OwnedWriteHalf>,
    protocol: Protocol,
    /// The client's name, for a protocol whose answers are addressed by it.
    name: Arc<str>,
}

/// Why a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The server closed it with this code
    Closed(u16),
    /// The transport ended without a close frame
    Broken,
    /// Socket.IO: the server refused the session or the namespace
    Refused(String),
}

impl Writer {
    /// Sends a command; the server acknowledges it under `number`. Panics if the socket does not accept it: commands
    /// are small, so many megabytes would have to be unread.
    pub(crate) fn command(&self, number: u64, name: &str, data: &str) {
        let is_sent = self.try_text(&self.protocol.command(number, name, data));
        assert!(is_sent, "the server no longer reads, or has closed");
    }

    /// Sends a message with this number to a room or conversation. Panics as [`Writer::command`] does.
    pub(crate) fn message(&self, number: u64, room: &str, text: &str) {
        let bytes = match self.protocol {
            Protocol::Plain | Protocol::SocketIo => {
                let data = format!(r#"{{"conversationId":"{room}","content":"{text}","clientMessageId":"{number}"}}"#);
                return self.command(number, "message:send", &data);
            }
            Protocol::Nats => nats::publish(false, &self.name, number, room, text),
            Protocol::JetStream => nats::publish(true, &self.name, number, room, text),
            Protocol::Xmpp => xmpp::message(number, room, text),
        };
        assert!(self.try_bytes(bytes.as_bytes()), "the server no longer reads, or has closed");
    }

    /// Whether the server acknowledges each message, beside delivering it.
    pub(crate) const fn gets_answers(&self) -> bool {
        !matches!(self.protocol, Protocol::Nats | Protocol::Xmpp)
    }

    /// Sends a text frame. Returns whether all of it was written.
    pub(super) fn try_text(&self, text: &str) -> bool {
        self.try_bytes(&frames::text(text))
    }

    /// Sends bytes without a frame. Returns whether all of them were written.
    pub(super) fn try_bytes(&self, bytes: &[u8]) -> bool {
        self.half.try_write(bytes).is_ok_and(|written| written == bytes.len())
    }

    fn pong(&self, payload: &[u8]) {
        // If the connection has ended, the reading side notices.
        let _ = self.try_bytes(&frames::frame(frames::PONG, payload));
    }

    /// Answers a ping of the protocol above the transport.
    fn answer_ping(&self) {
        let _ = match self.protocol {
            Protocol::Nats | Protocol::JetStream => self.try_bytes(nats::PONG.as_bytes()),
            _ => self.try_text("3"),
        };
    }

    /// Reads the first frame, operation or element. Returns it with its length; `None` if it is incomplete.
    fn read<'a>(&self, bytes: &'a [u8]) -> Option<(Result<Heard<'a>, Ended>, usize)> {
        let (heard, length) = match self.protocol {
            Protocol::Plain | Protocol::SocketIo => {
                let (frame, length) = frames::read(bytes)?;
                return Some((self.understand(&frame), length));
            }
            Protocol::Nats | Protocol::JetStream => nats::read(bytes)?,
            Protocol::Xmpp => xmpp::read(bytes)?,
        };
        Some((Ok(heard), length))
    }

    fn understand<'a>(&self, frame: &Frame<'a>) -> Result<Heard<'a>, Ended> {
        match *frame {
            Frame::Text(text) => return Ok(self.protocol.understand(text)),
            Frame::Ping(payload) => self.pong(payload),
            Frame::Pong => {}
            Frame::Close(code) => return Err(Ended::Closed(code)),
        }
        Ok(Heard::Other)
    }
}

impl Link {
    /// Opens a WebSocket. Returns the reason if the upgrade fails.
    pub(super) async fn open(protocol: Protocol, address: &str, path: &str, headers: &str) -> Result<Self, String> {
        let mut stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\n{headers}connection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: {NONCE}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
        let mut answer = Vec::with_capacity(512);
        let end = loop {
            if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut answer).await.map_err(|error| error.to_string())? == 0 {
                return Err("the connection ended before the response".to_owned());
            }
        };
        if !answer.starts_with(b"HTTP/1.1 101 ") {
            let head = String::from_utf8_lossy(&answer);
            return Err(head.lines().next().unwrap_or_default().to_owned());
        }
        // Almost always empty, which allocates nothing.
        let rest = answer[end..].to_vec();
        Ok(Self { rest, ..Self::over(stream, protocol, "")? })
    }

    /// Uses a connection without a WebSocket upgrade. `name` is the client's.
    pub(super) fn over(stream: TcpStream, protocol: Protocol, name: &str) -> Result<Self, String> {
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let (half, writing) = stream.into_split();
        let writer = Writer { half: Arc::new(writing), protocol, name: name.into() };
        Ok(Self { half, rest: Vec::new(), writer })
    }

    pub(crate) const fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Reads until `is_last` is true for something received. What follows stays buffered.
    pub(crate) async fn until(&mut self, mut is_last: impl FnMut(&Heard<'_>) -> bool) -> Result<(), Ended> {
        let waiting = std::mem::take(&mut self.rest);
        let (taken, found) = take(&self.writer, &waiting, &mut is_last);
        self.rest.extend_from_slice(&waiting[taken..]);
        match found {
            Some(found) => found,
            None => poll_fn(|context| self.poll_until(context, &mut is_last)).await,
        }
    }

    fn poll_until(
        &mut self,
        context: &mut Context<'_>,
        is_last: &mut impl FnMut(&Heard<'_>) -> bool,
    ) -> Poll<Result<(), Ended>> {
        SCRATCH.with_borrow_mut(|scratch| {
            loop {
                let mut buffer = ReadBuf::new(scratch);
                let read = ready!(Pin::new(&mut self.half).poll_read(context, &mut buffer));
                let fresh = buffer.filled();
                if read.is_err() || fresh.is_empty() {
                    return Poll::Ready(Err(Ended::Broken));
                }
                let found = if self.rest.is_empty() {
                    let (taken, found) = take(&self.writer, fresh, is_last);
                    self.rest.extend_from_slice(&fresh[taken..]);
                    found
                } else {
                    self.rest.extend_from_slice(fresh);
                    let (taken, found) = take(&self.writer, &self.rest, is_last);
                    self.rest.drain(..taken);
                    found
                };
                if self.rest.is_empty() {
                    // Idle connections keep no buffer.
                    self.rest = Vec::new();
                }
                if let Some(found) = found {
                    return Poll::Ready(found);
                }
            }
        })
    }
}

/// Handles complete frames. Returns the number of bytes consumed, and why the connection ended if it did.
fn take(
    writer: &Writer,
    bytes: &[u8],
    is_last: &mut impl FnMut(&Heard<'_>) -> bool,
) -> (usize, Option<Result<(), Ended>>) {
    let mut taken = 0;
    while let Some((heard, length)) = writer.read(&bytes[taken..]) {
        taken += length;
        let found = match heard {
            Ok(Heard::Ping) => {
                writer.answer_ping();
                None
            }
            Ok(Heard::Refused(text)) => Some(Err(Ended::Refused(text.to_owned()))),
            Ok(heard) => is_last(&heard).then_some(Ok(())),
            Err(ended) => Some(Err(ended)),
        };
        if found.is_some() {
            return (taken, found);
        }
    }
    (taken, None)
}
