use crate::disk::micros;
use hdrhistogram::Histogram;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// After this long without any delivery, missing messages count as lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// What all members of all rooms have received. Every message must reach every member of its room exactly once.
pub(super) struct Tally {
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    rooms: Vec<Room>,
    totals: Totals,
    latency: Histogram<u64>,
    fault: Option<String>,
}

struct Room {
    members: u32,
    /// The number of the first message in `waiting`.
    first: u64,
    waiting: VecDeque<Waiting>,
}

/// A message that some member has not received yet, as far as we know.
struct Waiting {
    missing: u32,
    due: Instant,
}

/// The counts since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) sent: u64,
    /// Messages that every member has received.
    pub(crate) complete: u64,
    pub(crate) acked: u64,
    pub(crate) deliveries: u64,
    /// Deliveries to be expected of all messages sent.
    pub(crate) due: u64,
    /// The delivered JSON, or text without JSON around it, in bytes.
    pub(crate) bytes: u64,
}

impl Tally {
    /// Of rooms, each with the number of its members and of the messages that it already has.
    pub(super) fn new(rooms: impl Iterator<Item = (usize, u64)>) -> Arc<Self> {
        let room = |(members, sent): (usize, u64)| Room {
            members: u32::try_from(members).expect("fewer members"),
            first: sent + 1,
            waiting: VecDeque::new(),
        };
        let state = State {
            rooms: rooms.map(room).collect(),
            totals: Totals::default(),
            latency: Histogram::new(3).expect("three digits"),
            fault: None,
        };
        Arc::new(Self { state: Mutex::new(state), changed: Notify::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics in here")
    }

    /// Counts a message that was due at this time and is about to be sent to a room; returns its number there.
    pub(super) fn begin(&self, room: usize, due: Instant) -> u64 {
        let mut state = self.state();
        let State { rooms, totals, .. } = &mut *state;
        let Room { members, first, waiting } = &mut rooms[room];
        waiting.push_back(Waiting { missing: *members, due });
        totals.sent += 1;
        totals.due += u64::from(*members);
        *first + waiting.len() as u64 - 1
    }

    /// Records that a member of a room has received message `number`.
    pub(super) fn received(&self, room: usize, number: u64, bytes: usize) {
        let mut state = self.state();
        state.totals.deliveries += 1;
        state.totals.bytes += bytes as u64;
        let Room { first, waiting, .. } = &mut state.rooms[room];
        let place = number.checked_sub(*first).and_then(|place| usize::try_from(place).ok());
        let Some(message) = place.and_then(|place| waiting.get_mut(place)).filter(|message| message.missing > 0) else {
            drop(state);
            self.fail(format!("message {number} was received again, or was never sent"));
            return;
        };
        message.missing -= 1;
        if message.missing == 0 {
            let latency = micros(message.due.elapsed());
            while waiting.front().is_some_and(|message| message.missing == 0) {
                waiting.pop_front();
                *first += 1;
            }
            state.latency.record(latency).expect("a histogram that grows");
            state.totals.complete += 1;
            drop(state);
            self.changed.notify_one();
        }
    }

    /// The number of messages of each room by now.
    pub(super) fn sent(&self) -> Vec<u64> {
        self.state().rooms.iter().map(|room| room.first - 1 + room.waiting.len() as u64).collect()
    }

    pub(super) fn acked(&self) {
        self.state().totals.acked += 1;
        self.changed.notify_one();
    }

    /// Records a fault, which makes the run invalid.
    pub(super) fn fail(&self, fault: String) {
        self.state().fault.get_or_insert(fault);
        self.changed.notify_one();
    }

    pub(super) fn totals(&self) -> Totals {
        self.state().totals
    }

    /// The times from when each message was due until its last member had it, in microseconds; starts a new histogram.
    pub(super) fn take_latency(&self) -> Histogram<u64> {
        std::mem::replace(&mut self.state().latency, Histogram::new(3).expect("three digits"))
    }

    /// Waits until the totals satisfy the condition. Panics if the run is invalid, or if deliveries stop.
    pub(super) async fn until(&self, is_reached: impl Fn(&Totals) -> bool) {
        loop {
            let changed = self.changed.notified();
            {
                let state = self.state();
                if let Some(fault) = &state.fault {
                    panic!("invalid run: {fault}");
                }
                if is_reached(&state.totals) {
                    return;
                }
            }
            let in_time = tokio::time::timeout(PATIENCE, changed).await.is_ok();
            assert!(in_time, "invalid run: deliveries or answers were lost: {:?}", self.totals());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;
    use std::time::Instant;

    #[tokio::test]
    async fn a_message_is_complete_when_every_member_has_it() {
        let tally = Tally::new([(2, 0)].into_iter());
        let (first, second) = (tally.begin(0, Instant::now()), tally.begin(0, Instant::now()));
        for number in [first, second, second] {
            tally.received(0, number, 10);
        }
        assert_eq!(tally.totals().complete, 1, "the second, before the first");
        tally.received(0, first, 10);
        tally.until(|totals| totals.complete == 2 && totals.bytes == 40).await;
        assert_eq!(tally.take_latency().len(), 2);
        assert!(tally.take_latency().is_empty(), "taken");
    }

    #[tokio::test]
    #[should_panic(expected = "message 1 was received again")]
    async fn a_message_that_comes_again_voids_the_run() {
        let tally = Tally::new([(1, 0)].into_iter());
        let number = tally.begin(0, Instant::now());
        tally.received(0, number, 10);
        tally.received(0, number, 10);
        tally.until(|_| true).await;
    }

    #[test]
    fn each_room_counts_its_own_messages() {
        let tally = Tally::new([(1, 0), (3, 7)].into_iter());
        let now = Instant::now();
        let numbers = [tally.begin(0, now), tally.begin(1, now), tally.begin(0, now)];
        assert_eq!(numbers, [1, 8, 2]);
        tally.received(0, 1, 10);
        assert_eq!((tally.totals().due, tally.sent()), (5, vec![2, 8]));
    }
}
