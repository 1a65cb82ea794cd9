use super::held::membership_of;
use chat_domain::changes::{MissedLimit, take_first};
use chat_domain::conversations::Removal;
use chat_domain::receipts::PositionsMoved;
use chat_domain::{Change, ChangeKind, ChangeRange, ConversationId, Epoch, Pos, RealtimeStore, StoreError, UserId};
use chat_protocol::realtime::Resume;
use std::collections::{HashMap, HashSet};

/// The maximum number of conversations that `resumed` names.
const MAX_NAMED: usize = 1_000;

/// A conversation that a connection has joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: ConversationId,
    /// The client's position.
    pub(crate) has: Option<Pos>,
    /// The `pos` of the reading of the memberships: up to here the user's membership is certain.
    pub(crate) seen: Pos,
    /// The position after which live events begin.
    pub(crate) target: Pos,
}

impl Entry {
    fn missed(&self) -> u64 {
        self.has.map_or(0, |has| self.seen.since(has))
    }

    /// Whether the client's position is not of this log: the database has lost changes, for example with a failover.
    fn is_beyond_the_log(&self) -> bool {
        self.has.is_some_and(|has| has > self.target)
    }
}

/// Returns the conversations in which the client's position is void: all if they are of another epoch, else those
/// beyond the log.
pub(crate) fn void(resume: &Resume, epoch: Epoch, entries: &[Entry]) -> Vec<ConversationId> {
    if !resume.may_be_of(epoch) {
        return resume.conversations().collect();
    }
    entries.iter().filter(|entry| entry.is_beyond_the_log()).map(|entry| entry.id).collect()
}

/// The data sent to a connection before live events.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) user: UserId,
    /// The ranges to replay, in order of reading.
    pub(crate) ranges: Vec<ChangeRange>,
    /// The ranges to replay after `resumed`: of conversations whose earlier changes the client must read itself. A
    /// later change that came before would hide from the client that it lacks them.
    pub(crate) tails: Vec<ChangeRange>,
    pub(crate) removals: Vec<Removal>,
    pub(crate) moved: Vec<PositionsMoved>,
    /// The position of each conversation at `resumed`, newest activity first.
    pub(crate) positions: Vec<(ConversationId, Pos)>,
    pub(crate) limited: Vec<ConversationId>,
    /// The conversations of which the client must drop what it has.
    pub(crate) reset: Vec<ConversationId>,
    pub(crate) membership: Membership,
}

/// Tracks the user's membership during the replay: only the changes themselves tell what happened after the memberships
/// were read.
#[derive(Debug)]
pub(crate) struct Membership {
    user: UserId,
    sure: HashMap<ConversationId, Pos>,
    out: HashSet<ConversationId>,
}

impl Membership {
    /// Whether the user may see this change. Changes of one conversation must come in the order of `pos`.
    pub(crate) fn admits(&mut self, change: &Change) -> bool {
        let id = change.conversation_id;
        if self.sure.get(&id).is_some_and(|sure| change.pos <= *sure) {
            return true;
        }
        match membership_of(&change.kind, self.user) {
            Some(true) => {
                self.out.remove(&id);
                true
            }
            Some(false) => self.out.insert(id),
            None => !self.out.contains(&id),
        }
    }

    pub(crate) fn is_out(&self, id: ConversationId) -> bool {
        self.out.contains(&id)
    }

    pub(crate) fn out(&self) -> impl Iterator<Item = ConversationId> + '_ {
        self.out.iter().copied()
    }
}

impl Plan {
    /// Creates the plan. The number of missed changes is a subtraction, since `pos` has no gaps. If more than `most`
    /// are missed in total, the smallest gaps are filled first.
    pub(crate) fn new(
        user: UserId,
        entries: &[Entry],
        removals: Vec<Removal>,
        moved: Vec<PositionsMoved>,
        reset: Vec<ConversationId>,
        most: MissedLimit,
    ) -> Self {
        let mut by_gap: Vec<&Entry> = entries.iter().filter(|entry| entry.missed() > 0).collect();
        by_gap.sort_by_key(|entry| entry.missed());
        let mut budget = u64::from(most.get());
        let mut limited = HashSet::new();
        for entry in by_gap {
            match budget.checked_sub(entry.missed()) {
                Some(left) if limited.is_empty() => budget = left,
                _ => {
                    limited.insert(entry.id);
                }
            }
        }
        // A client that does not know `reset` reads these again too, and continues from the right position.
        limited.extend(&reset);
        let (mut ranges, mut tails) = (Vec::new(), Vec::new());
        let mut positions = Vec::with_capacity(entries.len());
        for Entry { id, has, seen, target } in entries.iter().copied() {
            let (after, position, part) = match has.filter(|_| !limited.contains(&id)) {
                Some(has) => (has.min(seen), target, &mut ranges),
                None => (seen, seen, &mut tails),
            };
            if after < target {
                part.push(ChangeRange { conversation_id: id, after, up_to: target });
            }
            positions.push((id, position));
        }
        let membership = Membership {
            user,
            sure: entries.iter().map(|entry| (entry.id, entry.seen)).collect(),
            out: HashSet::new(),
        };
        Self {
            user,
            ranges,
            tails,
            removals,
            moved,
            positions,
            limited: entries.iter().map(|entry| entry.id).filter(|id| limited.contains(id)).collect(),
            reset,
            membership,
        }
    }

    /// Forgets the conversations that the connection has left. The event that tells of the removal is held, and a
    /// reading would show what happened after it.
    pub(crate) fn keep(&mut self, joined: &HashSet<ConversationId>) {
        self.ranges.retain(|range| joined.contains(&range.conversation_id));
        self.tails.retain(|range| joined.contains(&range.conversation_id));
        self.positions.retain(|(id, _)| joined.contains(id));
        self.limited.retain(|id| joined.contains(id));
    }

