use super::{Acked, Nodes, Without};
use crate::{DEADLINE, Person, Rest};
use reqwest::Method;
use serde_json::json;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(50);

/// How many deadlines to keep trying: a database takes a while to restart.
const PATIENCE: u32 = 4;

/// A client that sends each message until it is stored, to whichever node answers.
pub struct Sender {
    nodes: Nodes,
    number: usize,
    without: Without,
    clients: HashMap<String, Rest>,
    /// The number of repeated attempts.
    pub retries: usize,
}

impl Sender {
    /// Starts with the node of this number.
    pub fn new(nodes: &Nodes, number: usize) -> Self {
        let without = Without::of_environment();
        Self { nodes: nodes.clone(), number, without, clients: HashMap::new(), retries: 0 }
    }

    /// Sends with the content as its key. Every attempt goes to the next node.
    pub async fn send(&mut self, person: &Person, conversation: &str, content: &str) -> Acked {
        let path = format!("/conversations/{conversation}/messages");
        let until = Instant::now() + PATIENCE * DEADLINE;
        loop {
            self.number += 1;
            let base = self.nodes.pick(self.number);
            let rest = self.clients.entry(base).or_insert_with_key(|base| Rest::new(base)).clone();
            let key = match self.without {
                Without::Idempotency => uuid::Uuid::new_v4().to_string(),
                Without::Nothing | Without::Resume => content.to_owned(),
            };
            let request = rest.with_token(&person.access_token).request(Method::POST, &path);
            let reply = request.json(&json!({"content": content, "clientMessageId": key})).try_send().await;
            match reply {
                Some(reply) if matches!(reply.status, 200 | 201) => {
                    let id = reply.body["data"]["id"].as_str().unwrap_or_default().to_owned();
                    return Acked { conversation: conversation.to_owned(), id, content: content.to_owned() };
                }
                Some(reply) if reply.status < 500 => panic!("a send was refused: {} {}", reply.status, reply.body),
                _ => {}
            }
            assert!(Instant::now() < until, "no node stores {content}");
            self.retries += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }
}
