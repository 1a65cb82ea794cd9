use actix_http::StatusCode;
use serde::Serialize;
use std::borrow::Cow;

/// Why the gateway refuses a request. The messages are those of the protocol's own server, on which clients depend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// `transport` is neither `polling` nor `websocket`.
    UnknownTransport,
    /// The session does not exist or has ended.
    UnknownSid,
    /// The request that opens a session is not a GET.
    BadHandshakeMethod,
    /// The request does not fit its session: another transport, a second concurrent request, an invalid payload.
    BadRequest,
    /// The caller refuses the client.
    Forbidden(Refusal),
    /// `EIO` is not 4.
    UnsupportedVersion,
    /// The payload is longer than the announced maximum.
    TooLarge,
    /// The payload is long, the client is not connected to a namespace, and too many others are sending one.
    NoRoom,
}

/// The response to a client that may not open a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// 403 if the client is not allowed; 429 or 503 if it may try again.
    pub status: StatusCode,
    /// A sentence for people.
    pub message: Cow<'static, str>,
}

impl Refusal {
    /// Refuses a client that may not connect at all.
    pub const fn forbidden() -> Self {
        Self { status: StatusCode::FORBIDDEN, message: Cow::Borrowed("Forbidden") }
    }

    pub(crate) const fn full() -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, message: Cow::Borrowed("Too many sessions") }
    }

    pub(crate) const fn too_many_strangers() -> Self {
        Self { status: StatusCode::TOO_MANY_REQUESTS, message: Cow::Borrowed("Too many sessions without a namespace") }
    }
}

#[derive(Serialize)]
struct Body<'message> {
    code: u8,
    message: &'message str,
}

impl Fault {
    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Forbidden(refusal) => refusal.status,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoRoom => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The body: `{code, message}`; empty if the payload was too large.
    pub fn body(&self) -> String {
        let (code, message) = match self {
            Self::UnknownTransport => (0, "Transport unknown"),
            Self::UnknownSid => (1, "Session ID unknown"),
            Self::BadHandshakeMethod => (2, "Bad handshake method"),
            Self::BadRequest => (3, "Bad request"),
            Self::Forbidden(refusal) => (4, &*refusal.message),
            Self::UnsupportedVersion => (5, "Unsupported protocol version"),
            Self::TooLarge => return String::new(),
            Self::NoRoom => (3, "Too many long payloads at the same time"),
        };
        // A number and a string cannot fail to serialise into memory.
        serde_json::to_string(&Body { code, message }).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_the_protocols_own() {
        assert_eq!(Fault::UnknownTransport.body(), r#"{"code":0,"message":"Transport unknown"}"#);
        assert_eq!(Fault::UnsupportedVersion.body(), r#"{"code":5,"message":"Unsupported protocol version"}"#);
        assert_eq!(Fault::Forbidden(Refusal::forbidden()).body(), r#"{"code":4,"message":"Forbidden"}"#);
        assert_eq!(Fault::UnknownSid.status(), StatusCode::BAD_REQUEST);
        assert_eq!(Fault::Forbidden(Refusal::full()).status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!((Fault::TooLarge.status().as_u16(), Fault::TooLarge.body().as_str()), (413, ""));
    }
}
