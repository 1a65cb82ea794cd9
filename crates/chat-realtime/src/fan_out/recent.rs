use chat_domain::{ConversationId, Pos};
use std::collections::HashMap;

/// How many conversations one generation remembers.
const GENERATION: usize = 1_024;

/// The highest numbers that passed by in conversations nobody here takes part in: whoever attaches from a reading of the store
/// that is older learns at once that something is missing. Bounded: two generations, the older of which is dropped whole.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    young: HashMap<ConversationId, Pos>,
    old: HashMap<ConversationId, Pos>,
}

impl Recent {
    pub(crate) fn note(&mut self, conversation: ConversationId, pos: Pos) {
        if self.young.len() >= GENERATION && !self.young.contains_key(&conversation) {
            self.old = std::mem::take(&mut self.young);
        }
        let highest = self.young.entry(conversation).or_default();
        *highest = pos.max(*highest);
    }

    /// What is remembered, forgotten from now on; zero where nothing is.
    pub(crate) fn take(&mut self, conversation: ConversationId) -> Pos {
        let young = self.young.remove(&conversation).unwrap_or_default();
        young.max(self.old.remove(&conversation).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_highest_number_is_remembered_for_a_bounded_number_of_conversations() {
        let id = |number| ConversationId::new(Uuid::from_u128(number));
        let mut recent = Recent::default();
        recent.note(id(1), Pos::new(5));
        recent.note(id(1), Pos::new(3));
        for number in 2..=(GENERATION as u128 + 1) {
            recent.note(id(number), Pos::new(1));
        }
        assert_eq!(recent.take(id(1)), Pos::new(5), "in the older generation by now");
        assert_eq!(recent.take(id(1)), Pos::ZERO);
        for number in 0..10_000 {
            recent.note(id(number), Pos::new(1));
        }
        assert!(recent.young.len() + recent.old.len() <= 2 * GENERATION);
    }
}
