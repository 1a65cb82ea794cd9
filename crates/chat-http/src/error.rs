//! The error path of the whole crate: an [`ErrorCode`] and its sentences become a status and the envelope of contract
//! §2.

use crate::limits::{BucketState, whole_seconds};
use crate::request_id::RequestId;
use actix_http::body::BoxBody;
use actix_http::{Response, StatusCode, header};
use actix_web::ResponseError;
use apistos::reference_or::ReferenceOr;
use apistos::{ApiErrorComponent, Schema};
use chat_domain::{ActionError, BoxError, ErrorCode, OUR_FAULT, Refusal, TRY_LATER, Timestamp};
use chat_protocol::{BodyError, ErrorBody, Failure, FaultView, InvalidBody};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

/// The maximum length of a request path that an error repeats, in bytes.
const MAX_PATH_BYTES: usize = 512;

/// When a client may retry after a 503, or after a 429 without a rate limit bucket.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// When a client may retry after `UPGRADE_PENDING`. A rolling upgrade takes minutes, and nodes notice its end within
/// 10 s (a third of the default `PRESENCE_LEASE`).
const RETRY_AFTER_UPGRADE: Duration = Duration::from_secs(10);

/// The sentence for pages of an origin that is not allowed.
pub(crate) const ORIGIN_NOT_ALLOWED: &str = "Pages of this origin may not call this server";

/// A failed request: the answer for the client, and the cause for the log.
#[derive(Debug)]
pub struct ApiError {
    failure: Failure,
    cause: Option<BoxError>,
    /// Boxed, because most errors have no cause.
    bucket: Option<Box<BucketState>>,
}

impl ApiError {
    /// Creates an error with one sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Failure::new(code, message).into()
    }

    /// Creates the error for a fault of the server.
    pub(crate) fn internal(cause: impl Into<BoxError>) -> Self {
        Self::new(ErrorCode::Internal, OUR_FAULT).caused_by(cause)
    }

    /// Creates the error for pages whose origin is not in `ALLOWED_ORIGINS`.
    pub(crate) fn origin_not_allowed() -> Self {
        Self::new(ErrorCode::OriginNotAllowed, ORIGIN_NOT_ALLOWED)
    }

    /// Creates an error for an invalid query parameter or field with this name.
    pub fn invalid(field: &str, problem: impl fmt::Display) -> Self {
        InvalidBody::of(field, problem).into()
    }

    /// Creates a `RATE_LIMITED` error with the state of its bucket.
    pub(crate) fn throttled(message: impl Into<String>, bucket: BucketState) -> Self {
        let mut failure = Failure::new(ErrorCode::RateLimited, message);
        failure.retry_after = bucket.retry_after;
        Self { bucket: Some(Box::new(bucket)), ..failure.into() }
    }

    /// Adds a cause, which only the log shows.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<BoxError>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The failure that the client receives.
    pub const fn failure(&self) -> &Failure {
        &self.failure
    }

    /// For `RATE_LIMITED`: the state of the bucket, for the headers.
    pub(crate) fn bucket(&self) -> Option<&BucketState> {
        self.bucket.as_deref()
    }

    /// The chain of causes, for the log.
    pub fn causes(&self) -> Option<String> {
        let mut cause: &(dyn Error + 'static) = self.cause.as_deref()?;
        let mut told = cause.to_string();
        while let Some(deeper) = cause.source() {
            told = format!("{told}: {deeper}");
            cause = deeper;
        }
        Some(told)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.failure.code, self.failure.messages.join("; "))
    }
}

impl Error for ApiError {}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        Self { failure, cause: None, bucket: None }
    }
}

impl From<InvalidBody> for ApiError {
    fn from(invalid: InvalidBody) -> Self {
        Failure::from(invalid).into()
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        Failure::from(error).into()
    }
}

impl From<ActionError> for ApiError {
    fn from(error: ActionError) -> Self {
        if let ActionError::Refused(Refusal::TooManyAttempts { quota, verdict }) = error {
            return Self::throttled(error.to_string(), BucketState::new(quota, verdict));
        }
        let mut failure = Failure::new(error.code(), error.to_string());
        failure.retry_after = match failure.code {
            ErrorCode::RateLimited => Some(RETRY_AFTER),
            ErrorCode::UpgradePending => Some(RETRY_AFTER_UPGRADE),
            _ => None,
        };
        Self { cause: error.source().is_some().then(|| error.into()), ..failure.into() }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        ActionError::from(refusal).into()
    }
}

/// Documents nothing: `openapi/failures.rs` documents the failures of each operation by code, which apistos cannot.
impl ApiErrorComponent for ApiError {
    fn schemas_by_status_code() -> BTreeMap<String, (String, ReferenceOr<Schema>)> {
        BTreeMap::new()
    }

    fn error_responses() -> Vec<(String, apistos::paths::Response)> {
        Vec::new()
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        status_of(self.failure.code)
    }

    /// Without a body: the outermost middleware knows the path and the request id. It writes the body and keeps the
    /// headers.
    fn error_response(&self) -> actix_web::HttpResponse {
        let mut response = actix_web::HttpResponse::new(self.status_code());
        if let Some(bucket) = self.bucket() {
            bucket.write(response.headers_mut());
        }
        response
    }
}

