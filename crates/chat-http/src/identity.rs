//! Reads the identity that a client claims, for requests and upgrades.

use actix_http::header::{AUTHORIZATION, HeaderMap};
use chat_domain::auth::Actor;
use chat_domain::{Refusal, UserId};

/// Returns the token of `Authorization: Bearer`, if there is such a header (RFC 6750 §2.1; the scheme in any case).
pub(crate) fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

/// Checks that an id by which a client names itself is the id of the authenticated user (contract §2).
pub(crate) fn must_be_oneself(actor: Actor, id: UserId) -> Result<(), Refusal> {
    if id == actor.user_id { Ok(()) } else { Err(Refusal::NotOneself) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_http::header::HeaderValue;

    fn token(value: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static(value));
        bearer_token(&headers).map(str::to_owned)
    }

    #[test]
    fn the_scheme_is_bearer_in_any_case() {
        assert_eq!(token("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(token("bearer  abc ").as_deref(), Some("abc"));
        for none in ["Basic abc", "Bearer", "Bearer ", "abc", ""] {
            assert_eq!(token(none), None, "{none}");
        }
        assert_eq!(bearer_token(&HeaderMap::new()), None);
    }
}
