//! HTTP: the REST surface with its OpenAPI document, and the realtime connection over plain WebSocket and Socket.IO.
//!
//! **Owns** all HTTP of the chat: routes, extractors, statuses, headers, the envelope of every failure, the request
//! log, CORS, the documents at `/api/openapi.json` and `/api/asyncapi.json`, and the page at `/api/docs`. **Must never
//! know** SQL, the content of tokens, or permissions: a handler parses, calls one use case through [`HttpState::run`],
//! and formats the answer.
//!
//! Entry points:
//! - [`serve`] runs the whole server. Only it serves Socket.IO, which needs sockets that the server owns;
//! - [`app`] is its `App`;
//! - [`configure`] is the same as a configuration, for a service that mounts the routes in its own `App`;
//! - [`openapi_json`] and [`asyncapi_json`] return the documents, without a server.
//!
//! **Two wings**: REST (the subjects' folders, `extract`, `middleware`, `openapi`) and the sockets (`gateway`). Neither
//! imports the other, `server` combines them, and modules that both use (`error`, `limits`, `state`, ...) are beside
//! them. `tests/wings.rs` has the list, and checks it.
//!
//! Every REST request passes the middleware of `rest`, from the outside in: request id, log, security headers and the
//! envelope (`middleware/edge.rs`); gzip (answers over 1 KiB, where the client accepts it); CORS; limits
//! (`limits/rest.rs`). Every failure (an [`ApiError`] of a handler or an extractor, the framework's 404 and 405, a
//! panic) has the same envelope, because `edge` writes the body of every answer from 400 up.
//!
//! **To add an endpoint**: body and view in `chat-protocol`; a handler in the subject's folder here with
//! `#[api_operation]` and its own `operation_id`; its route in the subject's `routes`; its facts in `OPERATIONS`;
//! `cargo run -- openapi > openapi.new && mv openapi.new openapi.json`. Tests compare routes, failures and the
//! committed document. **To add a code**: `ErrorCode` in the domain, and the match in `error.rs` that does not compile
//! without it.

pub mod asyncapi;
pub mod error;
/// Rate limits.
pub mod limits;
pub mod openapi;
/// Allowed origins.
pub mod origin;
/// Trusted proxies.
pub mod proxies;
/// Request ids.
pub mod request_id;
/// The request log.
pub mod request_log;
pub mod server;

mod answer;
mod auth;
mod changes;
mod chat;
mod commands;
mod conversations;
mod extract;
mod gateway;
mod headers;
mod health;
mod identity;
mod messages;
mod middleware;
mod operation;
mod paths;
mod receipts;
mod rest;
mod running;
mod sending;
mod state;
mod stats;
mod threads;
mod users;

pub use asyncapi::asyncapi_json;
pub use chat_protocol::realtime::Dialect;
pub use chat_socketio::websocket::FrameQuota;
pub use error::ApiError;
pub use limits::{Limits, Quotas};
pub use openapi::openapi_json;
pub use origin::AllowedOrigins;
pub use paths::API_PREFIX;
pub use proxies::TrustedProxies;
pub use server::{Listener, app, configure, serve};
pub use state::{HttpSettings, HttpState, Readiness};
pub use stats::{HttpStats, LATENCY_BOUNDS, Latency, LatencyStats, RouteLabels};

/// The example of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
