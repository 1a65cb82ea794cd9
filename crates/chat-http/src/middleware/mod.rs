//! The middleware of every request, from the outside in: [`edge`], gzip, CORS.

mod edge;
mod small;
mod unread;

pub(crate) use edge::edge;
pub(crate) use small::spare_small_answers;

use crate::limits::EXPOSED;
use crate::origin::AllowedOrigins;
use actix_cors::Cors;
use actix_web::http::{Method, header};

/// How long browsers may cache a preflight's answer, in seconds.
const PREFLIGHT_SECONDS: usize = 3_600;

/// Allows pages of the allowed origins to call the API, with credentials. Other pages get answers without the headers
/// that would allow them to read these.
pub(crate) fn cors(origins: AllowedOrigins) -> Cors {
    Cors::default()
        .allowed_origin_fn(move |origin, _| origin.to_str().is_ok_and(|origin| origins.allows(origin)))
        .allowed_methods([Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::PUT, Method::DELETE])
        .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT])
        .allowed_headers(["idempotency-key", "x-request-id"])
        .expose_headers(["x-request-id", "retry-after"].into_iter().chain(EXPOSED))
        .supports_credentials()
        .block_on_origin_mismatch(false)
        .max_age(PREFLIGHT_SECONDS)
}
