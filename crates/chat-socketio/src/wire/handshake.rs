use actix_http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING,
    UPGRADE,
};
use actix_http::{Method, RequestHead, StatusCode, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

/// The length of a decoded key, in bytes (RFC 6455 §4.1).
const KEY_BYTES: usize = 16;

/// Why a request cannot open a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HandshakeFault {
    /// The method is not GET.
    #[error("the method must be GET")]
    Method,
    /// The request has a body, whose end cannot be distinguished from the first frame.
    #[error("the request must not have a body")]
    Body,
    /// The request is HTTP/1.0, which has no upgrades.
    #[error("the request must be HTTP/1.1")]
    HttpVersion,
    /// `Upgrade` is missing, names another protocol, or names more than one.
    #[error("Upgrade must be websocket only")]
    Upgrade,
    /// `Connection` does not have the option `Upgrade`.
    #[error("Connection must contain Upgrade")]
    Connection,
    /// `Sec-WebSocket-Version` is missing or given more than once.
    #[error("Sec-WebSocket-Version must be given once")]
    NoVersion,
    /// `Sec-WebSocket-Version` is not 13.
    #[error("Sec-WebSocket-Version must be 13")]
    Version,
    /// `Sec-WebSocket-Key` is missing, given more than once, or not 16 bytes in base64.
    #[error("Sec-WebSocket-Key must be 16 bytes in base64, given once")]
    Key,
}

impl HandshakeFault {
    /// The HTTP status of the response.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Version => StatusCode::UPGRADE_REQUIRED,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// Checks that the request opens a WebSocket (RFC 6455 §4.2.1). Tokens are compared as a whole, single-valued headers
/// must not be repeated, and requests with a body are rejected: a proxy and this server could disagree about where the
/// body ends, so one could take for a request what the other takes for frames.
pub fn verify_handshake(head: &RequestHead) -> Result<(), HandshakeFault> {
    let headers = &head.headers;
    if head.method != Method::GET {
        return Err(HandshakeFault::Method);
    }
    if has_body(headers) {
        return Err(HandshakeFault::Body);
    }
    if head.version != Version::HTTP_11 {
        return Err(HandshakeFault::HttpVersion);
    }
    if !only(headers, &UPGRADE).is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket")) {
        return Err(HandshakeFault::Upgrade);
    }
    if !options(headers).any(|option| option.eq_ignore_ascii_case("upgrade")) {
        return Err(HandshakeFault::Connection);
    }
    match only(headers, &SEC_WEBSOCKET_VERSION) {
        Some("13") => {}
        Some(_) => return Err(HandshakeFault::Version),
        None => return Err(HandshakeFault::NoVersion),
    }
    let key = only(headers, &SEC_WEBSOCKET_KEY).and_then(|key| STANDARD.decode(key).ok());
    if key.is_some_and(|key| key.len() == KEY_BYTES) { Ok(()) } else { Err(HandshakeFault::Key) }
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING)
        || headers.get_all(CONTENT_LENGTH).any(|length| length.to_str().map(str::trim).ok() != Some("0"))
}

/// The value of a header that occurs once.
fn only<'head>(headers: &'head HeaderMap, name: &HeaderName) -> Option<&'head str> {
    let mut values = headers.get_all(name);
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok().map(str::trim) }
}

fn options(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(CONNECTION).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_http::header::HeaderValue;

    const HEADERS: [(&str, &str); 4] = [
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn head(replaced: &str, values: &[&str]) -> RequestHead {
        let mut head = RequestHead::default();
        let mut append = |name: &str, value: &str| {
            head.headers.append(name.parse().expect("a name"), HeaderValue::from_str(value).expect("a value"));
        };
        HEADERS.iter().filter(|(name, _)| *name != replaced).for_each(|(name, value)| append(name, value));
        for value in values {
            append(replaced, value);
        }
        head
    }

    #[test]
    fn a_handshake_as_clients_send_it_is_accepted() {
        for (name, values) in [
            ("", &[][..]),
            ("upgrade", &["WebSocket"]),
            ("connection", &["keep-alive, Upgrade"]),
            ("connection", &["keep-alive", "upgrade"]),
            ("content-length", &["0"]),
        ] {
            assert_eq!(verify_handshake(&head(name, values)), Ok(()), "{name}: {values:?}");
        }
    }

    #[test]
    fn tokens_are_exact_headers_are_given_once_and_a_body_is_refused() {
        for (name, values, fault) in [
            ("transfer-encoding", &["chunked"][..], HandshakeFault::Body),
            ("content-length", &["1"], HandshakeFault::Body),
            ("upgrade", &[], HandshakeFault::Upgrade),
            ("upgrade", &["h2c"], HandshakeFault::Upgrade),
            ("upgrade", &["h2c, websocket"], HandshakeFault::Upgrade),
            ("upgrade", &["websocket, h2c"], HandshakeFault::Upgrade),
            ("upgrade", &["websocket", "h2c"], HandshakeFault::Upgrade),
            ("upgrade", &["websocket", "websocket"], HandshakeFault::Upgrade),
            ("upgrade", &["websocket/13"], HandshakeFault::Upgrade),
            ("upgrade", &["xwebsocketx"], HandshakeFault::Upgrade),
            ("connection", &[], HandshakeFault::Connection),
            ("connection", &["keep-alive"], HandshakeFault::Connection),
            ("connection", &["upgrades"], HandshakeFault::Connection),
            ("sec-websocket-version", &[], HandshakeFault::NoVersion),
            ("sec-websocket-version", &["13", "13"], HandshakeFault::NoVersion),
            ("sec-websocket-version", &["8"], HandshakeFault::Version),
            ("sec-websocket-version", &["13, 8"], HandshakeFault::Version),
            ("sec-websocket-key", &[], HandshakeFault::Key),
            ("sec-websocket-key", &["short"], HandshakeFault::Key),
            ("sec-websocket-key", &["dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="], HandshakeFault::Key),
        ] {
            assert_eq!(verify_handshake(&head(name, values)), Err(fault), "{name}: {values:?}");
        }
        let mut post = head("", &[]);
        post.method = Method::POST;
        assert_eq!(verify_handshake(&post), Err(HandshakeFault::Method));
        let mut old = head("", &[]);
        old.version = Version::HTTP_10;
        assert_eq!(verify_handshake(&old), Err(HandshakeFault::HttpVersion));
    }
}