/// Returns the status of each code. A new code does not compile until it is added here.
pub const fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::ValidationFailed
        | ErrorCode::MalformedJson
        | ErrorCode::ProtocolError
        | ErrorCode::UnknownEvent
        | ErrorCode::DirectConversation
        | ErrorCode::IdempotencyKeyMismatch => StatusCode::BAD_REQUEST,
        ErrorCode::Unauthenticated
        | ErrorCode::TokenInvalid
        | ErrorCode::TokenExpired
        | ErrorCode::SessionRevoked
        | ErrorCode::RefreshTokenReused
        | ErrorCode::InvalidCredentials => StatusCode::UNAUTHORIZED,
        // A wrong confirmation is not a missing sign-in: a 401 would make clients sign out.
        ErrorCode::WrongPassword
        | ErrorCode::Forbidden
        | ErrorCode::NotAParticipant
        | ErrorCode::NotAnAdmin
        | ErrorCode::GroupInactive
        | ErrorCode::RemovedByAdmin
        | ErrorCode::MessageTooOld
        | ErrorCode::OriginNotAllowed
        | ErrorCode::RegistrationClosed
        | ErrorCode::InviteRequired => StatusCode::FORBIDDEN,
        ErrorCode::RouteNotFound
        | ErrorCode::UserNotFound
        | ErrorCode::ConversationNotFound
        | ErrorCode::MessageNotFound
        | ErrorCode::SessionNotFound
        | ErrorCode::ParticipantNotFound
        | ErrorCode::InviteNotFound => StatusCode::NOT_FOUND,
        ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
        ErrorCode::EmailTaken
        | ErrorCode::UsernameTaken
        | ErrorCode::GroupNameTaken
        | ErrorCode::AlreadyAParticipant
        | ErrorCode::LastAdmin
        | ErrorCode::ConversationFull
        | ErrorCode::TooManyConversations
        | ErrorCode::MessageDeleted
        | ErrorCode::MessageChanged
        | ErrorCode::TooManyEdits
        | ErrorCode::TooManyReactions
        | ErrorCode::TooManyPins
        | ErrorCode::IdempotencyKeyReused
        | ErrorCode::ResumeTooLate => StatusCode::CONFLICT,
        ErrorCode::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::TooManyConnections | ErrorCode::Unavailable | ErrorCode::UpgradePending => {
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

/// Returns the code for a failure of the framework, which has none of ours.
pub(crate) fn failure_of(status: StatusCode) -> Failure {
    match status {
        StatusCode::NOT_FOUND => Failure::new(ErrorCode::RouteNotFound, "There is no such route"),
        StatusCode::METHOD_NOT_ALLOWED => {
            let sentence = "This route does not support this method. Supported methods are in the Allow header";
            Failure::new(ErrorCode::MethodNotAllowed, sentence)
        }
        StatusCode::PAYLOAD_TOO_LARGE => Failure::new(ErrorCode::PayloadTooLarge, "The body is too large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Failure::new(ErrorCode::UnsupportedMediaType, "The body must be application/json")
        }
        StatusCode::REQUEST_TIMEOUT => Failure::new(ErrorCode::RequestTimeout, "The request took too long to arrive"),
        StatusCode::UNAUTHORIZED => Failure::new(ErrorCode::Unauthenticated, "Please sign in"),
        StatusCode::FORBIDDEN => Failure::new(ErrorCode::Forbidden, "This is not allowed"),
        StatusCode::SERVICE_UNAVAILABLE => Failure::new(ErrorCode::Unavailable, TRY_LATER),
        status if status.is_client_error() => Failure::new(ErrorCode::ValidationFailed, "The request is not valid"),
        _ => Failure::new(ErrorCode::Internal, OUR_FAULT),
    }
}

/// Returns the answer to a failed request, for REST and for rejected upgrades.
pub fn error_response(
    failure: &Failure,
    status: StatusCode,
    path: &str,
    request_id: &RequestId,
    at: Timestamp,
) -> Response<BoxBody> {
    let body = ErrorBody {
        success: false,
        status_code: status.as_u16(),
        error: status.canonical_reason().unwrap_or("Error").to_owned(),
        code: failure.code.as_str().to_owned(),
        message: failure.messages.clone(),
        details: failure.details.iter().cloned().map(FaultView::from).collect(),
        timestamp: at.into(),
        path: cut(path).to_owned(),
        request_id: request_id.as_str().to_owned(),
    };
    let mut response = Response::build(status);
    response.insert_header((header::CONTENT_TYPE, "application/json"));
    if status == StatusCode::UNAUTHORIZED {
        response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
    }
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        let pause = failure.retry_after.unwrap_or(RETRY_AFTER);
        response.insert_header((header::RETRY_AFTER, whole_seconds(pause).max(1)));
    }
    // Strings and numbers always serialise.
    response.body(serde_json::to_vec(&body).unwrap_or_default()).map_into_boxed_body()
}

fn cut(path: &str) -> &str {
    path.get(..path.floor_char_boundary(MAX_PATH_BYTES)).unwrap_or(path)
}

#[cfg(test)]
mod tests;
