use actix_web::Error;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_ENCODING, HeaderValue};
use actix_web::middleware::Next;

/// The minimum size of a compressed answer, in bytes: smaller answers fit into one packet.
const WORTH_COMPRESSING: u64 = 1_024;

/// Marks an answer that must not be compressed; `edge` removes it.
pub(super) const IDENTITY: &str = "identity";

/// actix's `Compress` skips answers that already have an encoding, so small answers are given one.
pub(crate) async fn spare_small_answers<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut response = next.call(request).await?;
    if matches!(response.response().body().size(), BodySize::Sized(size) if size < WORTH_COMPRESSING) {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(IDENTITY));
    }
    Ok(response)
}
