//! Responses to requests that have left HTTP with their TCP stream.

use crate::engine::Fault;
use actix_http::header::{HeaderMap, SEC_WEBSOCKET_KEY};
use actix_http::{RequestHead, ws};
use bytes::Bytes;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long a refused client may take to read the response.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(5);

/// How many bytes of a refused client's remaining input are read and discarded.
const IGNORED_BYTES: u64 = 1_000_000;

/// The response to a valid handshake (RFC 6455 §4.2.2), with the caller's own headers.
pub(super) fn switching(head: &RequestHead, headers: &HeaderMap) -> Vec<u8> {
    let key = head.headers.get(SEC_WEBSOCKET_KEY).map_or(&b""[..], |key| key.as_bytes());
    let mut answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n".to_vec();
    push_header(&mut answer, b"Sec-WebSocket-Accept", &ws::hash_key(key));
    finish(answer, headers)
}

/// The response to a refused handshake, after which the connection is closed.
pub(super) fn refusal(fault: &Fault, headers: &HeaderMap) -> Vec<u8> {
    let (status, body) = (fault.status(), fault.body());
    let mut answer =
        format!("HTTP/1.1 {} {}\r\n", status.as_str(), status.canonical_reason().unwrap_or_default()).into_bytes();
    push_header(&mut answer, b"Content-Type", b"application/json");
    push_header(&mut answer, b"Content-Length", body.len().to_string().as_bytes());
    push_header(&mut answer, b"Connection", b"close");
    let mut answer = finish(answer, headers);
    answer.extend_from_slice(body.as_bytes());
    answer
}

fn finish(mut answer: Vec<u8>, headers: &HeaderMap) -> Vec<u8> {
    for (name, value) in headers {
        push_header(&mut answer, name.as_str().as_bytes(), value.as_bytes());
    }
    answer.extend_from_slice(b"\r\n");
    answer
}

fn push_header(answer: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    for part in [name, b": ", value, b"\r\n"] {
        answer.extend_from_slice(part);
    }
}

/// Writes the last response of this connection, and waits for the client to close it: closing at once, with unread
/// input, could destroy the response on its way.
pub(super) async fn say_and_close(mut stream: TcpStream, pending: Bytes, answer: Vec<u8>) {
    let said = async {
        stream.write_all(&pending).await?;
        stream.write_all(&answer).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(IGNORED_BYTES), &mut tokio::io::sink()).await
    };
    // A client that closes early, or never, is not an error.
    let _ = tokio::time::timeout(REFUSAL_TIMEOUT, said).await;
}
