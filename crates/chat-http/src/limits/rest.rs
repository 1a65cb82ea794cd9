use super::{BucketState, Limit, Limits, Subject};
use crate::identity::bearer_token;
use crate::paths::{API_PREFIX, SOCKET_PATH};
use crate::{ApiError, HttpState};
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _};
use std::net::IpAddr;

/// Which rate limit a request counts towards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestKind {
    /// No limit: health checks and documents.
    Free,
    /// The limits of registrations and of requests.
    Registration,
    /// The limit of sends.
    Send,
    /// The limit of opened connections.
    Connect,
    /// The limit of requests.
    Other,
}

/// Counts a request, and rejects it if its limit is exceeded. This is the innermost middleware: a rejection gets the
/// form of every failure, and a preflight is not counted.
pub(crate) async fn limited<B: MessageBody>(
    state: Data<HttpState>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let limits = &*state.limits;
    // The path as the router sees it, percent-decoded: another spelling of a path counts the same.
    let kind = kind_of(request.method(), request.match_info().as_str());
    if limits.are_off() || kind == RequestKind::Free {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let address = state.settings.trusted_proxies.client_address(request.headers(), request.peer_addr());
    let bucket = match count(&state, limits, &request, kind, address).await {
        Ok(bucket) => bucket,
        Err(refusal) => return Ok(request.error_response(refusal).map_into_right_body()),
    };
    let mut response = next.call(request).await?;
    if kind == RequestKind::Registration && was_not_tried(response.status()) {
        limits.give_back(Limit::Registrations, Subject::Address(address)).await;
    }
    if let Some(bucket) = bucket.filter(|_| !response.headers().contains_key(super::EXPOSED[0])) {
        bucket.write(response.headers_mut());
    }
    Ok(response.map_into_left_body())
}

async fn count(
    state: &HttpState,
    limits: &Limits,
    request: &ServiceRequest,
    kind: RequestKind,
    address: Option<IpAddr>,
) -> Result<Option<BucketState>, ApiError> {
    if kind == RequestKind::Connect {
        return limits.take(Limit::Connects, Subject::Address(address)).await;
    }
    // The token is checked once: handlers find the actor in the request's extensions, and reject an invalid token
    // themselves.
    let actor = bearer_token(request.headers()).and_then(|token| state.app.auth.authenticate(token).ok());
    if let Some(actor) = actor {
        request.extensions_mut().insert(actor);
    }
    let subject = actor.map_or(Subject::Address(address), |actor| Subject::User(actor.user_id));
    let limit = if kind == RequestKind::Send && actor.is_some() { Limit::Sends } else { Limit::Requests };
    let bucket = limits.take(limit, subject).await?;
    if kind != RequestKind::Registration {
        return Ok(bucket);
    }
    let of_registrations = limits.take(Limit::Registrations, Subject::Address(address)).await?;
    Ok(of_registrations.or(bucket))
}

/// Whether the body was rejected before any work: such requests are not counted.
fn was_not_tried(status: StatusCode) -> bool {
    [
        StatusCode::BAD_REQUEST,
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::PAYLOAD_TOO_LARGE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
    ]
    .contains(&status)
}

/// Whether requests to this path are counted if limits are on.
pub(crate) fn are_on(path: &str) -> bool {
    kind_of(&Method::GET, path) != RequestKind::Free
}

/// Returns the limit that a request counts towards. A new route that does not count as `Other` needs an arm here. A
/// test compares this with the operations' facts.
pub(crate) fn kind_of(method: &Method, path: &str) -> RequestKind {
    let Some(path) = path.strip_prefix(API_PREFIX) else {
        let is_free = matches!(path, "/" | "/api" | "/api/openapi.json")
            || ["/health/", "/api/docs"].iter().any(|free| path.starts_with(free));
        return if is_free { RequestKind::Free } else { RequestKind::Other };
    };
    if path == SOCKET_PATH {
        return RequestKind::Connect;
    }
    if *method == Method::GET {
        return RequestKind::Other;
    }
    let parts: Vec<_> = path.split('/').skip(1).collect();
    match (method, &parts[..]) {
        (&Method::POST, ["auth", "register"]) => RequestKind::Registration,
        (&Method::POST, ["conversations", _, "messages"] | ["chat", "message"])
        | (&Method::PATCH | &Method::DELETE, ["conversations", _, "messages", _])
        | (
            &Method::PUT | &Method::DELETE,
            ["conversations", _, "messages", _, "reactions", _] | ["conversations", _, "pins", _],
        ) => RequestKind::Send,
        _ => RequestKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_count_as_what_they_are() {
        let get = |path| kind_of(&Method::GET, path);
        let post = |path| kind_of(&Method::POST, path);
        for free in
            ["/", "/health/live", "/health/ready", "/api", "/api/docs", "/api/docs/index.css", "/api/openapi.json"]
        {
            assert_eq!(get(free), RequestKind::Free, "{free}");
        }
        assert_eq!(post("/api/v1/auth/register"), RequestKind::Registration);
        assert_eq!(post("/api/v1/auth/login"), RequestKind::Other);
        assert_eq!([post("/api/v1/conversations/x/messages"), post("/api/v1/chat/message")], [RequestKind::Send; 2]);
        assert_eq!(kind_of(&Method::PATCH, "/api/v1/conversations/x/messages/y"), RequestKind::Send);
        assert_eq!(kind_of(&Method::PUT, "/api/v1/conversations/x/messages/y/reactions/z"), RequestKind::Send);
        assert_eq!(post("/api/v1/conversations/x/messages/batch-get"), RequestKind::Other);
        assert_eq!(get("/api/v1/conversations/x/messages"), RequestKind::Other);
        assert_eq!(get("/api/v1/ws"), RequestKind::Connect);
        assert_eq!([get("/api/v1/nowhere"), get("/wp-login.php"), get("/health")], [RequestKind::Other; 3]);
    }
}
