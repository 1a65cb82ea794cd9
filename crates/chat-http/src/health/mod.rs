//! Health checks for load balancers, and information about the server. Successful responses have no envelope, because
//! probes do not expect one; failures have it.

use crate::limits::RequestKind;
use crate::operation::Operation;
use crate::{ApiError, HttpState};
use actix_web::http::Method;
use actix_web::http::header::ALLOW;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use apistos::web::{ServiceConfig, get, resource};
use apistos::{ApiComponent, api_operation};
use chat_domain::ErrorCode;
use chat_protocol::TimestampView;
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(resource("/").route(get().to(about)))
        .service(resource("/health/live").route(get().to(live)))
        .service(resource("/health/ready").route(get().to(ready)));
}

/// Information about the server.
#[derive(Debug, Serialize, JsonSchema, ApiComponent)]
struct About {
    /// Always `ok`.
    status: &'static str,
    /// The time since the server started, in seconds.
    uptime: u64,
    /// The time of the response.
    timestamp: TimestampView,
    /// The server's version.
    version: &'static str,
    /// `development` or `production`.
    environment: String,
}

/// The state of the server.
#[derive(Debug, Serialize, JsonSchema, ApiComponent)]
struct Probe {
    /// Always `ok`.
    status: &'static str,
}

const OK: &str = "ok";

/// Every method that some route has.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// The rate limit and the failures of each operation.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new("about", RequestKind::Free, &[]),
    Operation::new("live", RequestKind::Free, &[]),
    Operation::new("ready", RequestKind::Free, &[]),
];

#[api_operation(
    operation_id = "about",
    tag = "Health",
    summary = "Get server information",
    description = "Name, version, uptime and environment of the server. Needs no token."
)]
async fn about(state: Data<HttpState>) -> Result<Json<About>, ApiError> {
    let now = state.clock.now();
    Ok(Json(About {
        status: OK,
        uptime: now.since(state.started_at).as_secs(),
        timestamp: now.into(),
        version: env!("CARGO_PKG_VERSION"),
        environment: state.settings.environment.clone(),
    }))
}

#[api_operation(
    operation_id = "live",
    tag = "Health",
    summary = "Check that the process is running",
    description = "For liveness probes: 200 while the process can answer."
)]
async fn live() -> Result<Json<Probe>, ApiError> {
    Ok(Json(Probe { status: OK }))
}

#[api_operation(
    operation_id = "ready",
    tag = "Health",
    summary = "Check that the server is ready",
    description = "For readiness probes: 503 during a shutdown, and while the database cannot be reached or written \
        to."
)]
async fn ready(state: Data<HttpState>) -> Result<Json<Probe>, ApiError> {
    if state.readiness.is_ready() {
        Ok(Json(Probe { status: OK }))
    } else if state.readiness.is_leaving() {
        Err(ApiError::new(ErrorCode::Unavailable, "The server is stopping"))
    } else {
        Err(ApiError::new(ErrorCode::Unavailable, "The database cannot be reached, or does not accept writes"))
    }
}

/// Answers targets without a path. Only `OPTIONS *` has one: it asks for the methods of the server as a whole (RFC 9110
/// §9.3.7). Not in the document.
pub(crate) async fn no_path(request: HttpRequest) -> HttpResponse {
    if request.method() == Method::OPTIONS && request.path() == "*" {
        HttpResponse::NoContent().insert_header((ALLOW, METHODS)).finish()
    } else {
        HttpResponse::NotFound().finish()
    }
}

/// Answers paths without a route. Not in the document.
pub(crate) async fn nowhere() -> HttpResponse {
    HttpResponse::NotFound().finish()
}
