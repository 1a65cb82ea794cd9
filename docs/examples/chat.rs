//! Two users, one conversation, and a lost connection: no message is missing, no message is repeated.
//!
//! With `futures-util`, `reqwest` (`json`), `serde_json`, `tokio` (`full`), `tokio-tungstenite` and `uuid` (`v4`):
//! `cargo run --example chat -- http://127.0.0.1:3000`
#![allow(clippy::print_stdout)]

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{self, Message, client::IntoClientRequest as _};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use uuid::Uuid;

type Failure = Box<dyn Error + Send + Sync>;
type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The server pings every 25 s: after this time without a frame the connection counts as dead.
const SILENCE: Duration = Duration::from_mins(1);
/// The connection ended without a Close frame, or was never established.
const LOST: u16 = 1006;

#[derive(Clone, Default)]
struct Server(String);

impl Server {
    async fn rest(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> Result<Value, Failure> {
        let request = reqwest::Client::new().request(method.parse()?, format!("{}/api/v1{path}", self.0));
        let request = if token.is_empty() { request } else { request.bearer_auth(token) };
        let request = if let Some(body) = body { request.json(&body) } else { request };
        let answer: Value = request.send().await?.json().await?;
        if answer["success"] == true {
            Ok(answer)
        } else {
            Err(format!("{}: {}", answer["code"], answer["message"]).into())
        }
    }

    async fn register(&self, name: &str) -> Result<Value, Failure> {
        let email = format!("{}-{}@example.com", name.to_lowercase(), Uuid::new_v4());
        let body = json!({"email": email, "name": name, "password": Uuid::new_v4()});
        Ok(self.rest("POST", "/auth/register", "", Some(body)).await?["data"].take())
    }
}

/// Sends a command again on each connection until it is answered. A message's key makes that safe.
struct Ask {
    event: &'static str,
    data: Value,
    answer: oneshot::Sender<Result<Value, Failure>>,
}

/// A handle to a client, which stays connected while the handle exists.
struct Client {
    asks: mpsc::UnboundedSender<Ask>,
    shown: watch::Receiver<Vec<String>>,
    network: watch::Sender<bool>,
}

impl Client {
    fn new(server: Server, account: Value) -> Self {
        let (asks, commands) = mpsc::unbounded_channel();
        let (show, shown) = watch::channel(Vec::new());
        let (network, reachable) = watch::channel(true);
        let line = Line { server, account, show, ..Line::default() };
        tokio::spawn(async move {
            if let Err(failure) = line.stay(commands, reachable).await {
                eprintln!("{failure}");
            }
        });
        Self { asks, shown, network }
    }

    async fn ask(&self, event: &'static str, data: Value) -> Result<Value, Failure> {
        let (answer, answered) = oneshot::channel();
        self.asks.send(Ask { event, data, answer })?;
        answered.await?
    }

    async fn send(&self, conversation: &Value, content: &str, key: Uuid) -> Result<Value, Failure> {
        self.ask("message:send", json!({"conversationId": conversation, "content": content, "clientMessageId": key}))
            .await
    }

    /// Waits until `count` messages have arrived, and returns them.
    async fn until(&mut self, count: usize) -> Result<String, Failure> {
        Ok(self.shown.wait_for(|shown| shown.len() >= count).await?.join(", "))
    }

    fn shown(&self) -> String {
        self.shown.borrow().join(", ")
    }
}

/// The state that survives a reconnect.
#[derive(Default)]
struct Line {
    server: Server,
    account: Value,
    /// The positions are void in any other epoch of the database; `null` before the first `resumed`.
    epoch: Value,
    /// By conversation: the highest `pos` received.
    have: HashMap<String, u64>,
    /// By conversation: the `pos` of the first `change:skipped` that no node has shown since.
    skipped: HashMap<String, u64>,
    /// By conversation and `seq`: the messages shown, each with its `changedPos`.
    messages: HashMap<String, BTreeMap<u64, (u64, String)>>,
    /// By id: the commands without an answer.
    pending: BTreeMap<u64, Ask>,
    /// The refused commands of this connection by id, and when each is sent again.
    retries: VecDeque<(Instant, u64)>,
    asked: u64,
    show: watch::Sender<Vec<String>>,
    attempts: u32,
}

impl Line {
    /// Stays connected until the handle is dropped.
    async fn stay(
        mut self,
        mut asks: mpsc::UnboundedReceiver<Ask>,
        mut network: watch::Receiver<bool>,
    ) -> Result<(), Failure> {
        loop {
            if network.wait_for(|reachable| *reachable).await.is_err() {
                return Ok(());
            }
            let (code, reason) = match self.connection(&mut asks, &mut network).await {
                Ok(Some(end)) => end,
                Ok(None) => return Ok(()),
                Err(_) => (LOST, String::new()),
            };
            match code {
                4003 => return Err("the session was ended: sign in again".into()),
                4001 | 4002 => self.renew().await?, // If this fails, the user must sign in again.
                _ => {}
            }
            // Jitter: a thousand clients that lost one server must not reconnect at the same moment.
            let longest = LONGEST_PAUSE.min(FIRST_PAUSE * 2_u32.pow(self.attempts));
            self.attempts = (self.attempts + 1).min(10);
            let named = serde_json::from_str::<Value>(&reason).ok().and_then(|reason| reason["retryAfterMs"].as_u64());
            sleep(named.map_or_else(|| longest.mul_f64(random()), Duration::from_millis)).await;
        }
    }

