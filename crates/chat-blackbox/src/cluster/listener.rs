use super::{Nodes, Seen, Without};
use crate::{DEADLINE, Person, Rest, Socket};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// The pause between two attempts to reach a node.
const PAUSE: Duration = Duration::from_millis(50);

/// How long a member waits for stored messages that it has not been shown: several tail check intervals.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a member's device was shown.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// Every message, in order.
    pub seen: Vec<Seen>,
    /// The number of reconnects.
    pub comebacks: usize,
    /// The number of messages read over REST, because too many were missed.
    pub paged: usize,
}

/// A member's device.
pub struct Listener {
    /// The `seq` up to which each conversation must be shown; known at the end.
    expected: watch::Sender<Option<HashMap<String, u64>>>,
    task: JoinHandle<Log>,
}

impl Listener {
    /// Connects to the node of this number. Returns when every later event will be shown.
    pub async fn start(person: &Person, nodes: &Nodes, number: usize) -> Self {
        let (expected, wanted) = watch::channel(None);
        let (ready, is_ready) = oneshot::channel();
        let device = Device {
            person: person.clone(),
            nodes: nodes.clone(),
            number,
            without: Without::of_environment(),
            positions: BTreeMap::new(),
            seqs: HashMap::new(),
            log: Log::default(),
            ready: Some(ready),
        };
        let task = tokio::spawn(device.run(wanted));
        tokio::time::timeout(DEADLINE, is_ready).await.expect("a connection in time").expect("a connection");
        Self { expected, task }
    }

    /// Waits until all of this was shown, or the time is over, then reads anything that follows. Returns what was
    /// shown.
    pub async fn finish(self, expected: HashMap<String, u64>) -> Log {
        self.expected.send_replace(Some(expected));
        self.task.await.expect("a listener ends")
    }
}

struct Device {
    person: Person,
    nodes: Nodes,
    number: usize,
    without: Without,
    /// The highest `pos` of each conversation, which the client sends when it resumes.
    positions: BTreeMap<String, u64>,
    seqs: HashMap<String, u64>,
    log: Log,
    ready: Option<oneshot::Sender<()>>,
}

impl Device {
    async fn run(mut self, mut wanted: watch::Receiver<Option<HashMap<String, u64>>>) -> Log {
        let mut socket = self.connect().await;
        let mut until: Option<Instant> = None;
        loop {
            if until.is_none() && wanted.borrow_and_update().is_some() {
                until = Some(Instant::now() + PATIENCE);
            }
            let is_done = wanted.borrow().as_ref().is_some_and(|wanted| self.has_all(wanted));
            if is_done || until.is_some_and(|until| Instant::now() >= until) {
                self.read_rest(socket).await;
                return self.log;
            }
            tokio::select! {
                frame = socket.next_or_closed() => if let Ok(frame) = frame {
                    self.take(&frame).await;
                } else {
                    self.log.comebacks += 1;
                    self.number += 1;
                    socket = self.connect().await;
                },
                _ = wanted.changed(), if until.is_none() => {}
                () = tokio::time::sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => {}
            }
        }
    }

    fn has_all(&self, wanted: &HashMap<String, u64>) -> bool {
        wanted.iter().all(|(conversation, last)| self.seqs.get(conversation).copied().unwrap_or(0) >= *last)
    }

    /// Reaches a node and sends the positions.
    async fn connect(&mut self) -> Socket {
        let until = Instant::now() + 4 * DEADLINE;
        loop {
            assert!(Instant::now() < until, "no node accepts {}", self.person.name);
            let url = format!("{}/api/v1/ws", self.nodes.pick(self.number).replacen("http", "ws", 1));
            let resume = if self.without == Without::Resume { json!({}) } else { json!(self.positions) };
            if let Some(mut socket) = Socket::try_resume(&url, &self.person.access_token, &resume).await
                && self.catch_up(&mut socket).await
            {
                if let Some(ready) = self.ready.take() {
                    // A failure means that the receiver was dropped.
                    let _ = ready.send(());
                }
                return socket;
            }
            self.number += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Reads the missed events up to `resumed`; `false` if the connection ends before.
    async fn catch_up(&mut self, socket: &mut Socket) -> bool {
        loop {
            match socket.next_or_closed().await {
                Ok(frame) => {
                    let is_end = frame["event"] == "resumed";
                    self.take(&frame).await;
                    if is_end {
                        return true;
                    }
                }
                Err(_) => return false,
            }
        }
    }

    async fn take(&mut self, frame: &Value) {
        let data = &frame["data"];
        match frame["event"].as_str() {
            Some("message:received") => {
                let pos = data["pos"].as_u64().unwrap_or_default();
                self.note(data, pos);
            }
            Some("resumed") => {
                for conversation in data["limited"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                    let up_to = data["positions"][conversation].as_u64().unwrap_or_default();
                    self.page(conversation, up_to).await;
                }
                for (conversation, pos) in data["positions"].as_object().into_iter().flatten() {
                    self.reach(conversation, pos.as_u64().unwrap_or_default());
                }
            }
            _ => {
                if let (Some(conversation), Some(pos)) = (data["conversationId"].as_str(), data["pos"].as_u64()) {
                    self.reach(conversation, pos);
                }
            }
        }
    }

    fn note(&mut self, message: &Value, pos: u64) {
        let conversation = message["conversationId"].as_str().unwrap_or_default().to_owned();
        let seq = message["seq"].as_u64().unwrap_or_default();
        self.reach(&conversation, pos);
        let highest = self.seqs.entry(conversation.clone()).or_default();
        *highest = seq.max(*highest);
        self.log.seen.push(Seen { conversation, seq, pos, id: message["id"].as_str().unwrap_or_default().to_owned() });
    }

    fn reach(&mut self, conversation: &str, pos: u64) {
        let highest = self.positions.entry(conversation.to_owned()).or_default();
        *highest = pos.max(*highest);
    }

    /// Reads messages over REST that were too many to resume.
    async fn page(&mut self, conversation: &str, up_to: u64) {
        let until = Instant::now() + DEADLINE;
        loop {
            let after = self.seqs.get(conversation).copied().unwrap_or(0);
            let has = self.positions.get(conversation).copied().unwrap_or(0);
            let rest = Rest::new(&self.nodes.pick(self.number)).with_token(&self.person.access_token);
            let path = format!("/conversations/{conversation}/messages?limit=100&after={after}");
            let reply = rest.request(reqwest::Method::GET, &path).try_send().await;
            let Some(reply) = reply.filter(|reply| reply.status == 200) else {
                assert!(Instant::now() < until, "the history of {conversation} cannot be read");
                self.number += 1;
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let mut page = reply.data(200).as_array().cloned().unwrap_or_default();
            page.sort_by_key(|message| message["seq"].as_u64());
            // REST does not show `pos`. In these runs only messages follow after all members have joined, so both
            // numbers advance together.
            let offset = has.saturating_sub(after);
            let before = self.log.seen.len();
            for message in page {
                let pos = message["seq"].as_u64().unwrap_or_default() + offset;
                if pos <= up_to {
                    self.note(&message, pos);
                }
            }
            self.log.paged += self.log.seen.len() - before;
            if self.log.seen.len() == before {
                return;
            }
        }
    }

    /// Reads everything sent before this moment.
    async fn read_rest(&mut self, mut socket: Socket) {
        socket
            .send_text(&json!({"event": "presence:get", "id": "last", "data": {"userId": self.person.id}}).to_string())
            .await;
        while let Ok(frame) = socket.next_or_closed().await {
            if frame["id"] == "last" {
                return;
            }
            self.take(&frame).await;
        }
    }
}
