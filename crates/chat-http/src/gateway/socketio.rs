//! Socket.IO beside REST: one gateway per listener. It carries the same connection as the plain WebSocket
//! (`super::connection`). `chat-socketio` implements the protocol and its answers: errors have the shape that Socket.IO
//! clients expect, not the envelope.

use super::Released;
use super::admission::admit;
use super::connection::{MAX_MESSAGE_BYTES, Origin, Realtime, drive_session};
use crate::error::status_of;
use crate::headers::secure;
use crate::identity::bearer_token;
use crate::limits::{Limit, Subject};
use crate::request_id::{RequestId, X_REQUEST_ID};
use crate::request_log::{RequestLine, client_info};
use crate::{ApiError, HttpState};
use actix_http::header::HeaderMap;
use actix_http::{RequestHead, StatusCode};
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use chat_domain::ErrorCode;
use chat_protocol::realtime::{CloseCode, Dialect};
use chat_socketio::{Application, Handshake, Opening, Peer, Refusal, Server, Settings, Upgrade};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;

/// The default path of Socket.IO clients, and the label of Socket.IO in log and metrics.
const PATH: &str = "/socket.io/";

/// The maximum number of clients of one address that have not connected to a namespace. Each may send one payload.
const STRANGERS_PER_ADDRESS: usize = 1_000;

/// The gateway of one listener. Cheap to clone; all clones on all threads share one state.
#[derive(Clone)]
pub(crate) struct Gateway {
    pub(crate) state: HttpState,
    pub(crate) dialect: Dialect,
    server: Server,
}

impl Gateway {
    /// Creates one gateway for each of these dialects, with shared limits.
    pub(crate) fn of_each(state: &HttpState, dialects: impl Iterator<Item = Dialect>) -> Vec<Self> {
        let mut first: Option<Server> = None;
        let gateway = |dialect| {
            let chat = Chat { state: state.clone(), dialect };
            let server = match &first {
                Some(first) => first.beside(chat),
                None => first.insert(Server::new(settings(state), chat)).clone(),
            };
            Self { state: state.clone(), dialect, server }
        };
        dialects.map(gateway).collect()
    }

    /// The route for polling.
    pub(crate) fn configure(&self) -> impl FnOnce(&mut ServiceConfig) + use<> {
        let gateway = self.clone();
        move |config| {
            let paths = [PATH, PATH.trim_end_matches('/')];
            config.service(web::resource(paths).to(move |request: HttpRequest, payload: Payload| {
                let gateway = gateway.clone();
                async move { gateway.answer(&request, payload).await }
            }));
        }
    }

    async fn answer(&self, request: &HttpRequest, payload: Payload) -> HttpResponse {
        let arrival = Arrival::of(request.head());
        let limited = self.limit(request.head()).await;
        let mut response = match &limited {
            Ok(()) => self.server.answer(request, payload).await,
            Err(error) => self.server.refuse(request, refusal(error)),
        };
        arrival.sign(&self.state, &limited, response.headers_mut());
        arrival.log(&self.state, request.head(), response.status(), &limited);
        response
    }

    /// Whether the request is for this gateway.
    pub(crate) fn serves(path: &str) -> bool {
        path == PATH || path == PATH.trim_end_matches('/')
    }

    /// Takes over a connection whose client requests a websocket.
    pub(crate) async fn upgrade(&self, head: &RequestHead, released: Released) {
        let arrival = Arrival::of(head);
        let address = self.state.settings.trusted_proxies.client_address(&head.headers, head.peer_addr);
        // Every upgrade counts, also refused and repeated ones. An upgrade that takes over a session belongs to a
        // client that was counted before.
        let limited = self.state.limits.connect(address).await;
        let (taken_over, takeover) = oneshot::channel();
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, arrival.request_id.to_header());
        if let Some(bucket) = limited.as_ref().err().and_then(ApiError::bucket) {
            bucket.write(&mut headers);
        }
        let Released { stream, read, unwritten } = released;
        let upgrade = Upgrade { stream, read, unwritten, headers, taken_over: Some(taken_over) };
        let status = match &limited {
            Ok(()) => self.server.upgrade(head, upgrade).await,
            Err(error) => Server::refuse_upgrade(upgrade, refusal(error)),
        };
        arrival.log(&self.state, head, status, &limited);
        if limited.is_ok() && !Server::asks_for_session(head) {
            let limits = Arc::clone(&self.state.limits);
            self.state.runtime.spawn(async move {
                if takeover.await.is_ok() {
                    limits.give_back(Limit::Connects, Subject::Address(address)).await;
                }
            });
        }
    }

    /// Counts polling clients that open a session.
    async fn limit(&self, head: &RequestHead) -> Result<(), ApiError> {
        if !Server::asks_for_session(head) {
            return Ok(());
        }
        self.state
            .limits
            .connect(self.state.settings.trusted_proxies.client_address(&head.headers, head.peer_addr))
            .await
    }
}