    /// Runs one connection until it ends. Returns the close code and reason, or `None` if the handle was dropped.
    async fn connection(
        &mut self,
        asks: &mut mpsc::UnboundedReceiver<Ask>,
        network: &mut watch::Receiver<bool>,
    ) -> Result<Option<(u16, String)>, Failure> {
        let mut request =
            format!("{}/api/v1/ws?resume=true", self.server.0.replacen("http", "ws", 1)).into_client_request()?;
        request.headers_mut().insert("authorization", format!("Bearer {}", self.token()).parse()?);
        let mut socket = match connect_async(request).await {
            Ok((socket, _)) => socket,
            Err(tungstenite::Error::Http(answer)) if answer.status() == 401 => return Ok(Some((4001, String::new()))),
            Err(error) => return Err(error.into()),
        };
        // Another node may know the changes that the last one skipped: asks for everything from the first of them on.
        self.have.extend(self.skipped.iter().map(|(conversation, pos)| (conversation.clone(), pos - 1)));
        write(&mut socket, &json!({"event": "resume", "data": {"resume": self.have, "epoch": self.epoch}})).await?;
        self.retries.clear();
        let (mut is_live, mut fresh) = (false, self.token_grows_old());
        loop {
            let retry = self.retries.front().map(|(due, _)| *due);
            tokio::select! {
                biased;
                () = until_tunnel(network) => return Ok(Some((LOST, String::new()))),
                message = timeout(SILENCE, socket.next()) => match message? {
                    Some(Ok(Message::Text(text))) => {
                        let is_resumed = self.take(serde_json::from_str(&text)?).await?;
                        // A second `resumed` on one connection does not send them again.
                        if is_resumed && !is_live {
                            is_live = true;
                            for id in self.pending.keys() {
                                self.issue(&mut socket, *id).await?;
                            }
                        }
                    }
                    Some(Ok(Message::Close(Some(end)))) => return Ok(Some((end.code.into(), end.reason.to_string()))),
                    Some(Ok(_)) => {} // Pings are answered by the library.
                    Some(Err(error)) => return Err(error.into()),
                    None => return Ok(Some((LOST, String::new()))),
                },
                () = sleep_until(retry.unwrap_or(fresh)), if retry.is_some() => {
                    if let Some((_, id)) = self.retries.pop_front() {
                        self.issue(&mut socket, id).await?;
                    }
                }
                ask = asks.recv(), if is_live => {
                    let Some(ask) = ask else { return Ok(socket.close(None).await.map(|()| None)?) };
                    self.asked += 1;
                    self.pending.insert(self.asked, ask);
                    self.issue(&mut socket, self.asked).await?;
                }
                // Sends a fresh token on the open connection, before the old one expires.
                () = sleep_until(fresh) => {
                    self.renew().await?;
                    fresh = self.token_grows_old();
                    write(&mut socket, &json!({"event": "auth", "data": {"token": self.token()}})).await?;
                }
            }
        }
    }

