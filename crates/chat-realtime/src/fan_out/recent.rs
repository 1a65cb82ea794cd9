use chat_domain::{ConversationId, Pos};
use std::collections::HashMap;

/// How many conversations one generation remembers.
const GENERATION: usize = 1_024;

/// What passed by lately in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Passed {
    /// Up to here it was delivered, while somebody here took part: what comes late is old.
    pub(crate) delivered: Pos,
    /// The highest number that was heard of.
    pub(crate) known: Pos,
}

impl Passed {
    fn and(self, other: Self) -> Self {
        Self { delivered: self.delivered.max(other.delivered), known: self.known.max(other.known) }
    }
}

/// Conversations that nobody here takes part in, not yet or not any more: whoever attaches from a reading of the store
/// that is older learns at once that something is missing, and an addition that comes late is not taken for a new one.
/// Bounded: two generations, the older of which is dropped whole.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    young: HashMap<ConversationId, Passed>,
    old: HashMap<ConversationId, Passed>,
}

impl Recent {
    pub(crate) fn note(&mut self, conversation: ConversationId, passed: Passed) {
        if let Some(known) = self.young.get_mut(&conversation) {
            *known = known.and(passed);
            return;
        }
        let before = self.old.remove(&conversation).unwrap_or_default();
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(conversation, passed.and(before));
    }

    /// What is remembered, forgotten from now on; zeros where nothing is.
    pub(crate) fn take(&mut self, conversation: ConversationId) -> Passed {
        let young = self.young.remove(&conversation).unwrap_or_default();
        young.and(self.old.remove(&conversation).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn known(pos: u64) -> Passed {
        Passed { delivered: Pos::ZERO, known: Pos::new(pos) }
    }

    #[test]
    fn the_highest_numbers_are_remembered_for_a_bounded_number_of_conversations() {
        let id = |number| ConversationId::new(Uuid::from_u128(number));
        let mut recent = Recent::default();
        recent.note(id(1), known(5));
        recent.note(id(1), Passed { delivered: Pos::new(2), known: Pos::new(3) });
        for number in 2..=(GENERATION as u128 + 1) {
            recent.note(id(number), known(1));
        }
        let remembered = Passed { delivered: Pos::new(2), known: Pos::new(5) };
        assert_eq!(recent.take(id(1)), remembered, "in the older generation by now");
        assert_eq!(recent.take(id(1)), Passed::default());
        for number in 0..10_000 {
            recent.note(id(number), known(1));
        }
        assert!(recent.young.len() + recent.old.len() <= 2 * GENERATION);
    }
}
