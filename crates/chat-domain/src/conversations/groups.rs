use super::{
    Conversation, ConversationDescription, ConversationDetails, ConversationName, ConversationOverview,
    CreatedConversation,
};
use crate::text::unicode::{folded, look_alike};
use crate::users::{AvatarUrl, EXACT_SPELLING, SearchTerm};
use crate::{ActionError, Change, ConversationId, InvalidValue, Page, PageRequest, StoreError, Timestamp, UserId};
use async_trait::async_trait;
use std::fmt;
use uuid::Uuid;

/// A code with which users join a group: 128 bits of which 122 are random, as 32 hexadecimal digits. `Debug` does not
/// show it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct InviteCode(Uuid);

impl InviteCode {
    /// Wraps a code from [`crate::IdSource::next_random`], or from a store.
    pub const fn new(random: Uuid) -> Self {
        Self(random)
    }

    /// Parses exactly 32 hexadecimal digits, in either case.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let is_code = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let parsed = if is_code { Uuid::try_parse(text).ok() } else { None };
        parsed.map(Self).ok_or(InvalidValue::Form { expected: "an invite code" })
    }

    /// Returns the code as clients see it and stores keep it.
    pub fn as_text(self) -> String {
        self.0.simple().to_string()
    }
}

impl fmt::Debug for InviteCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("InviteCode(..)")
    }
}

/// A group to be created, whose name must be unique among active groups.
#[derive(Debug, Clone)]
pub struct NewGroup {
    /// The id, from the id source.
    pub id: ConversationId,
    /// The user who creates it; its first admin.
    pub created_by: UserId,
    /// The other participants; may be empty.
    pub others: Vec<UserId>,
    /// The name, which must not look like that of another active group with a reserved name ([`group_name_key`]).
    pub name: ConversationName,
    /// The description, if any.
    pub description: Option<ConversationDescription>,
    /// The avatar, if any.
    pub avatar: Option<AvatarUrl>,
    /// The invite code, from the id source.
    pub invite_code: InviteCode,
    /// The maximum number of conversations that the creator may have by their own act: see [`super::may_have_another`].
    pub max_own: u32,
    /// The time, from the clock.
    pub at: Timestamp,
}

/// Joins a group by an invite code.
#[derive(Debug, Clone, Copy)]
pub struct JoinGroup {
    /// The invite code of the group.
    pub invite_code: InviteCode,
    /// The user who joins.
    pub user: UserId,
    /// The maximum number of conversations that the user may have by their own act: see [`super::may_have_another`].
    pub max_own: u32,
    /// The time, from the clock.
    pub at: Timestamp,
}

/// Returns the key that uniqueness of group names compares: names that look alike have the same key. It is the skeleton
/// of UTS #39 of the name, regardless of case, width, composition and invisible characters.
pub fn group_name_key(name: &ConversationName) -> String {
    look_alike(&folded(name.as_str()))
}

/// The key of a group that got its name before [`group_name_key`] treated so many names as alike, and whose key an
/// older group has. It begins with the common key and [`EXACT_SPELLING`].
pub fn shared_group_name_key(name: &ConversationName, id: ConversationId) -> String {
    format!("{}{EXACT_SPELLING}{id}", group_name_key(name))
}

/// Returns the key that a search for a part of a name compares, and by which matches are ordered.
pub fn group_search_key(name: &ConversationName) -> String {
    folded(name.as_str())
}

/// The maximum length of a suffix that a search compares, in characters.
const MAX_SUFFIX_CHARS: usize = 40;

/// The number of the user's own groups that a search covers: those with the newest activity.
pub const MAX_SEARCHED_OWN_GROUPS: u32 = 1_000;

/// Returns the beginning of a matching suffix ([`group_name_suffixes`]): the term's key, cut to the length of suffixes.
pub fn group_name_prefix(term: &SearchTerm) -> String {
    term.key().chars().take(MAX_SUFFIX_CHARS).collect()
}

/// Returns the suffixes that a search for a part of a name compares: every suffix of the name's key that does not begin
/// with white space, cut to 40 characters, each once. A name contains a term exactly if one of these begins with it
/// (beyond 40 characters: with the term's first 40, which the caller checks against the whole name).
pub fn group_name_suffixes(name: &ConversationName) -> Vec<String> {
    let key = group_search_key(name);
    let mut suffixes: Vec<String> = key
        .char_indices()
        .filter(|(_, first)| !first.is_whitespace())
        .map(|(at, _)| key[at..].chars().take(MAX_SUFFIX_CHARS).collect())
        .collect();
    suffixes.sort_unstable();
    suffixes.dedup();
    suffixes
}

/// Two active groups whose names look alike since [`group_name_key`] compares more than case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameCollision {
    /// The group that has the key; `None` after it was deactivated or renamed.
    pub holder: Option<Conversation>,
    /// A younger group, which keeps its name until it is renamed.
    pub other: Conversation,
}

