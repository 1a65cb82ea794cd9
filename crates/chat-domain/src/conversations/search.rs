use super::{Conversation, ConversationDetails, ConversationName, ConversationOverview, group_search_key};
use crate::users::SearchTerm;
use crate::{ConversationId, PageRequest};
use std::collections::BTreeSet;

/// Groups whose name contains a term, each once, in the order of their names' keys (ties by id): the answer of
/// [`super::GroupStore::search_groups`] for every store.
#[derive(Debug)]
pub struct GroupMatches {
    term: String,
    matches: BTreeSet<(String, ConversationId)>,
}

impl GroupMatches {
    /// Creates an empty result.
    pub fn of(term: &SearchTerm) -> Self {
        Self { term: term.key(), matches: BTreeSet::new() }
    }

    /// Adds the group, if its name contains the term.
    pub fn consider(&mut self, id: ConversationId, name: &ConversationName) {
        let key = group_search_key(name);
        if key.contains(&self.term) {
            self.matches.insert((key, id));
        }
    }

    /// Returns the total, with the groups of this page.
    pub fn page(self, request: PageRequest) -> (u64, Vec<ConversationId>) {
        let total = self.matches.len() as u64;
        let offset = usize::try_from(request.offset()).unwrap_or(usize::MAX);
        let page = self.matches.into_iter().skip(offset).take(request.limit.get() as usize);
        (total, page.map(|(_, id)| id).collect())
    }
}

impl ConversationOverview {
    /// Returns the conversation as non-members see it: without participants, messages and invite code.
    pub fn from_outside(conversation: Conversation) -> Self {
        let conversation = Conversation { invite_code: None, ..conversation };
        let details = ConversationDetails { conversation, participants: Vec::new() };
        Self { details, viewer: None, last_message: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PageLimit, PageNumber};
    use uuid::Uuid;

    #[test]
    fn matches_are_counted_once_and_paged_in_order_of_their_names() {
        let mut found = GroupMatches::of(&SearchTerm::parse("DEV").expect("a term"));
        let groups = [(1, "devs of Berlin"), (2, "Dev"), (3, "others"), (4, "DEV"), (2, "Dev")];
        let id = |number: u128| ConversationId::new(Uuid::from_u128(number));
        for (number, name) in groups {
            found.consider(id(number), &ConversationName::parse(name).expect("a name"));
        }
        let limit = PageLimit::parse(2).expect("a limit");
        let second = PageRequest { number: PageNumber::parse(2).expect("a page"), limit };
        assert_eq!(found.page(second), (3, vec![id(1)]));
        let mut found = GroupMatches::of(&SearchTerm::parse("ΣΑΣ").expect("a term"));
        for (number, name) in [(1, "ΣΑΣΑ"), (2, "οι σας"), (3, "Team")] {
            found.consider(id(number), &ConversationName::parse(name).expect("a name"));
        }
        assert_eq!(found.page(PageRequest { number: PageNumber::FIRST, limit }).0, 2, "a final sigma is a sigma");
    }
}
