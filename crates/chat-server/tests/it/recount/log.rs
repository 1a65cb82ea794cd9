use super::device::Mark;
use super::text;
use chat_blackbox::{Person, Server, Socket};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Everything that happened in the group, as whoever comes back and has nothing is told it.
pub(super) struct Log {
    /// The numbers of its messages, by their ids.
    pub(super) seqs: HashMap<String, u64>,
    /// Of whom was removed: how much had been said when they came back last, or nothing while they have not.
    returned: HashMap<String, Option<u64>>,
}

impl Log {
    pub(super) async fn read(server: &Server, reader: &Person, group: &str) -> Self {
        let socket = Socket::try_resume(&server.socket_url(), &reader.access_token, &json!({group: 0})).await;
        let mut socket = socket.expect("a socket");
        let mut log = Self { seqs: HashMap::new(), returned: HashMap::new() };
        let mut said = 0;
        loop {
            let Value::Object(mut frame) = socket.next().await else { panic!("a frame") };
            let data = frame.remove("data").unwrap_or_default();
            match frame["event"].as_str() {
                Some("resumed") => {
                    assert_eq!(data["limited"], json!([]), "too much to be told at once");
                    return log;
                }
                Some("message:received") if data["conversationId"] == group => {
                    said = data["seq"].as_u64().expect("a number");
                    assert_eq!(log.seqs.insert(text(&data["id"]), said), None);
                }
                Some("participant:removed") => _ = log.returned.insert(text(&data["userId"]), None),
                Some("participant:added") => _ = log.returned.insert(text(&data["user"]["id"]), Some(said)),
                _ => {}
            }
        }
    }

    pub(super) fn seq_of(&self, mark: &Mark) -> u64 {
        match mark {
            Mark::Seq(seq) => *seq,
            Mark::Message(id) => self.seqs[id],
        }
    }

    pub(super) fn is_in(&self, person: &str) -> bool {
        self.returned.get(person) != Some(&None)
    }

    pub(super) fn joined(&self, person: &str) -> u64 {
        self.returned.get(person).copied().flatten().unwrap_or(0)
    }
}