fn settings(state: &HttpState) -> Settings {
    let realtime = state.fan_out.settings();
    Settings {
        ping_interval: realtime.heartbeat_interval,
        ping_timeout: realtime.heartbeat_timeout,
        connect_timeout: state.settings.connect_timeout,
        payload_timeout: state.settings.body_timeout,
        close_timeout: realtime.close_linger,
        max_payload: MAX_MESSAGE_BYTES,
        sessions: realtime.max_connections,
        strangers_per_address: STRANGERS_PER_ADDRESS,
        frame_quota: state.settings.frame_quota,
        overload_code: CloseCode::RateLimited.number(),
        ..Settings::default()
    }
}

fn refusal(error: &ApiError) -> Refusal {
    let failure = error.failure();
    Refusal { status: status_of(failure.code), message: failure.messages.join("; ").into() }
}

/// The chat server as the application of the protocol library.
struct Chat {
    state: HttpState,
    dialect: Dialect,
}

impl Application for Chat {
    fn allows_origin(&self, head: &RequestHead) -> bool {
        self.state.settings.allowed_origins.allows_request(&head.headers)
    }

    fn address(&self, head: &RequestHead) -> Option<IpAddr> {
        self.state.settings.trusted_proxies.client_address(&head.headers, head.peer_addr)
    }

    fn spares(&self, address: Option<IpAddr>) -> bool {
        self.state.limits.spares(address)
    }

    fn admit(&self, handshake: Handshake<'_>) -> Result<Opening, Refusal> {
        // A connection is counted when it exists; whether there is room for it is known now.
        drop(admit(&self.state).map_err(|error| refusal(&error))?);
        let token = bearer_token(&handshake.head.headers).map(str::to_owned);
        let origin = Origin { dialect: self.dialect, token, address: handshake.address };
        let state = self.state.clone();
        Ok(Box::new(move |session| {
            let counted = state.stats.count_session();
            let realtime = Realtime::of_this_thread(&state);
            actix_rt::spawn(async move {
                drive_session(realtime, Peer::new(session), origin).await;
                drop(counted);
            });
        }))
    }
}

/// The facts of a request that are known before it is handled.
struct Arrival {
    request_id: RequestId,
    at: Instant,
}

impl Arrival {
    fn of(head: &RequestHead) -> Self {
        Self { request_id: RequestId::of(&head.headers), at: Instant::now() }
    }

    fn sign(
        &self,
        state: &HttpState,
        limited: &Result<(), ApiError>,
        headers: &mut actix_web::http::header::HeaderMap,
    ) {
        headers.insert(X_REQUEST_ID, self.request_id.to_header());
        if let Some(bucket) = limited.as_ref().err().and_then(ApiError::bucket) {
            bucket.write(headers);
        }
        secure(headers, state.settings.is_production);
    }

    /// Only the path: the query contains the session id, which is a credential.
    fn log(&self, state: &HttpState, head: &RequestHead, status: StatusCode, limited: &Result<(), ApiError>) {
        let duration = self.at.elapsed();
        state.stats.observe(head.method.as_str(), Some(PATH), status, duration);
        let line = RequestLine {
            request_id: &self.request_id,
            method: head.method.as_str(),
            route: Some(PATH),
            status,
            is_signed_in: false,
            client: &client_info(&state.settings.trusted_proxies, &head.headers, head.peer_addr),
            duration,
            code: limited.as_ref().err().map(|error| error.failure().code).or_else(|| code_of(status)),
            cause: None,
        };
        line.log();
    }
}

/// The protocol's own refusals, as error codes for the log.
fn code_of(status: StatusCode) -> Option<ErrorCode> {
    match status.as_u16() {
        0..400 => None,
        403 => Some(ErrorCode::OriginNotAllowed),
        413 => Some(ErrorCode::PayloadTooLarge),
        429 => Some(ErrorCode::RateLimited),
        503 => Some(ErrorCode::Unavailable),
        _ => Some(ErrorCode::ProtocolError),
    }
}
