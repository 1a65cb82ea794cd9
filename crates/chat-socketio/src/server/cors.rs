use actix_http::RequestHead;
use actix_http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, HeaderMap, HeaderValue,
    ORIGIN, VARY,
};
use actix_web::{HttpResponse, HttpResponseBuilder};

/// How long a browser may cache a preflight response, in seconds.
const MAX_AGE: &str = "3600";

/// Allows the page that made the request to read the response. The header names the origin, never `*`, since clients
/// send credentials.
pub(super) fn allow(request: &RequestHead, answer: &mut HeaderMap) {
    answer.insert(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = request.headers.get(ORIGIN) {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
}

/// The response to a preflight request.
pub(super) fn preflight(request: &RequestHead) -> HttpResponseBuilder {
    let mut answer = HttpResponse::NoContent();
    answer.insert_header((ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"));
    answer.insert_header((ACCESS_CONTROL_MAX_AGE, MAX_AGE));
    if let Some(headers) = request.headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        answer.insert_header((ACCESS_CONTROL_ALLOW_HEADERS, headers.clone()));
    }
    answer
}
