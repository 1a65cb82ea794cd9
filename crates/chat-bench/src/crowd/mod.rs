//! The members of one conversation, each with its own connection. Each member checks that it receives every message
//! once and in order.

mod tally;

pub(crate) use tally::Totals;

use crate::client::{Ended, Endpoint, Heard, Link, Pass, Writer, number_of};
use futures_util::StreamExt as _;
use hdrhistogram::Histogram;
use std::sync::Arc;
use std::time::Instant;
use tally::Tally;
use tokio::task::JoinSet;

/// The number of connections that connect at once during the setup.
const CONNECTING: usize = 64;

/// The text of a message: 64 characters, which start with its number.
const WORDS: &str = " such as people write to each other, of a usual length";

/// A conversation and its connected members. Dropping it closes their connections.
pub(crate) struct Crowd {
    conversation: String,
    senders: Vec<Writer>,
    tally: Arc<Tally>,
    /// The members' tasks, which end with this value.
    _members: JoinSet<()>,
    members: usize,
}

impl Crowd {
    /// Connects all members to a conversation without messages. The first few take turns to send, and receive like all
    /// others.
    pub(crate) async fn gather(endpoint: &Endpoint, tokens: &[String], conversation: &str, senders: usize) -> Self {
        let rooms = [conversation.to_owned()];
        let connecting = tokens.iter().map(|token| endpoint.connect(Pass::new(token, &rooms)));
        let links: Vec<_> = futures_util::stream::iter(connecting).buffered(CONNECTING).collect().await;
        let tally = Tally::new(links.len());
        let senders = links.iter().take(senders).map(|link: &Link| link.writer().clone()).collect();
        let (mut tasks, members) = (JoinSet::new(), links.len());
        for link in links {
            tasks.spawn(listen(link, Arc::clone(&tally)));
        }
        Self { conversation: conversation.to_owned(), senders, tally, _members: tasks, members }
    }

    pub(crate) const fn members(&self) -> usize {
        self.members
    }

    /// Sends the next message, which was due at this time, from the next sender.
    pub(crate) fn send(&self, due: Instant) {
        let number = self.tally.begin(due);
        let turn = usize::try_from(number).expect("fewer messages") % self.senders.len();
        let data = format!(
            r#"{{"conversationId":"{}","content":"{number:010}{WORDS}","clientMessageId":"{number}"}}"#,
            self.conversation
        );
        self.senders[turn].command(number, "message:send", &data);
    }

    /// The totals so far.
    pub(crate) fn totals(&self) -> Totals {
        self.tally.totals()
    }

    /// Waits until at most this many messages have not reached every member. Panics if a message is lost, repeated or
    /// out of order.
    pub(crate) async fn in_flight_at_most(&self, count: u64) {
        self.tally.until(|totals| totals.sent - totals.complete <= count).await;
    }

    /// Waits until every member has every message, and every message is acknowledged.
    pub(crate) async fn settled(&self) {
        self.tally.until(|totals| totals.complete == totals.sent && totals.acked == totals.sent).await;
        let totals = self.tally.totals();
        assert_eq!(totals.deliveries, totals.sent * self.members as u64, "not every message reached every member once");
    }

    /// The times from when each message was due until its last member had it, in microseconds; starts a new histogram.
    pub(crate) fn take_latency(&self) -> Histogram<u64> {
        self.tally.take_latency()
    }
}

/// Runs a member until its connection ends, which is a fault.
async fn listen(mut link: Link, tally: Arc<Tally>) {
    let mut seq = 0;
    let ended = link.until(|heard| {
        match *heard {
            Heard::Event { name: "message:received", data } => {
                seq += 1;
                if number_of(data, r#""seq":"#) == Some(seq) {
                    let number = number_of(data, r#""content":""#).unwrap_or_default();
                    tally.received(number, data.len());
                } else {
                    tally.fail(format!("lost, repeated or out of order: expected {seq}, received {data}"));
                }
            }
            Heard::Event { name: "error", data } => tally.fail(format!("an error: {data}")),
            Heard::Answer { is_done: true, .. } => tally.acked(),
            Heard::Answer { is_done: false, said, .. } => tally.fail(format!("a message was refused: {said}")),
            _ => {}
        }
        false
    });
    let ended: Result<(), Ended> = ended.await;
    tally.fail(format!("a member's connection ended: {ended:?}"));
}
