use super::device::Mark;
use super::text;
use chat_blackbox::{Person, Server, Socket};
use serde_json::{Value, json};
use std::collections::HashMap;

/// All changes of the group, as a client without positions receives them on resume.
pub(super) struct Log {
    /// The `seq` of each message, by its id.
    pub(super) seqs: HashMap<String, u64>,
    /// For each removed user: the number of messages when they were last added again, or `None` if they were not.
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
                    assert_eq!(data["limited"], json!([]), "the resume is not limited");
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
