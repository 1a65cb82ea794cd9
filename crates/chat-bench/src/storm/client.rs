//! A client that reconnects and knows its positions.

use crate::client::{Endpoint, Heard, Link, Pass, number_of, text_of};
use serde_json::Value;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

/// A refused client waits for a random time of at most this, doubled with each failed attempt (docs/realtime.md).
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Number of failed attempts after which the client gives up.
const PATIENCE: u32 = 12;

/// The highest `pos` of each conversation.
pub(crate) type Positions = HashMap<String, u64>;

/// What a client keeps while it is disconnected.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) token: String,
    pub(crate) have: Positions,
    /// Number of durable events received.
    pub(crate) events: u64,
}

impl Client {
    pub(crate) fn new(token: &str) -> Self {
        Self { token: token.to_owned(), have: Positions::new(), events: 0 }
    }

    /// Connects for the first time and learns the current positions.
    pub(crate) async fn arrive(&mut self, endpoint: &Endpoint) -> Link {
        let mut link = endpoint.open(Pass::new(&self.token, &[])).await.expect("a connection");
        let arriving = link.until(|heard| {
            let Heard::Event { name: "resumed", data } = heard else { return false };
            self.have = resumed(data).0;
            true
        });
        arriving.await.expect("a connection that lasts");
        link
    }

    /// Reconnects and returns the reasons of refused attempts. Panics if an event is missing or repeated.
    pub(crate) async fn come_back(&mut self, endpoint: &Endpoint) -> (Link, Vec<String>) {
        let mut refusals = Vec::new();
        for attempt in 0..PATIENCE {
            match self.try_to(endpoint).await {
                Ok(link) => return (link, refusals),
                Err(refusal) => refusals.push(refusal),
            }
            let pause = LONGEST_PAUSE.min(PAUSE * 2_u32.pow(attempt));
            tokio::time::sleep(pause.mul_f64(self.chance(attempt))).await;
        }
        panic!("a client could not reconnect: {refusals:?}");
    }

    /// Keeps what arrives before a refusal; the next attempt continues from there.
    async fn try_to(&mut self, endpoint: &Endpoint) -> Result<Link, String> {
        let resume = serde_json::to_string(&self.have).expect("JSON");
        let mut link = endpoint.open(Pass { token: &self.token, resume: &resume, rooms: &[] }).await?;
        let mut refusal = None;
        let coming = link.until(|heard| match heard {
            Heard::Event { name: "error", data } => {
                refusal = Some((*data).to_owned());
                true
            }
            _ => self.hear(heard),
        });
        let ended = coming.await.map_err(|ended| format!("{ended:?}"));
        refusal.map_or(ended, Err).map(|()| link)
    }

    /// Returns a number from 0 to 1 that differs for each client and attempt.
    fn chance(&self, attempt: u32) -> f64 {
        let mut hasher = DefaultHasher::new();
        (&self.token, attempt).hash(&mut hasher);
        f64::from(u32::try_from(hasher.finish() >> 32).expect("32 bits")) / f64::from(u32::MAX)
    }

    /// Records what arrives. Returns whether it was `resumed`.
    pub(crate) fn hear(&mut self, heard: &Heard<'_>) -> bool {
        match heard {
            Heard::Event { name: "resumed", data } => {
                let (positions, limited) = resumed(data);
                assert!(limited == 0, "too much was missed in {limited} conversations");
                assert!(positions == self.have, "a gap: expected {positions:?}, received {:?}", self.have);
                true
            }
            Heard::Event { name: "error", data } => panic!("an error: {data}"),
            Heard::Event { name, data } => {
                if let Some(pos) = number_of(data, r#""pos":"#) {
                    self.keep(name, pos, data);
                }
                false
            }
            _ => false,
        }
    }

    fn keep(&mut self, name: &str, pos: u64, data: &str) {
        let conversation = text_of(data, r#""conversationId":"#).expect("a conversation");
        let have = self.have.get_mut(conversation).expect("a conversation of this client");
        assert!(pos == *have + 1, "lost, repeated or out of order: {name} {pos} after {have} in {conversation}");
        *have = pos;
        self.events += 1;
    }

    /// Returns whether the client has all events of its conversations up to these positions.
    pub(crate) fn has(&self, goal: &Positions) -> bool {
        self.have.iter().all(|(conversation, have)| goal.get(conversation).is_none_or(|goal| have >= goal))
    }
}

/// Parses the positions, and the number of conversations in which too much was missed.
fn resumed(data: &str) -> (Positions, usize) {
    // The rest of the frame follows the JSON.
    let value = serde_json::Deserializer::from_str(data).into_iter::<Value>().next();
    let value = value.expect("data").expect("JSON");
    let positions = value["positions"].as_object().expect("positions").iter();
    let positions = positions.map(|(id, pos)| (id.clone(), pos.as_u64().expect("a number"))).collect();
    (positions, value["limited"].as_array().map_or(0, Vec::len))
}

#[cfg(test)]
mod tests {
    use super::Client;
    use crate::client::Heard;

    fn message(pos: u64) -> String {
        format!(r#"{{"id":"m","conversationId":"c","pos":{pos}}}}}"#)
    }

    fn client() -> Client {
        let mut client = Client::new("t");
        client.have.insert("c".to_owned(), 4);
        client
    }

    #[test]
    fn what_was_missed_is_counted_and_where_it_ends_is_compared() {
        let mut client = client();
        for pos in 5..=6 {
            assert!(!client.hear(&Heard::Event { name: "message:received", data: &message(pos) }));
        }
        assert!(client.hear(&Heard::Event { name: "resumed", data: r#"{"positions":{"c":6},"limited":[]}}"# }));
        assert_eq!(client.events, 2);
    }

    #[test]
    #[should_panic(expected = "lost, repeated or out of order")]
    fn a_gap_is_found() {
        client().hear(&Heard::Event { name: "message:received", data: &message(6) });
    }

    #[test]
    #[should_panic(expected = "a gap")]
    fn a_gap_at_the_end_is_found() {
        client().hear(&Heard::Event { name: "resumed", data: r#"{"positions":{"c":5},"limited":[]}}"# });
    }
}