    /// Handles one frame. Returns whether it is `resumed`.
    async fn take(&mut self, mut frame: Value) -> Result<bool, Failure> {
        let mut data = frame["data"].take();
        if let Some(id) = frame["id"].as_str().and_then(|id| id.parse().ok()) {
            if let Some(pause) = data["retryAfterMs"].as_u64() {
                // One command after the other: all at once would be refused again.
                let now = Instant::now();
                let last = self.retries.back().map_or(now, |(due, _)| now.max(*due));
                self.retries.push_back((last + Duration::from_millis(pause), id));
            } else if let Some(ask) = self.pending.remove(&id) {
                let answer = if frame["event"] == "ack" { Ok(data) } else { Err(data.to_string().into()) };
                let _ = ask.answer.send(answer); // The caller may have gone.
            }
            return Ok(false);
        }
        if frame["event"] == "resumed" {
            self.drop_what_is_void(data["epoch"].take(), data["reset"].take())?;
            self.resumed(data["positions"].take(), data["limited"].take()).await?;
            return Ok(true);
        }
        self.apply(&frame["event"], &data);
        Ok(false)
    }

    fn apply(&mut self, event: &Value, data: &Value) {
        if let Some(pos) = data["pos"].as_u64() {
            let have = self.have.entry(text(&data["conversationId"])).or_default();
            if pos <= *have {
                return;
            }
            *have = pos;
            if event == "change:skipped" {
                self.skipped.entry(text(&data["conversationId"])).or_insert(pos);
            }
        }
        match event.as_str() {
            Some("message:received") => self.show(data),
            Some("message:updated") => self.show(&data["message"]),
            Some("message:deleted") => {
                // The event is not a whole message: it changes one that is here, and no other.
                let messages = self.messages.get(&text(&data["conversationId"]));
                if messages.zip(data["seq"].as_u64()).is_some_and(|(messages, seq)| messages.contains_key(&seq)) {
                    let mut tombstone = data.clone();
                    (tombstone["content"], tombstone["changedPos"]) = ("".into(), data["pos"].clone());
                    self.show(&tombstone);
                }
            }
            _ => {}
        }
    }

    /// Of two states of a message, that with the higher `changedPos` is the newer one, in whatever order they come.
    fn show(&mut self, message: &Value) {
        let messages = self.messages.entry(text(&message["conversationId"])).or_default();
        let (seq, changed) = (message["seq"].as_u64().unwrap_or(0), message["changedPos"].as_u64().unwrap_or(0));
        if messages.get(&seq).is_none_or(|(known, _)| *known < changed) {
            messages.insert(seq, (changed, text(&message["content"])));
            let shown = self.messages.values().flat_map(BTreeMap::values).map(|(_, content)| content.clone());
            self.show.send_replace(shown.collect());
        }
    }

    /// If the database has lost changes, what this client has of these conversations may be of the lost ones.
    fn drop_what_is_void(&mut self, epoch: Value, reset: Value) -> Result<(), Failure> {
        if epoch.is_null() {
            return Ok(()); // A node of the previous release sends neither.
        }
        let reset: HashSet<String> = serde_json::from_value(reset)?;
        let is_new_epoch = !self.epoch.is_null() && self.epoch != epoch;
        self.have.retain(|id, _| !is_new_epoch && !reset.contains(id));
        self.skipped.retain(|id, _| !is_new_epoch && !reset.contains(id));
        self.messages.retain(|id, _| !is_new_epoch && !reset.contains(id));
        self.epoch = epoch;
        Ok(())
    }

    /// Catches up with the conversations that did not come whole: those that missed too much or are new to this client,
    /// or all that missed anything if `resume` came too late.
    async fn resumed(&mut self, positions: Value, limited: Value) -> Result<(), Failure> {
        let positions: HashMap<String, u64> = serde_json::from_value(positions)?;
        let limited: HashSet<String> = serde_json::from_value(limited)?;
        for id in positions.keys().chain(&limited).collect::<HashSet<_>>() {
            match (self.have.get(id), positions.get(id)) {
                (Some(have), Some(pos)) if have >= pos => {
                    if !limited.contains(id) {
                        self.skipped.remove(id);
                    }
                }
                (Some(have), _) => self.catch_up(id, *have).await?,
                (None, _) => self.read_all(id).await?,
            }
        }
        self.attempts = 0;
        Ok(())
    }

    async fn catch_up(&mut self, id: &str, mut after: u64) -> Result<(), Failure> {
        // What this node cannot show is skipped again.
        if self.skipped.get(id).is_some_and(|skipped| *skipped > after) {
            self.skipped.remove(id);
        }
        loop {
            let path = format!("/conversations/{id}/changes?after={after}");
            let page = self.server.rest("GET", &path, self.token(), None).await?;
            if page["data"]["reset"] == true {
                self.messages.remove(id);
                return self.read_all(id).await;
            }
            for event in page["data"]["events"].as_array().into_iter().flatten() {
                self.apply(&event["event"], &event["data"]);
            }
            let Some(next) = page["pagination"]["nextCursor"].as_str() else {
                self.have.extend(page["pagination"]["asOfPos"].as_u64().map(|pos| (id.to_owned(), pos)));
                return Ok(());
            };
            after = next.parse()?;
        }
    }

