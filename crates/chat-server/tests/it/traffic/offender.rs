//! A client that writes raw bytes and ignores every limit.

use chat_blackbox::{DEADLINE, Server};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8A;
/// The first byte of a frame: a text message that further frames continue.
pub(crate) const BEGUN_TEXT: u8 = 0x01;
/// The first byte of a frame: a part of a message, not its last.
pub(crate) const CONTINUATION: u8 = 0x00;

/// The size of one write. With the pause between writes, a flood sends a megabyte per second.
const CHUNK_BYTES: usize = 16 * 1024;
const CHUNK_INTERVAL: Duration = Duration::from_millis(16);

/// Returns a masked frame with a mask of zeros (RFC 6455 §5.2).
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [&head(first, payload.len()), payload].concat()
}

/// Returns the head of such a frame, without the payload.
pub(crate) fn head(first: u8, length: usize) -> Vec<u8> {
    let mut bytes = vec![first];
    match u16::try_from(length) {
        Ok(short @ 0..126) => bytes.push(0x80 | u8::try_from(short).expect("short")),
        Ok(middle) => {
            bytes.push(0xFE);
            bytes.extend(middle.to_be_bytes());
        }
        Err(_) => {
            bytes.push(0xFF);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes
}

/// A connection, and the received bytes that no method has returned yet.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    pub(crate) bytes: Vec<u8>,
}

impl Raw {
    pub(crate) async fn to(server: &Server) -> Self {
        let address = server.base().strip_prefix("http://").expect("an address");
        Self { stream: TcpStream::connect(address).await.expect("a connection"), bytes: Vec::new() }
    }

    /// Opens a WebSocket at this path; `headers` are whole lines.
    pub(crate) async fn upgraded(server: &Server, path: &str, headers: &str) -> Self {
        let mut raw = Self::to(server).await;
        let head = raw.upgrade(path, headers).await;
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        raw
    }

    /// Requests an upgrade, and returns the head of the response.
    pub(crate) async fn upgrade(&mut self, path: &str, headers: &str) -> String {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        );
        self.send(request.as_bytes()).await;
        self.head().await
    }

    /// Returns the head of the next response.
    pub(crate) async fn head(&mut self) -> String {
        loop {
            if let Some(end) = self.bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let rest = self.bytes.split_off(end + 4);
                return String::from_utf8(std::mem::replace(&mut self.bytes, rest)).expect("text");
            }
            assert!(self.read().await, "no answer");
        }
    }

    /// Returns the head and the body of the next response, which has a `Content-Length`.
    pub(crate) async fn answer(&mut self) -> (String, String) {
        let head = self.head().await.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or_default();
        while self.bytes.len() < length {
            assert!(self.read().await, "an incomplete response");
        }
        let rest = self.bytes.split_off(length);
        (head, String::from_utf8(std::mem::replace(&mut self.bytes, rest)).expect("text"))
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("sent");
    }

    /// Reads more bytes; `false` at the end of the connection.
    pub(crate) async fn read(&mut self) -> bool {
        let read = tokio::time::timeout(DEADLINE, self.stream.read_buf(&mut self.bytes)).await;
        read.expect("bytes or the end arrive in time").unwrap_or(0) > 0
    }

    /// Waits for this text, and drops the bytes up to its end.
    pub(crate) async fn until(&mut self, text: &str) {
        loop {
            if let Some(start) = self.bytes.windows(text.len()).position(|bytes| bytes == text.as_bytes()) {
                self.bytes.drain(..start + text.len());
                return;
            }
            assert!(self.read().await, "expected {text:?}, got {:?}", String::from_utf8_lossy(&self.bytes));
        }
    }

    /// Returns everything until the server closes the connection.
    pub(crate) async fn rest(&mut self) -> &[u8] {
        while self.read().await {}
        &self.bytes
    }

    /// Sends these bytes again and again, a megabyte per second, until the server closes the connection. Returns what
    /// it received and how long it took.
    pub(crate) async fn flood(self, bytes: &[u8]) -> (Vec<u8>, Duration) {
        let chunk = bytes.repeat(CHUNK_BYTES.div_ceil(bytes.len()));
        let started = Instant::now();
        let (mut reading, mut writing) = self.stream.into_split();
        let writer = tokio::spawn(async move {
            let mut interval = tokio::time::interval(CHUNK_INTERVAL);
            while writing.write_all(&chunk).await.is_ok() {
                interval.tick().await;
            }
        });
        let mut came = self.bytes;
        let read = async { while reading.read_buf(&mut came).await.unwrap_or(0) > 0 {} };
        let end = tokio::time::timeout(DEADLINE, read).await;
        assert!(end.is_ok(), "the server has not closed the connection after {} bytes", came.len());
        let took = started.elapsed();
        writer.abort();
        (came, took)
    }
}

/// Returns the code of the Close frame among these frames of a server, if there is one.
pub(crate) fn close_code(mut frames: &[u8]) -> Option<u16> {
    loop {
        let (&[first, second], rest) = frames.split_first_chunk()?;
        let (start, length) = match second {
            126 => (4, usize::from(u16::from_be_bytes(*rest.first_chunk()?))),
            127 => (10, usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?),
            short => (2, usize::from(short)),
        };
        let payload = frames.get(start..start + length)?;
        if first == 0x88 {
            return payload.first_chunk().map(|code| u16::from_be_bytes(*code));
        }
        frames = &frames[start + length..];
    }
}
