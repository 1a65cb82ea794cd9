use super::rest::RestSenders;
use crate::contest::{Leg, Stand, Start};
use crate::crowd::Crowd;
use crate::process::Meter;
use crate::send::Way;
use std::time::{Duration, Instant};

/// How long members send before anything counts.
pub(super) const WARM_UP: Duration = Duration::from_secs(1);
/// A server is quiet if it uses less than a tenth of a core over this time.
const LOOK: Duration = Duration::from_millis(200);
/// The most looks, if it never becomes quiet.
const LOOKS: usize = 100;

/// A server with all its members connected.
pub(super) struct Phase {
    crowd: Crowd,
    meter: Meter,
    rest: Option<RestSenders>,
    rooms: usize,
    members: usize,
}

impl Phase {
    /// Connects all members, and waits until the server is quiet.
    pub(super) async fn connect(stand: &Stand, ways: &[Way]) -> Self {
        let members = stand.rooms.first().map_or(0, |room| room.tokens.len());
        let crowd = Crowd::gather(&stand.endpoint, &stand.rooms, members).await;
        let rest = match &stand.site {
            Some(site) if ways.contains(&Way::Rest) => Some(RestSenders::new(site, &stand.rooms)),
            _ => None,
        };
        let meter = stand.meter.clone();
        quiet(&meter).await;
        Self { crowd, meter, rest, rooms: stand.rooms.len(), members }
    }

    /// Sends `rate` messages per second for this time, then waits until every member has received everything.
    pub(super) async fn leg(&mut self, way: Way, rate: u32, time: Duration) -> Leg {
        if let Some(rest) = self.rest.as_mut().filter(|_| way == Way::Rest) {
            rest.connect().await;
        }
        let start = Start::now(&self.crowd, &self.meter);
        let due = Timetable::new(rate, time, self.rooms);
        match (way, &mut self.rest) {
            (Way::Socket, _) => due.run(|room, due| self.crowd.send(room, self.members, due)).await,
            (Way::Rest, Some(rest)) => rest.send(&self.crowd, due).await,
            (Way::Rest, None) => {}
        }
        self.crowd.settled().await;
        start.end(&self.crowd, &self.meter)
    }

    /// Disconnects all members, and waits until the server is quiet.
    pub(super) async fn disconnect(self, stand: &mut Stand) {
        for (room, sent) in stand.rooms.iter_mut().zip(self.crowd.sent()) {
            room.sent = sent;
        }
        drop(self.crowd);
        quiet(&self.meter).await;
    }
}

/// Waits until a server has nothing to do.
async fn quiet(meter: &Meter) {
    let mut before = meter.cpu();
    for _ in 0..LOOKS {
        tokio::time::sleep(LOOK).await;
        let now = meter.cpu();
        if now.saturating_sub(before) < LOOK / 10 {
            return;
        }
        before = now;
    }
}

/// When messages are due, and in which room.
pub(super) struct Timetable {
    start: Instant,
    interval: Duration,
    count: u32,
    rooms: usize,
}

impl Timetable {
    fn new(rate: u32, time: Duration, rooms: usize) -> Self {
        let interval = Duration::from_secs(1) / rate;
        let count = u32::try_from(time.as_nanos() / interval.as_nanos()).expect("a short time");
        Self { start: Instant::now(), interval, count, rooms }
    }

    /// Calls `send` for each message when it is due, or as soon as possible after that.
    pub(super) async fn run(&self, mut send: impl FnMut(usize, Instant)) {
        for number in 0..self.count {
            let due = self.start + self.interval * number;
            if due > Instant::now() {
                tokio::time::sleep_until(due.into()).await;
            } else {
                // The readers have their turn, however late the senders are.
                tokio::task::yield_now().await;
            }
            send(usize::try_from(number).expect("few messages") % self.rooms, due);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Timetable};

    #[tokio::test]
    async fn rooms_take_turns_and_messages_are_due_evenly() {
        let timetable = Timetable::new(1_000, Duration::from_millis(5), 2);
        let mut sent = Vec::new();
        timetable.run(|room, due| sent.push((room, due - timetable.start))).await;
        let expected = [0, 1, 2, 3, 4].map(|number| (number % 2, Duration::from_millis(number as u64)));
        assert_eq!(sent, expected);
    }
}