    async fn read_all(&mut self, id: &str) -> Result<(), Failure> {
        let (mut after, mut position) = (Some("0".to_owned()), None);
        while let Some(from) = after {
            let path = format!("/conversations/{id}/messages?limit=100&after={from}");
            let page = self.server.rest("GET", &path, self.token(), None).await?;
            for message in page["data"].as_array().into_iter().flatten() {
                self.show(message);
            }
            // Later pages may show more, which the changes after it repeat.
            position = position.or(page["pagination"]["asOfPos"].as_u64());
            after = page["pagination"]["prevCursor"].as_str().map(str::to_owned); // The way to newer messages.
        }
        self.have.extend(position.map(|pos| (id.to_owned(), pos)));
        Ok(())
    }

    async fn issue(&self, socket: &mut Socket, id: u64) -> Result<(), Failure> {
        let Some(ask) = self.pending.get(&id) else { return Ok(()) };
        write(socket, &json!({"event": ask.event, "data": ask.data, "id": id.to_string()})).await
    }

    async fn renew(&mut self) -> Result<(), Failure> {
        let body = json!({"refreshToken": self.account["refreshToken"]});
        self.account = self.server.rest("POST", "/auth/refresh", "", Some(body)).await?["data"].take();
        Ok(())
    }

    fn token(&self) -> &str {
        self.account["accessToken"].as_str().unwrap_or_default()
    }

    fn token_grows_old(&self) -> Instant {
        let lifetime = Duration::from_secs(self.account["expiresIn"].as_u64().unwrap_or(60));
        Instant::now() + lifetime.mul_f64(0.8)
    }
}

async fn until_tunnel(network: &mut watch::Receiver<bool>) {
    let _ = network.wait_for(|reachable| !*reachable).await;
}

async fn write(socket: &mut Socket, frame: &Value) -> Result<(), Failure> {
    Ok(socket.send(Message::text(frame.to_string())).await?)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Between 0 and 1.
fn random() -> f64 {
    f64::from(Uuid::new_v4().as_fields().0) / f64::from(u32::MAX)
}

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let server = Server(std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:3000".to_owned()));
    let (ann, bob) = (server.register("Ann").await?, server.register("Bob").await?);
    let (token, someone) = (text(&ann["accessToken"]), json!({"userId": ann["user"]["id"]}));
    let body = json!({"participantIds": [bob["user"]["id"]]});
    let conversation = server.rest("POST", "/conversations", &token, Some(body)).await?["data"]["id"].take();
    let (mut ann, mut bob) = (Client::new(server.clone(), ann), Client::new(server.clone(), bob));

    ann.send(&conversation, "one", Uuid::new_v4()).await?;
    println!("Bob has {}", bob.until(1).await?);

    // A tunnel: the connection ends without a Close frame, and the client cannot reconnect until the tunnel ends.
    bob.network.send_replace(false);
    ann.send(&conversation, "two", Uuid::new_v4()).await?;
    ann.send(&conversation, "three", Uuid::new_v4()).await?;
    println!("Bob is away, and still has {}", bob.shown());

    bob.network.send_replace(true);
    println!("Bob is back, and has {}", bob.until(3).await?);

    // A client that is not sure whether a message was stored sends it again under the same key.
    let key = Uuid::new_v4();
    let (sent, again) = (ann.send(&conversation, "four", key).await?, ann.send(&conversation, "four", key).await?);
    println!(
        "Ann sends four twice under one key: {}",
        if sent["id"] == again["id"] { "one message" } else { "TWO MESSAGES" }
    );

    let mut same = true;
    let path = format!("/conversations/{}/messages", text(&conversation));
    let history: Vec<Value> = serde_json::from_value(server.rest("GET", &path, &token, None).await?["data"].take())?;
    let stored = history.iter().rev().map(|message| text(&message["content"])).collect::<Vec<_>>().join(", ");
    for client in [&mut ann, &mut bob] {
        client.until(4).await?;
        // Answers arrive in order, so all earlier events are here.
        client.ask("presence:get", someone.clone()).await?;
        same &= client.shown() == stored;
    }
    println!("{} what is stored: {stored}", if same { "Both have" } else { "NOT BOTH HAVE" });
    Ok(if same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
