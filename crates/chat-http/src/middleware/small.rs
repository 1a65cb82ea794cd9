use actix_web::Error;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_ENCODING, HeaderValue};
use actix_web::middleware::Next;

/// Answers below this many bytes fit a packet as they are.
const WORTH_COMPRESSING: u64 = 1_024;

/// What marks an answer as not to be compressed; `edge` takes it off again.
pub(super) const IDENTITY: &str = "identity";

/// actix's `Compress` compresses everything but what has an encoding already: small answers are given one.
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
