use crate::ApiError;
use crate::identity::bearer_token;
use actix_http::RequestHead;
use actix_http::header::{HeaderMap, SEC_WEBSOCKET_PROTOCOL};
use actix_web::web::Query;
use chat_domain::ErrorCode;
use chat_domain::auth::Actor;
use chat_protocol::realtime::{ClientEpoch, Dialect, Gateway, Resume};
use chat_realtime::Format;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The subprotocol with which browsers, which cannot set headers, send their token.
pub(crate) const BEARER_PROTOCOL: &str = "bearer";

/// The client's options from the handshake.
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

/// Whether a client resumes.
pub(crate) enum ResumeAsked {
    /// It does not, or its first frame will say.
    No,
    /// Its next frame will send its positions.
    Later,
    /// It has sent these positions.
    Now(Resume),
}

#[derive(Deserialize)]
struct Parameters {
    resume: Option<String>,
    epoch: Option<String>,
    dialect: Option<String>,
}

const RESUME_FORM: &str = "must be true or an object of conversation ids and numbers";

impl ResumeAsked {
    /// `true` announces a `resume` event; an object contains the positions, which may be of a named epoch.
    fn from_json(value: Value, epoch: Value) -> Result<Self, ApiError> {
        let epoch = match epoch {
            Value::Null => None,
            named => Some(ClientEpoch::from_json(named).map_err(|problem| ApiError::invalid("epoch", problem))?),
        };
        match value {
            Value::Null | Value::Bool(false) => Ok(Self::No),
            Value::Bool(true) => Ok(Self::Later),
            Value::Object(_) => {
                let resume = Resume::from_json(value).map_err(|problem| ApiError::invalid("resume", problem))?;
                Ok(Self::Now(resume.of_epoch(epoch)))
            }
            Value::Number(_) | Value::String(_) | Value::Array(_) => Err(ApiError::invalid("resume", RESUME_FORM)),
        }
    }
}

fn parse_dialect(name: &str) -> Result<Dialect, ApiError> {
    Dialect::parse(name).ok_or_else(|| ApiError::invalid("dialect", "must be colon or camel"))
}

/// The options of a Socket.IO client when it connects to the namespace. Other fields belong to the application.
#[derive(Deserialize)]
struct NamespaceAuth {
    #[serde(default)]
    token: Value,
    #[serde(default)]
    dialect: Value,
    #[serde(default)]
    resume: Value,
    #[serde(default)]
    epoch: Value,
}

impl Greeting {
    /// Parses the payload of a CONNECT packet, an object. `dialect` is the listener's default; `token` is from the
    /// handshake's header, for clients that cannot send a payload.
    pub(crate) fn of_namespace(
        auth: Option<&RawValue>,
        dialect: Dialect,
        token: Option<&str>,
    ) -> Result<Self, ApiError> {
        let auth = serde_json::from_str(auth.map_or("{}", RawValue::get));
        let NamespaceAuth { token: named, dialect: asked, resume, epoch } = auth
            .map_err(|_| ApiError::invalid("auth", "must name token, dialect, resume and epoch at most once each"))?;
        let token = match named {
            Value::String(token) if !token.is_empty() => token,
            Value::Null | Value::String(_) => token.map(str::to_owned).ok_or_else(|| {
                ApiError::new(ErrorCode::Unauthenticated, "Please connect with an access token in auth.token")
            })?,
            _ => return Err(ApiError::invalid("token", "must be a string")),
        };
        let dialect = match asked {
            Value::Null => dialect,
            Value::String(name) => parse_dialect(&name)?,
            _ => return Err(ApiError::invalid("dialect", "must be colon or camel")),
        };
        let format = Format { dialect, gateway: Gateway::SocketIo };
        Ok(Self { credentials: Credentials::Token(token), resume: ResumeAsked::from_json(resume, epoch)?, format })
    }

