use crate::gateway::connection::{BEARER_PROTOCOL, offers_bearer};
use crate::request_id::{RequestId, X_REQUEST_ID};
use actix_http::body::{BoxBody, MessageBody as _};
use actix_http::header::{CONTENT_LENGTH, SEC_WEBSOCKET_KEY};
use actix_http::{RequestHead, Response, ws};
use bytes::Bytes;
use std::fmt::Write as _;

/// Returns the answer to a valid handshake (RFC 6455 §4.2.2).
pub(super) fn switching(head: &RequestHead, request_id: &RequestId) -> Bytes {
    let key = head.headers.get(SEC_WEBSOCKET_KEY).map_or(&b""[..], |key| key.as_bytes());
    let accept = ws::hash_key(key);
    let accept = String::from_utf8_lossy(&accept);
    let mut text = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n"
    );
    if offers_bearer(&head.headers) {
        // Writing to memory cannot fail.
        let _ = write!(text, "Sec-WebSocket-Protocol: {BEARER_PROTOCOL}\r\n");
    }
    let _ = write!(text, "{X_REQUEST_ID}: {}\r\n\r\n", request_id.as_str());
    text.into()
}

/// Returns an answer as bytes; the connection is closed after it.
pub(super) fn closing(response: Response<BoxBody>) -> Bytes {
    let status = response.status();
    let mut text =
        format!("HTTP/1.1 {} {}\r\n", status.as_str(), status.canonical_reason().unwrap_or_default()).into_bytes();
    for (name, value) in response.headers() {
        if name != CONTENT_LENGTH {
            text.extend_from_slice(name.as_str().as_bytes());
            text.extend_from_slice(b": ");
            text.extend_from_slice(value.as_bytes());
            text.extend_from_slice(b"\r\n");
        }
    }
    let body = response.into_body().try_into_bytes().unwrap_or_default();
    text.extend_from_slice(format!("Content-Length: {}\r\nConnection: close\r\n\r\n", body.len()).as_bytes());
    text.extend_from_slice(&body);
    text.into()
}
