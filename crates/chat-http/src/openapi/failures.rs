//! The failures of each operation. Failures that follow from an operation's shape (a token, a body, parameters) are
//! added to every such operation. The others are beside the handler: see [`crate::operation::Operation`].

use crate::error::{ORIGIN_NOT_ALLOWED, error_response, status_of};
use crate::limits::RequestKind;
use crate::request_id::RequestId;
use crate::rest::operations;
use actix_http::header::HeaderMap;
use actix_web::body::MessageBody as _;
use chat_domain::{ActionError, ErrorCode, OUR_FAULT, Refusal, StoreError, Timestamp};
use chat_protocol::{Failure, Fault, InvalidBody};
use serde_json::{Value, json};

use ErrorCode::{
    IdempotencyKeyMismatch, Internal, MalformedJson, OriginNotAllowed, PayloadTooLarge, ProtocolError, RateLimited,
    RequestTimeout, SessionRevoked, TokenExpired, TokenInvalid, TooManyConnections, Unauthenticated, Unavailable,
    UnsupportedMediaType, UpgradePending, ValidationFailed,
};

/// The refusals whose sentences the examples show, one for each code.
const REFUSALS: &[Refusal] = &[
    Refusal::MessageChanged,
    Refusal::MessageDeleted,
    Refusal::MessageTooOld,
    Refusal::TooManyEdits,
    Refusal::TooManyReactions,
    Refusal::TooManyPins,
    Refusal::NotOneself,
    Refusal::Direct,
    Refusal::TokenInvalid,
    Refusal::TokenExpired,
    Refusal::SessionRevoked,
    Refusal::RefreshTokenReused,
    Refusal::InvalidCredentials,
    Refusal::WrongPassword,
    Refusal::NotAParticipant,
    Refusal::NotAnAdmin,
    Refusal::Inactive,
    Refusal::RemovedByAdmin,
    Refusal::UnknownUser,
    Refusal::UnknownConversation,
    Refusal::UnknownMessage,
    Refusal::SessionNotFound,
    Refusal::NoSuchParticipant,
    Refusal::InviteNotFound,
    Refusal::GroupNameTaken,
    Refusal::RegistrationClosed,
    Refusal::InviteRequired,
    Refusal::EmailTaken,
    Refusal::UsernameTaken,
    Refusal::AlreadyAParticipant,
    Refusal::LastAdmin,
    Refusal::Full,
    Refusal::TooManyConversations { max: 10_000 },
    Refusal::KeyReused,
];

/// The sentence of the example: that of the refusal with this code, or one that transports use.
fn sentence(code: ErrorCode) -> String {
    if let Some(refusal) = REFUSALS.iter().find(|refusal| refusal.code() == code) {
        return refusal.to_string();
    }
    let sentence = match code {
        MalformedJson => "the body is not valid JSON: expected `,` or `}` at line 1 column 9",
        ProtocolError => "This is a WebSocket: connect with Upgrade: websocket",
        IdempotencyKeyMismatch => "clientMessageId and the header Idempotency-Key must be equal where both are given",
        Unauthenticated => "This needs an access token in the header Authorization: Bearer",
        OriginNotAllowed => ORIGIN_NOT_ALLOWED,
        PayloadTooLarge => "The body must have at most 1000000 bytes",
        RequestTimeout => "The body took too long to arrive",
        UnsupportedMediaType => "The body must be sent as Content-Type: application/json",
        RateLimited => "There were too many requests, please slow down",
        TooManyConnections => "There are too many connections already",
        Unavailable => return ActionError::from(StoreError::Overloaded).to_string(),
        UpgradePending => return ActionError::from(StoreError::UpgradePending).to_string(),
        _ => OUR_FAULT,
    };
    sentence.to_owned()
}

fn codes(operation: &Value) -> Vec<ErrorCode> {
    let name = operation["operationId"].as_str().unwrap_or_default();
    let known = operations().find(|known| known.id == name);
    let mut codes = known.map_or(&[][..], |known| known.failures).to_vec();
    if operation["security"].is_array() {
        codes.extend([Unauthenticated, TokenInvalid, TokenExpired, SessionRevoked]);
    }
    if operation["requestBody"].is_object() {
        codes.extend([ValidationFailed, MalformedJson, PayloadTooLarge, UnsupportedMediaType, RequestTimeout]);
    }
    if operation["parameters"].is_array() {
        codes.push(ValidationFailed);
    }
    if known.is_none_or(|known| known.counts_as != RequestKind::Free) {
        codes.push(RateLimited);
    }
    codes.extend([Internal, Unavailable]);
    let mut known = Vec::new();
    codes.retain(|code| {
        !known.contains(code) && {
            known.push(*code);
            true
        }
    });
    codes
}

/// Adds every failure to an operation, grouped by status, with an example of the envelope per code.
pub(super) fn complete(path: &str, operation: &mut Value, schemas: &Value) {
    let fault = likely_fault(operation, schemas);
    for code in codes(operation) {
        let status = status_of(code);
        let response = &mut operation["responses"][status.as_str()];
        if response.is_null() {
            *response = json!({
                "description": status.canonical_reason().unwrap_or("Error"),
                "content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/ErrorBody"},
                    "examples": {}
                }}
            });
        }
        if code == RateLimited {
            response["headers"] = crate::limits::documented_headers();
        }
        let example = example(code, path, &fault);
        response["content"]["application/json"]["examples"][code.as_str()] = json!({"value": example});
    }
}

/// Returns a fault that is likely in requests of this operation.
fn likely_fault(operation: &Value, schemas: &Value) -> Fault {
    let reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
    if let Some(name) = reference.and_then(|reference| reference.rsplit('/').next()) {
        return match schemas[name]["required"][0].as_str() {
            Some(field) => Fault::new(field, "is required"),
            None => Fault::new("extra", "is not a known field"),
        };
    }
    let parameter = |is: &dyn Fn(&Value) -> bool| operation["parameters"].as_array()?.iter().find(|one| is(one));
    if parameter(&|one| one["name"] == "limit").is_some() {
        return Fault::new("limit", "must be between 1 and 100");
    }
    match parameter(&|one| one["in"] == "path") {
        Some(code) if code["schema"]["format"] != "uuid" => {
            Fault::new(code["name"].as_str().unwrap_or("id"), "must be an invite code")
        }
        Some(id) => Fault::new(id["name"].as_str().unwrap_or("id"), "must be a UUID"),
        None => Fault::new("id", "must be a UUID"),
    }
}

fn example(code: ErrorCode, path: &str, fault: &Fault) -> Value {
    let failure = match code {
        ValidationFailed => InvalidBody { faults: vec![fault.clone()] }.into(),
        code => Failure::new(code, sentence(code)),
    };
    // The time and the id are constant, so that the document does not change from one generation to the next.
    let at = Timestamp::from_unix_micros(1_767_605_400_000_000);
    let mut headers = HeaderMap::new();
    headers.insert(crate::request_id::X_REQUEST_ID, actix_http::header::HeaderValue::from_static("b8a3-42"));
    let response = error_response(&failure, status_of(code), path, &RequestId::of(&headers), at);
    let body = response.into_body().try_into_bytes().unwrap_or_default();
    serde_json::from_slice(&body).unwrap_or_default()
}
