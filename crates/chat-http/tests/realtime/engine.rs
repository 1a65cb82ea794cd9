//! Socket.IO clients without a library: they read and write raw packets.

use crate::house::{CLOSE, FIN, House, Person, Socket, TEXT, frame};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

/// A client over WebSocket.
pub(crate) struct Client(pub(crate) Socket);

impl Client {
    /// Opens a session that is not connected to a namespace.
    pub(crate) async fn open(address: SocketAddr, headers: &[(&str, &str)]) -> Self {
        let mut socket = Socket::to(address).await;
        let answer = socket.upgrade(WEBSOCKET, headers, b"").await;
        assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
        let mut client = Self(socket);
        assert_eq!(client.hear().await.as_bytes()[0], b'0', "the open packet");
        client
    }

    /// Opens a session and connects it to the namespace as this person. `more` is added to the payload of CONNECT.
    pub(crate) async fn connect(address: SocketAddr, person: &Person, more: Value) -> Self {
        let mut client = Self::open(address, &[]).await;
        let answer = client.introduce(person, more).await;
        assert!(answer.starts_with("40/chat,{\"sid\":\""), "{answer}");
        client
    }

    /// Sends a CONNECT packet of this person, and returns the answer.
    pub(crate) async fn introduce(&mut self, person: &Person, mut more: Value) -> String {
        more["token"] = json!(person.token);
        self.say(&format!("40/chat,{more}")).await;
        loop {
            let packet = self.hear().await;
            // Events of an earlier connection may still arrive.
            if !packet.starts_with("42") {
                return packet;
            }
        }
    }

    pub(crate) async fn say(&mut self, packet: &str) {
        self.0.write(&frame(FIN | TEXT, packet.as_bytes())).await;
    }

    /// Returns the next packet that is not a ping.
    pub(crate) async fn hear(&mut self) -> String {
        loop {
            let (first, payload) = self.0.frame().await.expect("the socket is open");
            assert_eq!(first, FIN | TEXT, "{payload:?}");
            match String::from_utf8(payload).expect("text").as_str() {
                "2" => self.say("3").await,
                packet => return packet.to_owned(),
            }
        }
    }

    /// Returns the data of the next event of this name, and skips others.
    pub(crate) async fn event(&mut self, name: &str) -> Value {
        loop {
            if let Some(data) = event_in(&self.hear().await, name) {
                return data;
            }
        }
    }

    /// Sends a command, and returns the data of its ack. Skips events.
    pub(crate) async fn ask(&mut self, event: &str, data: &Value, id: u64) -> Value {
        self.say(&format!("42/chat,{id}{}", json!([event, data]))).await;
        self.ack(id).await
    }

    /// Returns the data of the ack with this id.
    pub(crate) async fn ack(&mut self, id: u64) -> Value {
        loop {
            if let Some(answer) = ack_in(&self.hear().await, id) {
                return answer;
            }
        }
    }

    /// Returns the packets before the Close frame, and its code.
    pub(crate) async fn last_words(&mut self) -> (Vec<String>, u16) {
        let mut packets = Vec::new();
        loop {
            let (first, payload) = self.0.frame().await.expect("a Close frame before the end");
            if first == FIN | CLOSE {
                return (packets, u16::from_be_bytes([payload[0], payload[1]]));
            }
            packets.push(String::from_utf8(payload).expect("text"));
        }
    }
}

pub(crate) fn event_in(packet: &str, name: &str) -> Option<Value> {
    let mut event: Value = serde_json::from_str(packet.strip_prefix("42/chat,")?).ok()?;
    (event[0] == name).then(|| event[1].take())
}

pub(crate) fn ack_in(packet: &str, id: u64) -> Option<Value> {
    let answer: Value = serde_json::from_str(packet.strip_prefix(&format!("43/chat,{id}"))?).ok()?;
    assert_eq!(answer.as_array().map(Vec::len), Some(1), "one argument: {answer}");
    Some(answer[0].clone())
}

/// The response to a plain request.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Sends one request on its own connection.
pub(crate) async fn request(address: SocketAddr, line: &str, headers: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

/// A client over polling.
pub(crate) struct Poller {
    address: SocketAddr,
    query: String,
}

impl Poller {
    /// Opens a session that is not connected to a namespace.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let opened = request(address, "GET /socket.io/?EIO=4&transport=polling", "", "").await;
        let open: Value = serde_json::from_str(&opened.body[1..]).expect("an open packet");
        let query = format!("EIO=4&transport=polling&sid={}", open["sid"].as_str().expect("a sid"));
        Self { address, query }
    }

    pub(crate) async fn connect(house: &House, person: &Person) -> Self {
        let poller = Self::open(house.address).await;
        poller.say(&format!("40/chat,{}", json!({"token": person.token}))).await;
        let answer = poller.hear().await;
        assert!(answer[0].starts_with("40/chat,{\"sid\":\""), "{answer:?}");
        poller
    }

    pub(crate) async fn say(&self, packets: &str) {
        let answer = request(self.address, &format!("POST /socket.io/?{}", self.query), "", packets).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    }

    /// Returns the packets of one poll.
    pub(crate) async fn hear(&self) -> Vec<String> {
        let answer = request(self.address, &format!("GET /socket.io/?{}", self.query), "", "").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body.split('\u{1e}').map(str::to_owned).collect()
    }
}
