use super::state;
use crate::ApiError;
use crate::identity::bearer_token;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use apistos::reference_or::ReferenceOr;
use apistos::{ApiComponent, Schema};
use chat_domain::ErrorCode;
use chat_protocol::{Body, BodyError, InvalidBody, parse_body};
use chat_socketio::websocket::{Allowance, STRANGER_BYTES};
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use std::marker::PhantomData;
use std::time::Duration;

/// A complete JSON body, within its limits. The handler chooses its type.
#[derive(Debug)]
pub(crate) struct JsonBody<T> {
    bytes: Bytes,
    kind: PhantomData<T>,
}

impl<T: Body> JsonBody<T> {
    /// Parses the body with `parse`. The error lists all faults.
    pub(crate) fn parse<U>(&self, parse: impl FnOnce(T) -> Result<U, InvalidBody>) -> Result<U, ApiError> {
        Ok(parse_body(&self.bytes, parse)?)
    }
}

impl<T: 'static> FromRequest for JsonBody<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let limits = Limits::of(request).and_then(|limits| must_be_json(request.headers()).map(|()| limits));
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move { Ok(Self { bytes: read(&request, payload, limits?).await?, kind: PhantomData }) })
    }
}

/// Like [`JsonBody`], but the request may have no body.
#[derive(Debug)]
pub(crate) struct OptionalJsonBody<T>(Option<JsonBody<T>>);

impl<T: Body> OptionalJsonBody<T> {
    /// Like [`JsonBody::parse`]; `None` if there is no body.
    pub(crate) fn parse<U>(&self, parse: impl FnOnce(T) -> Result<U, InvalidBody>) -> Result<Option<U>, ApiError> {
        self.0.as_ref().map(|body| body.parse(parse)).transpose()
    }
}

impl<T: 'static> FromRequest for OptionalJsonBody<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let limits = Limits::of(request);
        let json = must_be_json(request.headers());
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = read(&request, payload, limits?).await?;
            if bytes.is_empty() {
                return Ok(Self(None));
            }
            json?;
            Ok(Self(Some(JsonBody { bytes, kind: PhantomData })))
        })
    }
}

#[derive(Clone, Copy)]
struct Limits {
    bytes: usize,
    time: Duration,
}

impl Limits {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let settings = &state(request)?.settings;
        let limits = Self { bytes: settings.max_body_bytes, time: settings.body_timeout };
        let announced =
            request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        match announced {
            Some(length) if length > limits.bytes as u64 => Err(limits.too_large()),
            _ => Ok(limits),
        }
    }

    fn too_large(self) -> ApiError {
        ApiError::new(ErrorCode::PayloadTooLarge, format!("The body must have at most {} bytes", self.bytes))
    }
}

fn must_be_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let unsupported = |message: &str| Err(ApiError::new(ErrorCode::UnsupportedMediaType, message));
    let encoding = headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
    if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case(b"identity")) {
        return unsupported("The body must not be compressed");
    }
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if media == "application/json" || (media.starts_with("application/") && media.ends_with("+json")) {
        Ok(())
    } else {
        unsupported("The body must be sent as Content-Type: application/json")
    }
}

async fn read(request: &HttpRequest, payload: Payload, limits: Limits) -> Result<Bytes, ApiError> {
    tokio::time::timeout(limits.time, gather(request, payload, limits))
        .await
        .unwrap_or_else(|_| Err(ApiError::new(ErrorCode::RequestTimeout, "The body took too long to arrive")))
}

async fn gather(request: &HttpRequest, mut payload: Payload, limits: Limits) -> Result<Bytes, ApiError> {
    let mut body = BytesMut::new();
    let (mut allowance, mut is_known) = (Allowance::new(), None);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(interrupted)?;
        if body.len() + chunk.len() > limits.bytes {
            return Err(limits.too_large());
        }
        let length = body.len() + chunk.len();
        if length > STRANGER_BYTES && !*is_known.get_or_insert_with(|| has_token(request)) {
            allowance.most_bytes(length as u64, limits.bytes).map_err(|_| {
                let message = "Too many long bodies without an access token at the same time, please try again";
                ApiError::new(ErrorCode::RateLimited, message)
            })?;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Whether the request has a valid access token.
fn has_token(request: &HttpRequest) -> bool {
    let token = bearer_token(request.headers());
    token.is_some_and(|token| state(request).is_ok_and(|state| state.app.auth.authenticate(token).is_ok()))
}

fn interrupted(error: PayloadError) -> ApiError {
    match error {
        PayloadError::Overflow => ApiError::new(ErrorCode::PayloadTooLarge, "The body is too large"),
        error => ApiError::from(BodyError::Malformed("it ended early".to_owned())).caused_by(error.to_string()),
    }
}

impl<T: ApiComponent> ApiComponent for JsonBody<T> {
    fn child_schemas() -> Vec<(String, ReferenceOr<Schema>)> {
        T::child_schemas()
    }

    fn schema() -> Option<(String, ReferenceOr<Schema>)> {
        T::schema()
    }
}

impl<T: ApiComponent> ApiComponent for OptionalJsonBody<T> {
    fn required() -> bool {
        false
    }

    fn child_schemas() -> Vec<(String, ReferenceOr<Schema>)> {
        T::child_schemas()
    }

    fn schema() -> Option<(String, ReferenceOr<Schema>)> {
        T::schema()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(content_type: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        must_be_json(&headers).is_ok()
    }

    #[test]
    fn json_is_known_by_its_media_type() {
        for json in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
            assert!(accepts(json), "{json}");
        }
        for other in ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json"] {
            assert!(!accepts(other), "{other}");
        }
        assert!(must_be_json(&HeaderMap::new()).is_err());
    }

    #[test]
    fn compressed_bodies_are_not_read() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(must_be_json(&headers).is_err());
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("Identity"));
        assert!(must_be_json(&headers).is_ok());
    }
}
