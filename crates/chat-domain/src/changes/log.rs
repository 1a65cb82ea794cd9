use super::{Change, coalesce};
use crate::{ConversationId, Pos, StoreError};
use async_trait::async_trait;

/// A part of one conversation's changes: those with `after < pos <= up_to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChangeRange {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The last `pos` before the range.
    pub after: Pos,
    /// The last `pos` of the range.
    pub up_to: Pos,
}

/// Reads stored changes.
#[async_trait]
pub trait ChangeLog: Send + Sync {
    /// Returns the first `limit` changes of these ranges, in the order of the ranges and by `pos` within each, in a
    /// constant number of queries. The caller checks who may see them.
    async fn list_changes(&self, ranges: &[ChangeRange], limit: u32) -> Result<Vec<Change>, StoreError>;

    /// Returns what a client that missed these ranges needs, as [`coalesce`] says, in the order of the ranges and by
    /// `pos` within each. The caller checks who may see it, and limits it: [`Self::list_missed_pos`].
    ///
    /// This implementation reads the ranges whole, and does not show messages whole after changes of their parts: it is
    /// for tests. Stores read only what they return, in a constant number of queries.
    async fn list_missed(&self, ranges: &[ChangeRange]) -> Result<Vec<Change>, StoreError> {
        let mut missed = Vec::new();
        for range in ranges {
            missed.extend(coalesce(self.list_changes(&[*range], u32::MAX).await?));
        }
        Ok(missed)
    }

    /// Returns the first `limit` places in this range of what [`Self::list_missed`] returns, ascending. Memberships and
    /// the conversation's own fields are not coalesced.
    ///
    /// This implementation coalesces them too, and reads the range whole.
    async fn list_missed_pos(&self, range: ChangeRange, limit: u32) -> Result<Vec<Pos>, StoreError> {
        let changes = self.list_missed(&[range]).await?;
        Ok(changes.into_iter().map(|change| change.pos).take(limit as usize).collect())
    }
}

impl ChangeRange {
    /// Returns the number of changes in the range, if all of them exist.
    pub fn len(&self) -> usize {
        usize::try_from(self.up_to.since(self.after)).unwrap_or(usize::MAX)
    }

    /// Whether the range holds no change.
    pub fn is_empty(&self) -> bool {
        self.up_to <= self.after
    }
}

/// Cuts the ranges to the changes that exist, and to `limit` changes in total. Numbers have no gaps, so this needs no
/// query. `last_pos` returns the newest number of a conversation.
pub fn cut(ranges: &[ChangeRange], last_pos: impl Fn(ConversationId) -> Option<Pos>, limit: u64) -> Vec<ChangeRange> {
    let mut room = limit;
    let mut spans = Vec::with_capacity(ranges.len());
    for ChangeRange { conversation_id, after, up_to } in ranges.iter().copied() {
        let Some(last_pos) = last_pos(conversation_id) else { continue };
        let length = last_pos.min(up_to).since(after).min(room);
        if length > 0 {
            room -= length;
            spans.push(ChangeRange { conversation_id, after, up_to: Pos::new(after.get() + length) });
        }
    }
    spans
}

/// Takes the first `limit` positions out of these ranges. The ranges keep the rest.
pub fn take_first(ranges: &mut Vec<ChangeRange>, limit: u64) -> Vec<ChangeRange> {
    let first = cut(ranges, |_| Some(Pos::MAX), limit);
    for (range, taken) in ranges.iter_mut().filter(|range| !range.is_empty()).zip(&first) {
        range.after = taken.up_to;
    }
    ranges.retain(|range| !range.is_empty());
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    proptest! {
        #[test]
        fn taking_part_after_part_covers_every_range_once(
            spans in proptest::collection::vec((0_u64..20, 0_u64..20), 0..6), limit in 1_u64..9
        ) {
            let mut ranges: Vec<_> = spans.iter().enumerate().map(|(number, (after, length))| {
                let conversation_id = ConversationId::new(Uuid::from_u128(number as u128));
                ChangeRange { conversation_id, after: Pos::new(*after), up_to: Pos::new(after + length) }
            }).collect();
            let all = |ranges: &[ChangeRange]| ranges.iter().flat_map(|range| {
                (range.after.get() + 1..=range.up_to.get()).map(|pos| (range.conversation_id, pos))
            }).collect::<Vec<_>>();
            let (expected, mut taken) = (all(&ranges), Vec::new());
            while !ranges.is_empty() {
                let part = all(&take_first(&mut ranges, limit));
                prop_assert!(part.len() as u64 <= limit);
                taken.extend(part);
            }
            prop_assert_eq!(taken, expected);
        }
    }

    #[test]
    fn ranges_are_cut_to_what_exists_and_to_the_limit() {
        let id = |number| ConversationId::new(Uuid::from_u128(number));
        let range = |number, after, up_to| ChangeRange {
            conversation_id: id(number),
            after: Pos::new(after),
            up_to: Pos::new(up_to),
        };
        let last_pos = |conversation| {
            [(id(1), 10), (id(2), 5)].into_iter().find(|(one, _)| *one == conversation).map(|(_, pos)| Pos::new(pos))
        };
        let cut = |ranges: &[ChangeRange], limit| {
            cut(ranges, last_pos, limit)
                .into_iter()
                .map(|span| (span.after.get(), span.up_to.get(), span.len()))
                .collect::<Vec<_>>()
        };
        let ranges = [range(1, 7, Pos::MAX.get()), range(9, 0, 4), range(2, 5, 9), range(2, 1, 3)];
        assert_eq!(cut(&ranges, 100), [(7, 10, 3), (1, 3, 2)]);
        assert_eq!(cut(&ranges, 4), [(7, 10, 3), (1, 2, 1)]);
        assert_eq!(cut(&ranges, 2), [(7, 9, 2)]);
        assert_eq!(cut(&ranges, 0), []);
    }
}
