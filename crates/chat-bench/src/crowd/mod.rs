//! The members of rooms, each with its own connection. Each member checks that it receives every message of its room
//! exactly once; and in order, if messages are numbered by the server.

mod seen;
mod tally;

pub(crate) use tally::Totals;

use crate::client::{Endpoint, Heard, Link, Pass, Writer, number_of};
use futures_util::StreamExt as _;
use hdrhistogram::Histogram;
use seen::Seen;
use std::sync::Arc;
use std::time::Instant;
use tally::Tally;
use tokio::task::JoinSet;

/// The number of connections that connect at once during the setup.
const CONNECTING: usize = 64;
/// The length of a message's text, in bytes.
pub(crate) const TEXT_BYTES: usize = 200;
/// The text after the number.
const WORDS: &str = " such as people write to each other, of a usual length";

/// A room or conversation, and the people who will connect.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub(crate) id: String,
    /// The members' access tokens; names on a server without accounts.
    pub(crate) tokens: Vec<String>,
    /// Messages that the room already has.
    pub(crate) sent: u64,
}

/// Rooms and their connected members. Dropping it closes their connections.
pub(crate) struct Crowd {
    rooms: Vec<Place>,
    tally: Arc<Tally>,
    /// The members' tasks, which end with this value.
    _members: JoinSet<()>,
}

struct Place {
    id: String,
    senders: Vec<Writer>,
}

/// A message that is about to be sent.
pub(crate) struct Draft<'a> {
    /// Counts the room's messages from 1.
    pub(crate) number: u64,
    pub(crate) room: &'a str,
    pub(crate) text: String,
}

impl Crowd {
    /// Connects all members. In each room the first `senders` may send, and receive like all others.
    pub(crate) async fn gather(endpoint: &Endpoint, rooms: &[Room], senders: usize) -> Self {
        let tally = Tally::new(rooms.iter().map(|room| (room.tokens.len(), room.sent)));
        let names: Vec<_> = rooms.iter().map(|room| [room.id.clone()]).collect();
        let all = rooms.iter().zip(&names).enumerate();
        let passes = all
            .flat_map(|(number, (room, name))| room.tokens.iter().map(move |token| (number, Pass::new(token, name))));
        let connecting = passes.map(|(number, pass)| async move { (number, endpoint.connect(pass).await) });
        let mut links = std::pin::pin!(futures_util::stream::iter(connecting).buffered(CONNECTING));
        let place = |room: &Room| Place { id: room.id.clone(), senders: Vec::new() };
        let (mut places, mut members): (Vec<_>, _) = (rooms.iter().map(place).collect(), JoinSet::new());
        while let Some((number, link)) = links.next().await {
            let chosen = &mut places[number].senders;
            if chosen.len() < senders {
                chosen.push(link.writer().clone());
            }
            members.spawn(listen(link, number, rooms[number].sent, Arc::clone(&tally)));
        }
        Self { rooms: places, tally, _members: members }
    }

    /// Sends the room's next message, which was due at this time. This many of its members take turns.
    pub(crate) fn send(&self, room: usize, senders: usize, due: Instant) {
        let draft = self.draft(room, due);
        let senders = &self.rooms[room].senders[..senders];
        let turn = usize::try_from(draft.number).expect("fewer messages") % senders.len();
        senders[turn].message(draft.number, draft.room, &draft.text);
        if !senders[turn].gets_answers() {
            self.tally.acked();
        }
    }

    /// Counts the room's next message, for a sender of another kind, who calls [`Crowd::acked`].
    pub(crate) fn draft(&self, room: usize, due: Instant) -> Draft<'_> {
        let number = self.tally.begin(room, due);
        Draft { number, room: &self.rooms[room].id, text: text(number) }
    }

    /// Counts a response to a message of another kind of sender.
    pub(crate) fn acked(&self) {
        self.tally.acked();
    }

    /// The totals so far.
    pub(crate) fn totals(&self) -> Totals {
        self.tally.totals()
    }

    /// The number of messages that each room has by now.
    pub(crate) fn sent(&self) -> Vec<u64> {
        self.tally.sent()
    }

    /// Waits until at most this many messages have not reached every member. Panics if a message is lost or repeated.
    pub(crate) async fn in_flight_at_most(&self, count: u64) {
        self.tally.until(|totals| totals.sent - totals.complete <= count).await;
    }

    /// Waits until every member has every message, and every message is acknowledged.
    pub(crate) async fn settled(&self) {
        self.tally.until(|totals| totals.complete == totals.sent && totals.acked == totals.sent).await;
        let totals = self.tally.totals();
        assert_eq!(totals.deliveries, totals.due, "not every message reached every member once");
    }

    /// The times from when each message was due until its last member had it, in microseconds; starts a new histogram.
    pub(crate) fn take_latency(&self) -> Histogram<u64> {
        self.tally.take_latency()
    }
}

/// The text of a message, which starts with its number.
fn text(number: u64) -> String {
    let mut text = format!("{number:010}");
    while text.len() < TEXT_BYTES {
        text.push_str(&WORDS[..WORDS.len().min(TEXT_BYTES - text.len())]);
    }
    text
}

/// Runs a member until its connection ends, which is a fault.
async fn listen(mut link: Link, room: usize, already: u64, tally: Arc<Tally>) {
    let (mut seq, mut seen) = (already, Seen::through(already));
    let mut received = |number: Option<u64>, bytes: usize| match number {
        Some(number) if seen.add(number) => tally.received(room, number, bytes),
        _ => tally.fail(format!("message {number:?} was received again")),
    };
    let ended = link.until(|heard| {
        match *heard {
            Heard::Event { name: "message:received", data } => {
                seq += 1;
                if number_of(data, r#""seq":"#) == Some(seq) {
                    received(number_of(data, r#""content":""#), data.len());
                } else {
                    tally.fail(format!("lost, repeated or out of order: expected {seq}, received {data}"));
                }
            }
            Heard::Text(text) => received(number_of(text, ""), text.len()),
            Heard::Event { name: "error", data } => tally.fail(format!("an error: {data}")),
            Heard::Answer { is_done: true, .. } => tally.acked(),
            Heard::Answer { is_done: false, said, .. } => tally.fail(format!("a message was refused: {said}")),
            _ => {}
        }
        false
    });
    let ended = ended.await;
    tally.fail(format!("a member's connection ended: {ended:?}"));
}

#[cfg(test)]
mod tests {
    use super::{TEXT_BYTES, text};
    use crate::client::number_of;

    #[test]
    fn a_text_has_its_length_and_its_number() {
        assert_eq!(text(7).len(), TEXT_BYTES);
        assert_eq!(number_of(&text(1_234_567), ""), Some(1_234_567));
    }
}