/// Stores the data that only groups have. Writing methods decide by [`super::decisions`](super) inside their
/// transaction; each durable change takes the next `pos`.
#[async_trait]
pub trait GroupStore: Send + Sync {
    /// Creates the group with all its participants in one transaction. Of concurrent calls for one name, exactly one
    /// creates it: the others get [`crate::Refusal::GroupNameTaken`]. Concurrent calls of one user never exceed
    /// [`NewGroup::max_own`].
    async fn create_group(&self, new: NewGroup) -> Result<CreatedConversation, ActionError>;

    /// Deactivates the group on behalf of an admin: it disappears from lists and search, and its name is free again.
    /// Returns the conversation after the change, and the [`crate::ChangeKind::Updated`]. For a group that is already
    /// inactive: [`crate::Refusal::Inactive`].
    async fn deactivate(
        &self,
        id: ConversationId,
        actor: UserId,
        at: Timestamp,
    ) -> Result<(ConversationDetails, Change), ActionError>;

    /// Joins as a member, exactly as [`super::ConversationStore::add_participant`] adds one, if the user may have one
    /// more conversation ([`super::may_have_another`]; the group's creator always may). For a code that no group has
    /// now: [`crate::Refusal::InviteNotFound`].
    async fn join(&self, join: JoinGroup) -> Result<(ConversationDetails, Change), ActionError>;

    /// Replaces the invite code on behalf of an admin; the earlier one becomes invalid. This is no durable change:
    /// clients read the code when they show it. Returns the conversation after it.
    async fn replace_invite_code(
        &self,
        id: ConversationId,
        actor: UserId,
        code: InviteCode,
    ) -> Result<Conversation, ActionError>;

    /// Lists up to `limit` active groups whose name looks like that of an older one and was reserved before such names
    /// counted as taken, in order of the key.
    async fn list_name_collisions(&self, limit: u32) -> Result<Vec<NameCollision>, StoreError>;

    /// Finds active groups whose name contains the term, compared by [`SearchTerm::key`], in order of
    /// [`group_search_key`] (ties by id): those whose name is reserved, and those in which the viewer takes part. `%`,
    /// `_`, `*` and similar characters have no special meaning. Searches the first [`crate::users::MAX_SEARCH_MATCHES`]
    /// suffixes of reserved names that begin with the term ([`group_name_suffixes`]), and [`MAX_SEARCHED_OWN_GROUPS`]
    /// of the viewer's own groups, so that the cost does not grow with the number of groups. For a group in which the
    /// viewer does not take part it returns neither participants nor messages nor the invite code.
    async fn search_groups(
        &self,
        viewer: UserId,
        term: &SearchTerm,
        page: PageRequest,
    ) -> Result<Page<ConversationOverview>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_code_reads_back_as_it_was_written(random: u128) {
            let code = InviteCode::new(Uuid::from_u128(random));
            prop_assert_eq!(code.as_text().len(), 32);
            prop_assert_eq!(InviteCode::parse(&code.as_text()), Ok(code));
            prop_assert_eq!(InviteCode::parse(&code.as_text().to_uppercase()), Ok(code));
        }

        #[test]
        fn a_name_contains_a_term_where_a_suffix_begins_with_it(
            name in "[aAbé%_ ]{1,60}x", at in 0_usize..60, length in 1_usize..10
        ) {
            let name = ConversationName::parse(&name).expect("a name");
            let key: Vec<char> = group_search_key(&name).chars().collect();
            let term: String = key.iter().skip(at).take(length).collect();
            let term = term.trim();
            if !term.is_empty() {
                prop_assert!(group_name_suffixes(&name).iter().any(|suffix| suffix.starts_with(term)), "{term:?}");
            }
            prop_assert!(!group_name_suffixes(&name).iter().any(|suffix| suffix.starts_with('z')));
        }
    }

    #[test]
    fn what_is_no_code_is_refused_and_a_code_is_not_logged() {
        for text in ["", "abc", &"g".repeat(32), &"0".repeat(33), "0-000000000000000000000000000000"] {
            assert!(InviteCode::parse(text).is_err(), "{text}");
        }
        assert_eq!(format!("{:?}", InviteCode::new(Uuid::from_u128(7))), "InviteCode(..)");
    }

    #[test]
    fn names_that_look_alike_have_one_key() {
        let key = |name: &str| group_name_key(&ConversationName::parse(name).expect("a name"));
        assert_eq!(key("Project ÄRGER"), key("project a\u{308}rger"));
        for (one, other) in [
            ("Team", "Te\u{200b}am"),
            ("Team", "\u{200d}TEAM"),
            ("Team", "Ｔｅａｍ"),
            ("Team", "Te\u{430}m"),
            ("Team", "\u{422}eam"),
            ("Team A", "Team\u{a0} A"),
            ("ΣΑΣ", "σας"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
        assert_ne!(key("one"), key("two"));
        let name = ConversationName::parse("Team").expect("a name");
        let shared = shared_group_name_key(&name, ConversationId::new(Uuid::nil()));
        assert!(shared > key("Team") && shared < crate::users::end_of_shared_key(&key("Team")));
    }
}
