//! The outermost middleware: it sends exactly one answer per request, with every failure in the envelope, and logs one
//! line.

use super::small::IDENTITY;
use super::unread::Unread;
use crate::error::{error_response, failure_of};
use crate::headers::secure;
use crate::request_id::{RequestId, X_REQUEST_ID};
use crate::request_log::{RequestLine, client_info};
use crate::{ApiError, HttpState};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpResponse};
use chat_domain::auth::{Actor, ClientInfo};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::time::Instant;
use tracing::Instrument as _;

/// The facts of a request that are known before it is handled.
struct Arrival {
    id: RequestId,
    method: Method,
    path: String,
    client: ClientInfo,
    at: Instant,
}

/// The facts of a request that become known while it is handled.
#[derive(Default)]
struct Seen {
    route: Option<String>,
    is_signed_in: bool,
}

/// Assigns the request id, handles the request, and completes the answer.
pub(crate) async fn edge<B: MessageBody + 'static>(
    state: Data<HttpState>,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let arrival = Arrival {
        id: RequestId::of(request.headers()),
        method: request.method().clone(),
        path: request.path().to_owned(),
        client: client_info(&state.settings.trusted_proxies, request.headers(), request.peer_addr()),
        at: Instant::now(),
    };
    request.extensions_mut().insert(arrival.id.clone());
    if is_refused_preflight(&state, &request) {
        let refusal = ApiError::origin_not_allowed();
        let response = request.error_response(refusal);
        return Ok(finish(&state, &arrival, response.map_into_boxed_body()));
    }
    if arrival.method == Method::HEAD {
        // Handled as GET; the server leaves out the body, since it remembers the method.
        request.head_mut().method = Method::GET;
    }
    let unread = Unread::of(&mut request);
    let span = tracing::info_span!("request", request_id = arrival.id.as_str());
    let outcome = AssertUnwindSafe(next.call(request)).catch_unwind().instrument(span).await;
    if let Some(unread) = unread.filter(|_| !is_too_slow(&outcome)) {
        unread.discard(state.settings.body_timeout).await;
    }
    match outcome {
        Ok(Ok(response)) => Ok(finish(&state, &arrival, response.map_into_boxed_body())),
        Ok(Err(error)) => Err(finish_without_request(&state, &arrival, &error)),
        // The panic hook has logged the place.
        Err(_) => Err(finish_without_request(&state, &arrival, &panicked().into())),
    }
}

/// A client that exceeded the body's time limit is not waited for a second time.
fn is_too_slow<B, P>(outcome: &Result<Result<ServiceResponse<B>, Error>, P>) -> bool {
    matches!(outcome, Ok(Ok(response)) if response.status() == StatusCode::REQUEST_TIMEOUT)
}

fn panicked() -> ApiError {
    ApiError::internal("a handler panicked")
}

fn is_refused_preflight(state: &HttpState, request: &ServiceRequest) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        && !state.settings.allowed_origins.allows_request(headers)
}

fn finish(state: &HttpState, arrival: &Arrival, response: ServiceResponse) -> ServiceResponse {
    let status = response.status();
    let seen = Seen {
        route: response.request().match_pattern(),
        is_signed_in: response.request().extensions().contains::<Actor>(),
    };
    if status.as_u16() < 400 {
        let (request, mut response) = response.into_parts();
        if response.headers().get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding == IDENTITY) {
            response.headers_mut().remove(header::CONTENT_ENCODING);
        }
        arrival.sign(state, &mut response);
        arrival.log(state, status, &seen, None);
        return ServiceResponse::new(request, response);
    }
    let (request, response) = response.into_parts();
    let known = response.error().and_then(|error| error.as_error::<ApiError>());
    let mut made = arrival.failure(state, status, known);
    keep_headers(response.headers(), made.headers_mut());
    if status == StatusCode::METHOD_NOT_ALLOWED {
        complete_allow(made.headers_mut());
        if arrival.method == Method::OPTIONS {
            made = options(made.headers());
        }
    }
    arrival.sign(state, &mut made);
    let failed = (made.status().as_u16() >= 400).then_some((known, status));
    arrival.log(state, made.status(), &seen, failed);
    ServiceResponse::new(request, made)
}

/// For requests that were lost: a middleware failed, or a handler panicked.
fn finish_without_request(state: &HttpState, arrival: &Arrival, error: &Error) -> Error {
    let known = error.as_error::<ApiError>();
    let status = error.as_response_error().status_code();
    let mut response = arrival.failure(state, status, known);
    arrival.sign(state, &mut response);
    arrival.log(state, status, &Seen::default(), Some((known, status)));
    InternalError::from_response("answered", response).into()
}

impl Arrival {
    fn failure(&self, state: &HttpState, status: StatusCode, known: Option<&ApiError>) -> HttpResponse {
        let failure = known.map_or_else(|| failure_of(status), |error| error.failure().clone());
        error_response(&failure, status, &self.path, &self.id, state.clock.now()).into()
    }

    fn sign(&self, state: &HttpState, response: &mut HttpResponse) {
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID, self.id.to_header());
        secure(headers, state.settings.is_production);
    }

    fn log(&self, state: &HttpState, status: StatusCode, seen: &Seen, failed: Option<(Option<&ApiError>, StatusCode)>) {
        let duration = self.at.elapsed();
        let route = seen.route.as_deref();
        state.stats.observe(self.method.as_str(), route, status, duration);
        let code = failed.map(|(known, status)| match known {
            Some(error) => error.failure().code,
            None => failure_of(status).code,
        });
        let cause = failed.and_then(|(known, _)| known?.causes());
        RequestLine {
            request_id: &self.id,
            method: self.method.as_str(),
            route,
            status,
            client: &self.client,
            is_signed_in: seen.is_signed_in,
            duration,
            code,
            cause: cause.as_deref(),
        }
        .log();
    }
}

/// The headers of the answer that do not describe its body: `Allow`, `Vary`, CORS.
fn keep_headers(from: &HeaderMap, to: &mut HeaderMap) {
    for (name, value) in from {
        if ![header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING].contains(name) {
            to.append(name.clone(), value.clone());
        }
    }
}

/// The framework lists the methods with handlers; HEAD and OPTIONS work for all of them.
fn complete_allow(headers: &mut HeaderMap) {
    let known = headers.get(header::ALLOW).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut methods: Vec<_> = known.split(',').map(str::trim).filter(|method| !method.is_empty()).collect();
    if methods.contains(&"GET") && !methods.contains(&"HEAD") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    if let Ok(value) = HeaderValue::from_str(&methods.join(", ")) {
        headers.insert(header::ALLOW, value);
    }
}

fn options(failed: &HeaderMap) -> HttpResponse {
    let mut response = HttpResponse::NoContent().finish();
    keep_headers(failed, response.headers_mut());
    response
}
