use super::DEADLINE;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

/// A client of the REST API, with or without a token. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Rest {
    client: Client,
    base: String,
    token: Option<String>,
}

impl Rest {
    /// A client without a token, for the server at this `http://address:port`.
    pub fn new(base: &str) -> Self {
        let client = Client::builder().timeout(DEADLINE).no_proxy().build().expect("a client");
        Self { client, base: base.to_owned(), token: None }
    }

    /// The same client with this bearer token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// A request to a path: below `/api/v1` if it starts with `/`, anywhere if it starts with `~/`.
    pub fn request(&self, method: Method, path: &str) -> Request {
        let url = match path.strip_prefix('~') {
            Some(path) => format!("{}{path}", self.base),
            None => format!("{}/api/v1{path}", self.base),
        };
        let request = self.client.request(method, url);
        Request(match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    }

    /// `GET path`.
    pub async fn get(&self, path: &str) -> Reply {
        self.request(Method::GET, path).send().await
    }

    /// `POST path` with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.request(Method::POST, path).json(body).send().await
    }

    /// `PATCH path` with a JSON body.
    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.request(Method::PATCH, path).json(body).send().await
    }

    /// `PUT path`, with an optional JSON body.
    pub async fn put(&self, path: &str, body: Option<&Value>) -> Reply {
        let request = self.request(Method::PUT, path);
        if let Some(body) = body { request.json(body) } else { request }.send().await
    }

    /// `DELETE path`.
    pub async fn delete(&self, path: &str) -> Reply {
        self.request(Method::DELETE, path).send().await
    }
}

/// A request to be sent.
#[derive(Debug)]
pub struct Request(RequestBuilder);

impl Request {
    /// Adds this header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
        Self(self.0.header(name, HeaderValue::from_str(value).expect("a header value")))
    }

    /// Sets this JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        Self(self.0.json(body))
    }

    /// Sets this body with this content type.
    #[must_use]
    pub fn body(self, content_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self(self.header("content-type", content_type).0.body(bytes.into()))
    }

    /// Sends the request; panics without a response.
    pub async fn send(self) -> Reply {
        self.try_send().await.expect("an answer")
    }

    /// Sends the request; `None` if the connection ended without a response.
    pub async fn try_send(self) -> Option<Reply> {
        let answer = self.0.send().await.ok()?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.ok()?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Some(Reply { status, headers, body })
    }
}

/// A complete response.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The JSON body; a string if it is not JSON.
    pub body: Value,
}

impl Reply {
    /// The `data` of a success with this status; panics on any other response.
    #[track_caller]
    pub fn data(self, status: u16) -> Value {
        let Self { status: got, mut body, .. } = self;
        let whole = body["success"] == true && body["statusCode"] == status;
        assert!(got == status && whole, "expected a success with {status}, got {got}: {body}");
        body["data"].take()
    }

    /// Checks that this is a failure with this status and code, in the envelope of all failures.
    #[track_caller]
    pub fn assert_failure(&self, status: u16, code: &str) {
        let Self { status: got, body, .. } = self;
        assert_eq!((*got, body["code"].as_str()), (status, Some(code)), "{body}");
        self.assert_failure_shape();
    }

    /// Checks the envelope of a failure with any status and code.
    #[track_caller]
    pub fn assert_failure_shape(&self) {
        let Self { status, body, .. } = self;
        assert_eq!((&body["success"], &body["statusCode"]), (&Value::from(false), &Value::from(*status)), "{body}");
        for text in ["error", "code", "timestamp", "path", "requestId"] {
            assert!(body[text].as_str().is_some_and(|text| !text.is_empty()), "{text} is missing in {body}");
        }
        let sentences = body["message"].as_array().expect("message is a list");
        assert!(!sentences.is_empty() && sentences.iter().all(Value::is_string), "{body}");
    }

    /// A header's text; empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
