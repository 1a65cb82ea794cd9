//! Requests with `Upgrade: websocket`, and `CONNECT`, bypass the `App`: this module does their routing, Origin check,
//! request log and error answers, with code that the rest of the crate shares.

mod answer;

use super::Released;
use super::admission::admit;
use super::connection::{Greeting, Opened, Realtime, authenticate, drive, no_handshake};
use super::socketio::Gateway;
use crate::error::{error_response, status_of};
use crate::paths::is_socket_path;
use crate::request_id::{RequestId, X_REQUEST_ID};
use crate::request_log::{RequestLine, client_info};
use crate::{ApiError, HttpState};
use actix_http::header::{ALLOW, HeaderValue, SEC_WEBSOCKET_VERSION, UPGRADE};
use actix_http::{Request, RequestHead, StatusCode};
use bytes::Bytes;
use chat_domain::ErrorCode;
use chat_protocol::realtime::Dialect;
use chat_realtime::{Counted, OwnedSocket, Sink};
use chat_socketio::websocket::{HandshakeFault, verify_handshake};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long a refused client may take to read the answer.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(5);

/// How many bytes a refused client may still send, which are discarded.
const MAX_IGNORED_BYTES: u64 = 1_000_000;

/// A refused upgrade request.
struct Refusal {
    error: ApiError,
    status: StatusCode,
    handshake: Option<HandshakeFault>,
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self { status: status_of(error.failure().code), error, handshake: None }
    }
}

impl From<HandshakeFault> for Refusal {
    fn from(fault: HandshakeFault) -> Self {
        let error = match fault {
            HandshakeFault::Method => {
                ApiError::new(ErrorCode::MethodNotAllowed, format!("This is a WebSocket: {fault}"))
            }
            fault => no_handshake(fault),
        };
        Self { error, status: fault.status(), handshake: Some(fault) }
    }
}

/// Answers one upgrade request. It returns when the socket has its own task, which frees the memory that HTTP held for
/// it.
pub(crate) async fn upgrade(gateway: Gateway, request: Request, released: Released) {
    let started = Instant::now();
    let head = request.head();
    if Gateway::serves(head.uri.path()) {
        return gateway.upgrade(head, released).await;
    }
    let Gateway { state, dialect, .. } = gateway;
    let request_id = RequestId::of(&head.headers);
    let address = state.settings.trusted_proxies.client_address(&head.headers, head.peer_addr);
    let judged = match state.limits.connect(address).await {
        Ok(()) => judge(&state, dialect, head),
        Err(error) => Err(error.into()),
    };
    log(&state, head, &request_id, &judged, started);
    let Released { stream, read, unwritten } = released;
    match judged {
        Ok((greeting, counted)) => {
            let realtime = Realtime::of_this_thread(&state);
            let connection = realtime.hub.connect(Sink::Socket(OwnedSocket::new(stream)), greeting.format);
            let answer = joined(unwritten, answer::switching(head, &request_id));
            let opened = Opened { answer: Some(answer), bytes: read, address };
            actix_rt::spawn(drive(realtime, connection, counted, greeting, opened));
        }
        Err(refusal) => {
            let answer = refusal_answer(&state, head, &request_id, &refusal);
            say_and_close(stream, joined(unwritten, answer)).await;
        }
    }
}

fn joined(first: Bytes, second: Bytes) -> Bytes {
    if first.is_empty() { second } else { [first, second].concat().into() }
}

fn judge(state: &HttpState, dialect: Dialect, head: &RequestHead) -> Result<(Greeting, Counted), Refusal> {
    if !is_socket_path(head.uri.path()) {
        return Err(ApiError::new(ErrorCode::RouteNotFound, "There is no WebSocket here").into());
    }
    if !state.settings.allowed_origins.allows_request(&head.headers) {
        return Err(ApiError::origin_not_allowed().into());
    }
    verify_handshake(head)?;
    let counted = admit(state)?;
    let greeting = Greeting::read(head, dialect, |token| authenticate(state, token))?;
    Ok((greeting, counted))
}

fn log(
    state: &HttpState,
    head: &RequestHead,
    request_id: &RequestId,
    judged: &Result<(Greeting, Counted), Refusal>,
    started: Instant,
) {
    let client = client_info(&state.settings.trusted_proxies, &head.headers, head.peer_addr);
    let refusal = judged.as_ref().err();
    let cause = refusal.and_then(|refusal| refusal.error.causes());
    let line = RequestLine {
        request_id,
        method: head.method.as_str(),
        route: is_socket_path(head.uri.path()).then_some("/api/v1/ws"),
        status: refusal.map_or(StatusCode::SWITCHING_PROTOCOLS, |refusal| refusal.status),
        client: &client,
        // Any client may open sockets, so these lines share the log budget of requests without a token.
        is_signed_in: false,
        duration: started.elapsed(),
        code: refusal.map(|refusal| refusal.error.failure().code),
        cause: cause.as_deref(),
    };
    line.log();
}

fn refusal_answer(state: &HttpState, head: &RequestHead, request_id: &RequestId, refusal: &Refusal) -> Bytes {
    let now = state.clock.now();
    let mut response = error_response(refusal.error.failure(), refusal.status, head.uri.path(), request_id, now);
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, request_id.to_header());
    if let Some(bucket) = refusal.error.bucket() {
        bucket.write(headers);
    }
    match refusal.handshake {
        Some(HandshakeFault::Method) => headers.insert(ALLOW, HeaderValue::from_static("GET")),
        Some(HandshakeFault::Version) => {
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"))
        }
        _ => return answer::closing(response),
    };
    answer::closing(response)
}

/// Writes the last answer of this connection, and waits for the client to disconnect: closing at once with unread data
/// could destroy the answer on its way.
async fn say_and_close(mut stream: TcpStream, answer: Bytes) {
    let said = async {
        stream.write_all(&answer).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(MAX_IGNORED_BYTES), &mut tokio::io::sink()).await
    };
    // A client that disconnects early, or never, is not an error.
    let _ = tokio::time::timeout(REFUSAL_TIMEOUT, said).await;
}
