//! A minimal HTTP client: client and server share the cores, and CPU time that the client uses is not available to the
//! server.

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A keep-alive connection that sends one request after the other.
pub(crate) struct Connection {
    stream: TcpStream,
    address: String,
    /// The headers of every request.
    headers: String,
    /// The request, then its response.
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects to the server at `http://address:port`, authenticated by `token`.
    pub(crate) async fn open(base: &str, token: &str) -> Self {
        let address = base.strip_prefix("http://").expect("an address without TLS");
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        let mut connection =
            Self { stream, address: address.to_owned(), headers: String::new(), buffer: Vec::with_capacity(4_096) };
        connection.act_as(token);
        connection
    }

    /// Authenticates the next requests by this token.
    pub(crate) fn act_as(&mut self, token: &str) {
        self.headers = format!("host: {}\r\nauthorization: Bearer {token}\r\n", self.address);
    }

    /// Sends a body and returns the response. Panics if there is no response or its status differs from `status`.
    pub(crate) async fn post(&mut self, path: &str, body: &str, status: u16) -> Value {
        let length = body.len();
        let request = format!(
            "POST /api/v1{path} HTTP/1.1\r\n{}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}",
            self.headers
        );
        let answer = self.exchange(&request, status).await;
        serde_json::from_slice(answer).expect("an answer in JSON")
    }

    /// Requests a page and returns its size in bytes. Panics as [`Connection::post`] does.
    pub(crate) async fn get(&mut self, path: &str) -> usize {
        let request = format!("GET /api/v1{path} HTTP/1.1\r\n{}\r\n", self.headers);
        self.exchange(&request, 200).await.len()
    }

    async fn exchange(&mut self, request: &str, status: u16) -> &[u8] {
        self.stream.write_all(request.as_bytes()).await.expect("a connection");
        self.buffer.clear();
        let (head, length) = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = str::from_utf8(&self.buffer[..end]).expect("headers in ASCII");
                break (end + 4, check(head, status));
            }
            self.read().await;
        };
        while self.buffer.len() < head + length {
            self.read().await;
        }
        assert_eq!(self.buffer.len(), head + length, "more than one response to one request");
        &self.buffer[head..]
    }

    async fn read(&mut self) {
        let count = self.stream.read_buf(&mut self.buffer).await.expect("a connection");
        assert!(count > 0, "the server closed a connection: {}", String::from_utf8_lossy(&self.buffer));
    }
}

/// Checks the status, and returns the length of the body.
fn check(head: &str, status: u16) -> usize {
    let mut lines = head.split("\r\n");
    let found = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    assert_eq!(found, Some(status), "{head}");
    lines
        .find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        })
        .expect("a content-length")
}
