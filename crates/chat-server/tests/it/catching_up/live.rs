use super::device::{Any, Device};
use chat_blackbox::{Closed, Person, Rest, Socket};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// How long a device listens for more when it has nothing else to do.
const QUIET: Duration = Duration::from_millis(200);

/// A client that keeps one conversation by the rules of `docs/realtime.md`: it connects to any node, resumes, applies
/// events, and loses its connection. The user may be removed from the conversation and return.
pub(crate) struct LiveDevice {
    /// What it keeps; `None` while the user takes no part, as far as the client knows.
    kept: Option<Device>,
    /// Up to where this client knows the conversation, also while it does not take part.
    position: u64,
    /// The user's own read position.
    read: u64,
    person: Person,
    group: String,
    /// The events applied while connected.
    pub(crate) applied: usize,
}

impl LiveDevice {
    /// A client that knows nothing yet.
    pub(crate) fn new(person: &Person, group: &str) -> Self {
        let (person, group) = (person.clone(), group.to_owned());
        Self { kept: None, position: 0, read: 0, person, group, applied: 0 }
    }

    /// Connects to this node, resumes, and applies events until `enough` of them came or none comes for a moment.
    pub(crate) async fn visit(&mut self, node: &str, enough: usize) {
        self.person = self.person.at(&Rest::new(node));
        let mut socket = self.connect(node).await;
        for _ in 0..enough {
            let Ok(frame) = timeout(QUIET, socket.next_or_closed()).await else { return };
            match frame {
                Ok(frame) => self.take(&frame).await,
                Err(closed) => panic!("{}: {closed:?}", self.person.name),
            }
        }
    }

    /// Connects to this node and applies everything up to this change of the conversation.
    pub(crate) async fn finish(&mut self, node: &str, end: u64) -> Result<(), Closed> {
        self.person = self.person.at(&Rest::new(node));
        let mut socket = self.connect(node).await;
        while self.kept.is_some() && self.position < end {
            let frame = socket.next_or_closed().await?;
            self.take(&frame).await;
        }
        Ok(())
    }

    /// Connects, and applies what was missed.
    async fn connect(&mut self, node: &str) -> Socket {
        let url = format!("{}/api/v1/ws", node.replacen("http", "ws", 1));
        let known = if self.position == 0 { json!({}) } else { json!({self.group.as_str(): self.position}) };
        let socket = Socket::try_resume(&url, &self.person.access_token, &known).await;
        let mut socket = socket.expect("a connection");
        loop {
            let frame = socket.next().await;
            if frame["event"] == "resumed" {
                self.resumed(&frame["data"]).await;
                return socket;
            }
            self.apply(&frame).await;
        }
    }

    async fn resumed(&mut self, data: &Value) {
        let (reset, limited) = (json!([self.group]), data["limited"].as_array().expect("conversations"));
        assert_ne!(data["reset"], reset, "{}, after {}: {data}", self.person.name, self.position);
        let now = data["positions"][&self.group].as_u64();
        if now.is_none() && limited.is_empty() {
            return;
        }
        if self.kept.is_none() || now.is_none_or(|now| now > self.position) {
            self.read_what_is_missing().await;
        }
    }

    /// Pages through the changes, or reads the conversation for the first time.
    async fn read_what_is_missing(&mut self) {
        if let Some(kept) = &mut self.kept {
            kept.person = self.person.clone();
            match kept.try_catch_up_whole(&mut Any::new(self.position)).await {
                Some(()) => self.position = kept.position,
                None => self.kept = None,
            }
            return;
        }
        self.kept = Device::try_start(&self.person, &self.group).await;
        let conversation = self.person.rest.get(&format!("/conversations/{}", self.group)).await;
        if let (Some(kept), 200) = (&self.kept, conversation.status) {
            let number = |field: &str| conversation.body["data"][field].as_u64().expect("a number");
            self.read = self.read.max(number("lastSeq") - number("unreadCount"));
            self.position = self.position.max(kept.position);
        }
    }

    /// Applies a frame of a connection that has resumed: every `pos` follows on the last one.
    async fn take(&mut self, frame: &Value) {
        let is_of_group = frame["data"]["conversationId"] == self.group.as_str();
        if let (true, Some(pos)) = (is_of_group, frame["data"]["pos"].as_u64()) {
            if pos <= self.position {
                return;
            }
            let joins = self.kept.is_none();
            let name = &self.person.name;
            assert!(joins || pos == self.position + 1, "{name}: {} is followed by {frame}", self.position);
            self.applied += 1;
        }
        self.apply(frame).await;
    }

    async fn apply(&mut self, frame: &Value) {
        let (event, data) = (frame["event"].as_str().unwrap_or_default(), &frame["data"]);
        if event == "message:status" && data["userId"] == self.person.id.as_str() {
            self.read = self.read.max(data["readSeq"].as_u64().expect("a number"));
        }
        let Some(pos) = data["pos"].as_u64().filter(|pos| *pos > self.position) else { return };
        let of_self = data["userId"] == self.person.id.as_str() || data["user"]["id"] == self.person.id.as_str();
        self.position = pos;
        match event {
            "participant:removed" if of_self => self.kept = None,
            "participant:added" if of_self => {
                self.kept = None;
                self.read_what_is_missing().await;
            }
            _ => {
                if let Some(kept) = &mut self.kept {
                    kept.apply_one(frame);
                    kept.position = pos;
                }
            }
        }
    }

    /// Compares with a fresh read over REST.
    pub(crate) async fn compare(&self) -> Vec<String> {
        let reply = self.person.rest.get(&format!("/conversations/{}", self.group)).await;
        let name = &self.person.name;
        match (&self.kept, reply.status) {
            (None, 403) => Vec::new(),
            (Some(kept), 200) => {
                let mut differences = kept.compare().await;
                let fresh = reply.data(200);
                let newest = kept.messages.values().next_back().map_or(&Value::Null, |message| &message["content"]);
                if *newest != fresh["lastMessage"]["content"] {
                    differences.push(format!("last message: {newest} instead of {}", fresh["lastMessage"]));
                }
                let last = kept.messages.keys().next_back().copied().unwrap_or(0);
                let unread = last - self.read.max(kept.sent);
                if fresh["unreadCount"] != unread {
                    differences.push(format!("unread: {unread} instead of {}", fresh["unreadCount"]));
                }
                differences.into_iter().map(|difference| format!("{name}: {difference}")).collect()
            }
            (kept, status) => vec![format!("{name}: takes part: {}, but REST answers {status}", kept.is_some())],
        }
    }
}