    /// Parses the handshake. `dialect` is the listener's default. `authenticate` checks the token of a header; if that
    /// fails, the handshake fails.
    pub(crate) fn read(
        head: &RequestHead,
        dialect: Dialect,
        authenticate: impl FnOnce(&str) -> Result<Actor, ApiError>,
    ) -> Result<Self, ApiError> {
        let parameters = Query::<Parameters>::from_query(head.uri.query().unwrap_or_default())
            .map_err(|_| ApiError::invalid("query", "must consist of names and values"))?
            .into_inner();
        let epoch = parameters.epoch.map_or(Value::Null, Value::String);
        let resume = match parameters.resume.as_deref() {
            None | Some("" | "false") => ResumeAsked::No,
            Some("true") => ResumeAsked::Later,
            Some(json) => serde_json::from_str(json)
                .map_err(|_| ApiError::invalid("resume", RESUME_FORM))
                .and_then(|positions| ResumeAsked::from_json(positions, epoch))?,
        };
        let dialect = parameters.dialect.as_deref().map_or(Ok(dialect), parse_dialect)?;
        let credentials = match bearer_token(&head.headers) {
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

/// Whether the answer must name the subprotocol: a browser that offered one disconnects if none is selected.
pub(crate) fn offers_bearer(headers: &HeaderMap) -> bool {
    protocols(headers).any(|name| name == BEARER_PROTOCOL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_http::header::HeaderValue;
    use chat_domain::Epoch;
    use uuid::Uuid;

    fn head(query: &str, protocol: Option<&'static str>) -> RequestHead {
        let mut head = RequestHead::default();
        head.uri = format!("/api/v1/ws{query}").parse().expect("a URI");
        if let Some(protocol) = protocol {
            head.headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
        }
        head
    }

    fn read(query: &str, protocol: Option<&'static str>) -> Result<Greeting, ApiError> {
        Greeting::read(&head(query, protocol), Dialect::Colon, |_| unreachable!("no header"))
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
        let positions = "?resume=%7B%2200000000-0000-0000-0000-000000000001%22%3A5%7D&dialect=colon";
        let current = Epoch::new(Uuid::nil());
        for (epoch, is_current) in [("", true), ("&epoch=old", false), (&format!("&epoch={current}"), true)] {
            let ResumeAsked::Now(resume) = read(&format!("{positions}{epoch}"), None).expect("now").resume else {
                panic!("no positions")
            };
            assert_eq!(resume.may_be_of(current), is_current, "{epoch}");
        }
        assert!(read("?resume=maybe", None).is_err());
        assert_eq!(read("", None).expect("new").format.dialect, Dialect::Colon);
        assert_eq!(read("?dialect=camel", None).expect("the other").format.dialect, Dialect::Camel);
        assert!(read("?dialect=klingon", None).is_err());
    }

    fn connect(auth: &str, header: Option<&str>) -> Result<Greeting, ErrorCode> {
        let auth: Box<RawValue> = serde_json::from_str(auth).expect("JSON");
        Greeting::of_namespace(Some(&auth), Dialect::Camel, header).map_err(|error| error.failure().code)
    }

    #[test]
    fn a_client_of_socket_io_says_it_all_when_it_connects() {
        let greeting = connect(r#"{"token":"a.b","other":[1]}"#, Some("c.d")).expect("a greeting");
        assert!(matches!(&greeting.credentials, Credentials::Token(token) if token == "a.b"));
        assert_eq!(greeting.format, Format { dialect: Dialect::Camel, gateway: Gateway::SocketIo });
        assert!(matches!(greeting.resume, ResumeAsked::No));
        let greeting = connect(r#"{"dialect":"colon","resume":{}}"#, Some("c.d")).expect("a greeting");
        assert!(matches!(&greeting.credentials, Credentials::Token(token) if token == "c.d"));
        assert_eq!(greeting.format.dialect, Dialect::Colon);
        assert!(matches!(greeting.resume, ResumeAsked::Now(_)));
        let positions = r#"{"token":"t","resume":{"00000000-0000-0000-0000-000000000001":5.0}}"#;
        assert!(matches!(connect(positions, None).expect("a whole number").resume, ResumeAsked::Now(_)));
        assert!(matches!(connect(r#"{"token":"t","resume":true}"#, None).expect("later").resume, ResumeAsked::Later));
        let of_epoch = connect(r#"{"token":"t","resume":{},"epoch":"of old"}"#, None).expect("a greeting");
        assert!(matches!(of_epoch.resume, ResumeAsked::Now(resume) if !resume.may_be_of(Epoch::new(Uuid::nil()))));
        for nobody in ["{}", r#"{"token":null}"#, r#"{"token":""}"#] {
            assert_eq!(connect(nobody, None).err(), Some(ErrorCode::Unauthenticated), "{nobody}");
        }
        for odd in [
            r#"{"token":7}"#,
            r#"{"token":"t","dialect":"klingon"}"#,
            r#"{"token":"t","resume":"x"}"#,
            r#"{"token":"t","dialect":1}"#,
            r#"{"token":"t","resume":{},"epoch":1}"#,
        ] {
            assert_eq!(connect(odd, None).err(), Some(ErrorCode::ValidationFailed), "{odd}");
        }
    }
}
