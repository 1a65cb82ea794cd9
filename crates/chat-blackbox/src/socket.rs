use super::DEADLINE;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::collections::VecDeque;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A plain WebSocket. Events that the test has not read yet wait in the order of arrival.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    waiting: VecDeque<Value>,
    asked: u64,
}

/// An upgrade that was answered with another status than 101.
#[derive(Debug)]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body; null if there is none.
    pub body: Value,
}

/// How the server closed a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The close code; 1006 if the connection ended without one (RFC 6455 §7.1.5).
    pub code: u16,
    /// The close reason.
    pub reason: String,
}

impl Socket {
    /// Connects with a token in the upgrade's header, and waits until every later event will be delivered: the answer
    /// to an empty resume says so.
    pub async fn connect(url: &str, token: &str) -> Self {
        Self::connect_with(&format!("{url}?resume=true"), token).await
    }

    /// Like [`Self::connect`], in the `camel` dialect.
    pub async fn connect_camel(url: &str, token: &str) -> Self {
        Self::connect_with(&format!("{url}?resume=true&dialect=camel"), token).await
    }

    async fn connect_with(url: &str, token: &str) -> Self {
        let bearer = format!("Bearer {token}");
        let mut socket = Self::open(url, &[("authorization", &bearer)]).await.expect("an upgrade");
        socket.tell("resume", json!({"resume": {}})).await;
        socket.event("resumed").await;
        socket
    }

    /// Connects with only these headers.
    pub async fn open(url: &str, headers: &[(&str, &str)]) -> Result<Self, Refused> {
        let mut request = url.into_client_request().expect("a URL");
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
            request.headers_mut().insert(name, HeaderValue::from_str(value).expect("a header value"));
        }
        match tokio::time::timeout(DEADLINE, connect_async(request)).await.expect("an answer in time") {
            Ok((stream, _)) => Ok(Self { stream, waiting: VecDeque::new(), asked: 0 }),
            Err(Error::Http(answer)) => {
                let body = answer.body().as_deref().and_then(|body| serde_json::from_slice(body).ok());
                Err(Refused { status: answer.status().as_u16(), body: body.unwrap_or_default() })
            }
            Err(error) => panic!("no upgrade and no answer: {error}"),
        }
    }

    /// Connects with a token in the upgrade's header and sends its positions; `None` if the server does not answer, or
    /// refuses. Missed events follow, then `resumed`.
    pub async fn try_resume(url: &str, token: &str, resume: &Value) -> Option<Self> {
        let mut request = format!("{url}?resume=true").into_client_request().expect("a URL");
        let bearer = HeaderValue::from_str(&format!("Bearer {token}")).expect("a header value");
        request.headers_mut().insert("authorization", bearer);
        let (stream, _) = tokio::time::timeout(DEADLINE, connect_async(request)).await.ok()?.ok()?;
        let mut socket = Self { stream, waiting: VecDeque::new(), asked: 0 };
        socket.tell("resume", json!({"resume": resume})).await;
        Some(socket)
    }

    /// Sends a frame of any kind.
    pub async fn send_raw(&mut self, message: Message) {
        // The next read finds out that the server has closed the connection.
        let _ = tokio::time::timeout(DEADLINE, self.stream.send(message)).await.expect("the server reads in time");
    }

    /// Sends any text.
    pub async fn send_text(&mut self, text: &str) {
        self.send_raw(Message::text(text)).await;
    }

    /// Sends an event without an id, which gets no ack.
    pub async fn tell(&mut self, event: &str, data: Value) {
        self.send_text(&json!({"event": event, "data": data}).to_string()).await;
    }

    /// Sends an event with an id and waits for its ack (`Ok`) or its error (`Err`). Other events wait.
    pub async fn try_ask(&mut self, event: &str, data: Value) -> Result<Value, Value> {
        self.asked += 1;
        let id = format!("ask-{}", self.asked);
        self.send_text(&json!({"event": event, "data": data, "id": id}).to_string()).await;
        let mut answer = self.find(|frame| frame["id"] == id.as_str()).await;
        match answer["event"].as_str() {
            Some("ack") => Ok(answer["data"].take()),
            Some("error") => Err(answer["data"].take()),
            _ => panic!("neither an ack nor an error: {answer}"),
        }
    }

    /// Sends an event and waits for its ack.
    pub async fn ask(&mut self, event: &str, data: Value) -> Value {
        self.try_ask(event, data).await.unwrap_or_else(|error| panic!("{event} failed: {error}"))
    }

    /// The data of the next event with this name; others wait.
    pub async fn event(&mut self, event: &str) -> Value {
        self.find(|frame| frame["event"] == event).await["data"].take()
    }

    /// The data of the next event with this name that satisfies the condition; others wait.
    pub async fn event_where(&mut self, event: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.find(|frame| frame["event"] == event && wanted(&frame["data"])).await["data"].take()
    }

    /// All events with this name received up to the answer of a command sent now.
    pub async fn seen(&mut self, event: &str) -> Vec<Value> {
        // A command that fails is answered too, in order.
        let _ = self.try_ask("presence:get", json!({})).await;
        let (seen, waiting) = self.waiting.drain(..).partition::<Vec<_>, _>(|frame| frame["event"] == event);
        self.waiting = waiting.into();
        seen.into_iter().map(|mut frame| frame["data"].take()).collect()
    }

    /// The next frame in order.
    pub async fn next(&mut self) -> Value {
        self.next_or_closed().await.unwrap_or_else(|closed| panic!("closed instead of a frame: {closed:?}"))
    }

    /// The next frame in order, or how the server closed the connection.
    pub async fn next_or_closed(&mut self) -> Result<Value, Closed> {
        match self.waiting.pop_front() {
            Some(frame) => Ok(frame),
            None => self.read().await,
        }
    }

    /// Waits until the server closes the connection; drops earlier frames.
    pub async fn closed(&mut self) -> Closed {
        loop {
            if let Err(closed) = self.read().await {
                return closed;
            }
        }
    }

    /// Closes the connection properly.
    pub async fn close(mut self) {
        let _ = tokio::time::timeout(DEADLINE, self.stream.close(None)).await;
        self.closed().await;
    }

    async fn find(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(index) = self.waiting.iter().position(&wanted) {
            return self.waiting.remove(index).expect("what was just found");
        }
        let deadline = tokio::time::Instant::now() + DEADLINE;
        loop {
            assert!(tokio::time::Instant::now() < deadline, "the event did not arrive; received: {:?}", self.waiting);
            match self.read().await {
                Ok(frame) if wanted(&frame) => return frame,
                Ok(frame) => self.waiting.push_back(frame),
                Err(closed) => panic!("closed ({closed:?}); received before: {:?}", self.waiting),
            }
        }
    }

    /// The next JSON frame, or how the connection ended. Answers pings meanwhile.
    async fn read(&mut self) -> Result<Value, Closed> {
        loop {
            let message = tokio::time::timeout(DEADLINE, self.stream.next()).await;
            let message = message.unwrap_or_else(|_| panic!("no frame arrived; received: {:?}", self.waiting));
            match message {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("frames are JSON")),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Err(Closed { code: frame.code.into(), reason: frame.reason.to_string() });
                }
                Some(Ok(Message::Close(None))) => return Err(Closed { code: 1005, reason: String::new() }),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(Closed { code: 1006, reason: error.to_string() }),
                None => return Err(Closed { code: 1006, reason: String::new() }),
            }
        }
    }
}
