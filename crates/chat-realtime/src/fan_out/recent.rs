use chat_domain::{ConversationId, Pos};
use std::collections::HashMap;

/// The number of conversations that one generation remembers.
const GENERATION: usize = 1_024;

/// The recent positions of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Passed {
    /// The last change delivered while the conversation had members here: earlier changes are old.
    pub(crate) delivered: Pos,
    /// The highest known `pos`.
    pub(crate) known: Pos,
}

impl Passed {
    fn and(self, other: Self) -> Self {
        Self { delivered: self.delivered.max(other.delivered), known: self.known.max(other.known) }
    }
}

/// Conversations that no longer, or not yet, have members on this node. A connection that attaches from an older
/// reading of the store learns at once that changes are missing, and a late addition is not mistaken for a new one.
/// Bounded: two generations, of which the older is dropped as a whole.
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

    /// Takes the remembered positions; zeros if there are none.
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
