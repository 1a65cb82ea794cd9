use actix_http::header::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// The header of the request id, in both directions.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request in the log. It comes from the client or a proxy if it is valid, else it is generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// The maximum length of an accepted id, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// Accepts 1 to [`Self::MAX_BYTES`] letters, digits, `.`, `_` and `-`, which are safe in logs and headers; else
    /// generates a UUID.
    pub fn of(headers: &HeaderMap) -> Self {
        headers
            .get(&X_REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .filter(|text| (1..=Self::MAX_BYTES).contains(&text.len()) && text.bytes().all(is_sane))
            .map_or_else(|| Self(Uuid::now_v7().to_string()), |text| Self(text.to_owned()))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the id as a header value for the answer.
    pub fn to_header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).unwrap_or_else(|_| HeaderValue::from_static("unprintable"))
    }
}

const fn is_sane(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> RequestId {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_str(text).expect("a header"));
        RequestId::of(&headers)
    }

    #[test]
    fn a_sane_id_is_taken_over() {
        assert_eq!(given("trace-1.A_b").as_str(), "trace-1.A_b");
        assert_eq!(given("trace-1").to_header(), "trace-1");
    }

    #[test]
    fn anything_else_is_replaced_by_a_fresh_one() {
        for odd in ["", "a b", "<script>", &"x".repeat(65)] {
            let made = given(odd);
            assert!(Uuid::parse_str(made.as_str()).is_ok(), "{odd}");
        }
        assert_ne!(RequestId::of(&HeaderMap::new()), RequestId::of(&HeaderMap::new()));
    }
}
