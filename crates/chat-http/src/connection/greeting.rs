use crate::ApiError;
use actix_http::RequestHead;
use actix_http::header::{HeaderMap, SEC_WEBSOCKET_PROTOCOL};
use actix_web::web::Query;
use chat_domain::auth::Actor;
use chat_protocol::realtime::{Dialect, Gateway, Resume};
use chat_realtime::Format;
use serde::Deserialize;

/// The subprotocol by which browsers, which cannot set headers, send their token beside it.
pub(crate) const BEARER_PROTOCOL: &str = "bearer";

/// What a client said of itself with the handshake.
pub(crate) struct Greeting {
    pub(crate) credentials: Credentials,
    pub(crate) resume: ResumeAsked,
    pub(crate) format: Format,
}

/// How a client signs in.
pub(crate) enum Credentials {
    /// By a header, which has been checked.
    Checked(Actor, String),
    /// By the subprotocol, to be checked on the open socket.
    Token(String),
    /// By its first frame.
    Later,
}

/// Whether a client comes back.
pub(crate) enum ResumeAsked {
    /// It is new here, or its first frame will say.
    No,
    /// Its next frame will say what it has.
    Later,
    /// This is what it has.
    Now(Resume),
}

#[derive(Deserialize)]
struct Parameters {
    resume: Option<String>,
    dialect: Option<String>,
}

impl Greeting {
    /// Reads the handshake. `authenticate` checks the token of a header, which fails the handshake itself.
    pub(crate) fn read(
        head: &RequestHead,
        authenticate: impl FnOnce(&str) -> Result<Actor, ApiError>,
    ) -> Result<Self, ApiError> {
        let parameters = Query::<Parameters>::from_query(head.uri.query().unwrap_or_default())
            .map_err(|_| ApiError::invalid("query", "must be made of names and values"))?
            .into_inner();
        let resume = match parameters.resume.as_deref() {
            None | Some("" | "false") => ResumeAsked::No,
            Some("true") => ResumeAsked::Later,
            Some(json) => serde_json::from_str(json)
                .map_err(|_| "must be true or an object of conversation ids and numbers")
                .and_then(Resume::from_json)
                .map(ResumeAsked::Now)
                .map_err(|problem| ApiError::invalid("resume", problem))?,
        };
        let dialect = match parameters.dialect.as_deref() {
            None => Dialect::default(),
            Some(name) => Dialect::parse(name).ok_or_else(|| ApiError::invalid("dialect", "must be colon or camel"))?,
        };
        let credentials = match crate::extract::bearer_token(&head.headers) {
            Some(token) => Credentials::Checked(authenticate(token)?, token.to_owned()),
            None => protocol_token(&head.headers).map_or(Credentials::Later, Credentials::Token),
        };
        Ok(Self { credentials, resume, format: Format { dialect, gateway: Gateway::WebSocket } })
    }
}

fn protocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(SEC_WEBSOCKET_PROTOCOL).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

fn protocol_token(headers: &HeaderMap) -> Option<String> {
    let mut offered = protocols(headers);
    offered.find(|name| *name == BEARER_PROTOCOL)?;
    offered.next().filter(|token| !token.is_empty()).map(str::to_owned)
}

/// Whether the answer has to name the subprotocol: a browser that offered one gives up where none is taken.
pub(crate) fn offers_bearer(headers: &HeaderMap) -> bool {
    protocols(headers).any(|name| name == BEARER_PROTOCOL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_http::header::HeaderValue;

    fn head(query: &str, protocol: Option<&'static str>) -> RequestHead {
        let mut head = RequestHead::default();
        head.uri = format!("/api/v1/ws{query}").parse().expect("a URI");
        if let Some(protocol) = protocol {
            head.headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
        }
        head
    }

    fn read(query: &str, protocol: Option<&'static str>) -> Result<Greeting, ApiError> {
        Greeting::read(&head(query, protocol), |_| unreachable!("no header"))
    }

    #[test]
    fn a_browser_sends_its_token_beside_the_subprotocol() {
        let greeting = read("", Some("bearer, abc.def")).expect("a greeting");
        assert!(matches!(greeting.credentials, Credentials::Token(token) if token == "abc.def"));
        for other in ["bearer", "chat", "bearer,"] {
            let greeting = read("", Some(other)).expect("a greeting");
            assert!(matches!(greeting.credentials, Credentials::Later), "{other}");
        }
        assert!(offers_bearer(&head("", Some("bearer, t")).headers));
        assert!(!offers_bearer(&head("", None).headers));
    }

    #[test]
    fn the_query_says_whether_one_comes_back_and_in_which_dialect() {
        assert!(matches!(read("", None).expect("new").resume, ResumeAsked::No));
        assert!(matches!(read("?resume=true", None).expect("later").resume, ResumeAsked::Later));
        let now = read("?resume=%7B%2200000000-0000-0000-0000-000000000001%22%3A5%7D&dialect=colon", None);
        assert!(matches!(now.expect("now").resume, ResumeAsked::Now(_)));
        assert!(read("?resume=maybe", None).is_err());
        assert_eq!(read("", None).expect("new").format.dialect, Dialect::Colon);
        assert_eq!(read("?dialect=camel", None).expect("the other").format.dialect, Dialect::Camel);
        assert!(read("?dialect=klingon", None).is_err());
    }
}
