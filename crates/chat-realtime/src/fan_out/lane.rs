use crate::worker::Worker;
use chat_domain::{Change, Pos};
use std::collections::BTreeMap;

/// The maximum number of changes that a lane holds behind a gap. Later changes are read from the store again.
pub(crate) const MAX_HELD: usize = 1_000;

/// One conversation on this node: puts its changes in the order of `pos`. A pure state machine; its owner does the
/// locking, posting and repairing.
#[derive(Debug)]
pub(crate) struct Lane {
    delivered: Pos,
    known: Pos,
    held: BTreeMap<Pos, Change>,
    trackers: Vec<Tracker>,
    /// Whether a task is filling the gap.
    pub(crate) is_repairing: bool,
}

/// A worker with a member of the conversation, and the last change posted to it.
#[derive(Debug)]
struct Tracker {
    worker: Worker,
    posted: Pos,
}

impl Lane {
    /// Creates a lane that has delivered everything up to `delivered`; `known` is the highest known `pos`.
    pub(crate) fn new(delivered: Pos, known: Pos) -> Self {
        Self {
            delivered,
            known: known.max(delivered),
            held: BTreeMap::new(),
            trackers: Vec::new(),
            is_repairing: false,
        }
    }

    pub(crate) const fn delivered(&self) -> Pos {
        self.delivered
    }

    pub(crate) const fn known(&self) -> Pos {
        self.known
    }

    /// Notes that a change with this `pos` exists.
    pub(crate) fn hear_of(&mut self, pos: Pos) {
        self.known = self.known.max(pos);
    }

    /// Accepts a change, in any order and any number of times.
    pub(crate) fn accept(&mut self, change: Change) {
        self.hear_of(change.pos);
        let is_next = change.pos == self.delivered.next();
        if change.pos > self.delivered && (is_next || self.held.len() < MAX_HELD) {
            self.held.insert(change.pos, change);
        }
    }

    /// Returns the next change in order, each exactly once.
    pub(crate) fn next_ready(&mut self) -> Option<Change> {
        let change = self.held.remove(&self.delivered.next())?;
        self.delivered = change.pos;
        Some(change)
    }

    /// Abandons the missing changes up to here: later ones are delivered without them.
    pub(crate) fn skip(&mut self, up_to: Pos) {
        self.delivered = self.delivered.max(up_to);
    }

    /// Returns the gap: after the first, up to and including the second. `None` if there is none.
    pub(crate) fn hole(&self) -> Option<(Pos, Pos)> {
        if self.known <= self.delivered {
            return None;
        }
        let up_to = self.held.keys().next().map_or(self.known, |first| Pos::new(first.get().saturating_sub(1)));
        Some((self.delivered, up_to))
    }

    pub(crate) fn tracks(&self, worker: &Worker) -> bool {
        self.trackers.iter().any(|tracker| tracker.worker == *worker)
    }

    /// Posts to this worker from the next change on.
    pub(crate) fn add(&mut self, worker: &Worker) {
        if !self.tracks(worker) {
            self.trackers.push(Tracker { worker: worker.clone(), posted: self.delivered });
        }
    }

    /// Removes a worker, unless a change was posted to it that it had not seen when it asked.
    pub(crate) fn remove(&mut self, worker: &Worker, seen: Pos) {
        self.trackers.retain(|tracker| tracker.worker != *worker || tracker.posted > seen);
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.trackers.is_empty()
    }

    /// The workers that receive this durable change.
    pub(crate) fn post_change(&mut self, pos: Pos, mut post: impl FnMut(&Worker) -> bool) {
        self.trackers.retain_mut(|tracker| {
            tracker.posted = pos;
            post(&tracker.worker)
        });
    }

    /// The workers with a member of the conversation.
    pub(crate) fn workers(&self) -> impl Iterator<Item = &Worker> {
        self.trackers.iter().map(|tracker| &tracker.worker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_domain::{ChangeKind, ConversationId, Timestamp, UserId};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn change(pos: u64) -> Change {
        Change {
            conversation_id: ConversationId::new(Uuid::nil()),
            pos: Pos::new(pos),
            at: Timestamp::default(),
            kind: ChangeKind::ParticipantRemoved { user_id: UserId::new(Uuid::nil()) },
        }
    }

    fn ready(lane: &mut Lane) -> Vec<u64> {
        std::iter::from_fn(|| lane.next_ready()).map(|change| change.pos.get()).collect()
    }

    proptest! {
        #[test]
        fn whatever_the_order_and_however_often_each_change_leaves_once_and_in_order(
            arrivals in proptest::collection::vec(1_u64..40, 0..120), start in 0_u64..20
        ) {
            let mut lane = Lane::new(Pos::new(start), Pos::new(start));
            let mut left = Vec::new();
            for pos in &arrivals {
                lane.accept(change(*pos));
                left.extend(ready(&mut lane));
            }
            // Whatever is missing is read from the store.
            while let Some((after, up_to)) = lane.hole() {
                prop_assert!(after < up_to);
                lane.accept(change(after.get() + 1));
                left.extend(ready(&mut lane));
            }
            let highest = arrivals.iter().copied().max().unwrap_or(0).max(start);
            prop_assert_eq!(left, (start + 1..=highest).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_lane_holds_a_bounded_number_and_knows_what_it_let_go() {
        let mut lane = Lane::new(Pos::ZERO, Pos::ZERO);
        for pos in 2..=2_500 {
            lane.accept(change(pos));
        }
        assert_eq!(lane.held.len(), MAX_HELD);
        assert_eq!(lane.hole(), Some((Pos::ZERO, Pos::new(1))));
        lane.accept(change(1));
        assert_eq!(ready(&mut lane).len(), MAX_HELD + 1);
        assert_eq!(lane.hole(), Some((Pos::new(1_001), Pos::new(2_500))));
    }

    #[test]
    fn a_hole_that_is_skipped_lets_out_what_was_held_behind_it() {
        let mut lane = Lane::new(Pos::new(1), Pos::new(1));
        for pos in [4, 5] {
            lane.accept(change(pos));
        }
        assert_eq!(lane.hole(), Some((Pos::new(1), Pos::new(3))));
        lane.skip(Pos::new(3));
        assert_eq!((ready(&mut lane), lane.hole()), (vec![4, 5], None));
        lane.accept(change(2));
        assert!(ready(&mut lane).is_empty(), "late changes are old");
    }

    #[test]
    fn a_worker_is_forgotten_only_when_it_has_seen_all_that_was_posted_to_it() {
        let worker = Worker::new(10);
        let mut lane = Lane::new(Pos::new(3), Pos::new(3));
        lane.add(&worker);
        lane.post_change(Pos::new(4), |_| true);
        lane.remove(&worker, Pos::new(3));
        assert!(lane.tracks(&worker), "change 4 is on its way to the worker");
        lane.remove(&worker, Pos::new(4));
        assert!(lane.is_idle());
    }

    #[test]
    fn a_worker_that_takes_no_posts_is_forgotten() {
        let worker = Worker::new(10);
        let mut lane = Lane::new(Pos::ZERO, Pos::ZERO);
        lane.add(&worker);
        lane.post_change(Pos::new(1), |_| false);
        assert!(!lane.tracks(&worker));
    }
}