    /// Reads the next missed changes that the user may see, of at most `limit` changes; `None` after the last ones.
    pub(crate) async fn next(
        &mut self,
        store: &dyn RealtimeStore,
        limit: u64,
    ) -> Result<Option<Vec<Change>>, StoreError> {
        let page = take_first(&mut self.ranges, limit);
        if page.is_empty() {
            return Ok(None);
        }
        let mut changes = store.list_missed(&page).await?;
        changes.retain(|change| self.membership.admits(change));
        for unknown in changes.iter().filter(|change| change.kind.is_unknown()) {
            self.limit(unknown.conversation_id);
        }
        Ok(Some(changes))
    }

    /// Returns the changes that tell the user of removals.
    pub(crate) fn take_removals(&mut self) -> impl Iterator<Item = Change> + use<> {
        let user_id = self.user;
        let change = move |Removal { conversation_id, pos, at }| Change {
            conversation_id,
            pos,
            at,
            kind: ChangeKind::ParticipantRemoved { user_id },
        };
        std::mem::take(&mut self.removals).into_iter().map(change)
    }

    /// Returns the positions to be named.
    pub(crate) fn take_positions(&mut self) -> Vec<(ConversationId, Pos)> {
        let positions = std::mem::take(&mut self.positions).into_iter();
        positions.filter(|(id, _)| !self.membership.is_out(*id)).take(MAX_NAMED).collect()
    }

    /// Leaves out the changes that are not read yet: the client must page through their conversations itself.
    pub(crate) fn limit_rest(&mut self) {
        for range in std::mem::take(&mut self.ranges) {
            self.limit(range.conversation_id);
        }
    }

    /// Adds this conversation to `limited`: the client must page through it itself.
    pub(crate) fn limit(&mut self, id: ConversationId) {
        if !self.limited.contains(&id) {
            self.limited.push(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn id(number: u128) -> ConversationId {
        ConversationId::new(Uuid::from_u128(number))
    }

    fn plan(entries: &[Entry]) -> Plan {
        let reset = entries.iter().filter(|entry| entry.is_beyond_the_log()).map(|entry| entry.id).collect();
        Plan::new(UserId::new(Uuid::nil()), entries, Vec::new(), Vec::new(), reset, MissedLimit::GREATEST)
    }

    proptest! {
        #[test]
        fn at_most_a_thousand_missed_events_are_sent_again_and_the_rest_is_named(
            gaps in proptest::collection::vec((0_u64..900, 0_u64..900, 0_u64..5), 0..12)
        ) {
            let entries: Vec<_> = gaps.iter().enumerate().map(|(number, (has, seen, more))| Entry {
                id: id(number as u128), has: Some(Pos::new(*has.min(&(seen + more)))), seen: Pos::new(*seen),
                target: Pos::new(seen + more),
            }).collect();
            let plan = plan(&entries);
            let mut sent = 0;
            for entry in &entries {
                let after = |ranges: &[ChangeRange]| {
                    let range = ranges.iter().find(|range| range.conversation_id == entry.id);
                    range.map_or(entry.target, |range| range.after)
                };
                let position = if plan.limited.contains(&entry.id) {
                    prop_assert_eq!((after(&plan.ranges), after(&plan.tails)), (entry.target, entry.seen));
                    entry.seen
                } else {
                    sent += entry.missed();
                    let first = entry.has.unwrap_or_default().min(entry.seen);
                    prop_assert_eq!((after(&plan.ranges), after(&plan.tails)), (first, entry.target));
                    entry.target
                };
                prop_assert!(plan.positions.contains(&(entry.id, position)));
            }
            prop_assert!(sent <= u64::from(MissedLimit::GREATEST.get()));
            let total: u64 = entries.iter().map(Entry::missed).sum();
            prop_assert_eq!(plan.limited.is_empty(), total <= u64::from(MissedLimit::GREATEST.get()));
            let is_limited = |entry: &&Entry| plan.limited.contains(&entry.id);
            let largest_sent = entries.iter().filter(|entry| !is_limited(entry)).map(Entry::missed).max();
            let smallest_limited = entries.iter().filter(is_limited).map(Entry::missed).min();
            if let (Some(sent), Some(limited)) = (largest_sent, smallest_limited) { prop_assert!(sent <= limited); }
        }
    }

    #[test]
    fn who_is_not_coming_back_misses_nothing_but_what_passed_while_attaching() {
        let entry =
            |number, seen, target| Entry { id: id(number), has: None, seen: Pos::new(seen), target: Pos::new(target) };
        let plan = plan(&[entry(1, 5_000, 5_000), entry(2, 7, 9)]);
        assert_eq!(plan.tails, [ChangeRange { conversation_id: id(2), after: Pos::new(7), up_to: Pos::new(9) }]);
        assert!(plan.ranges.is_empty() && plan.limited.is_empty());
    }

    #[test]
    fn a_position_beyond_the_log_resets_its_conversation_alone() {
        let entry =
            |number, has| Entry { id: id(number), has: Some(Pos::new(has)), seen: Pos::new(7), target: Pos::new(7) };
        let plan = plan(&[entry(1, 99), entry(2, 7), entry(3, 6)]);
        assert_eq!(plan.ranges, [ChangeRange { conversation_id: id(3), after: Pos::new(6), up_to: Pos::new(7) }]);
        assert_eq!(plan.positions, [1, 2, 3].map(|number| (id(number), Pos::new(7))));
        assert_eq!((plan.reset, plan.limited), (vec![id(1)], vec![id(1)]));
    }
}
