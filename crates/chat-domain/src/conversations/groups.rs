use super::{
    Conversation, ConversationDescription, ConversationDetails, ConversationName, ConversationOverview,
    CreateConversationError, CreatedConversation, ParticipantError,
};
use crate::text::unicode::{folded, look_alike};
use crate::users::{AvatarUrl, EXACT_SPELLING, SearchTerm};
use crate::{Change, ConversationId, InvalidValue, Page, PageRequest, StoreError, Timestamp, UserId};
use async_trait::async_trait;
use std::fmt;
use uuid::Uuid;

/// Lets whoever has it join a group: 128 bits of which 122 are random, as 32 hexadecimal digits. Not shown by `Debug`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct InviteCode(Uuid);

impl InviteCode {
    /// From [`crate::IdSource::next_random`], or from a store.
    pub const fn new(random: Uuid) -> Self {
        Self(random)
    }

    /// Exactly 32 hexadecimal digits, in either case.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let is_code = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let parsed = if is_code { Uuid::try_parse(text).ok() } else { None };
        parsed.map(Self).ok_or(InvalidValue::Form { expected: "an invite code" })
    }

    /// The code as clients see it, and as stores keep it.
    pub fn as_text(self) -> String {
        self.0.simple().to_string()
    }
}

impl fmt::Debug for InviteCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("InviteCode(..)")
    }
}

/// A group about to be made whose name is to be its own among the active ones.
#[derive(Debug, Clone)]
pub struct NewGroup {
    /// From the id source.
    pub id: ConversationId,
    /// Who makes it; its first admin.
    pub created_by: UserId,
    /// With whom; may be nobody.
    pub others: Vec<UserId>,
    /// Unlike the name of every other active group whose name is reserved ([`group_name_key`]).
    pub name: ConversationName,
    /// Optional.
    pub description: Option<ConversationDescription>,
    /// Optional.
    pub avatar: Option<AvatarUrl>,
    /// From the id source.
    pub invite_code: InviteCode,
    /// The most conversations that the creator may have by their own act: see [`super::may_have_another`].
    pub max_own: u32,
    /// From the clock.
    pub at: Timestamp,
}

/// Join by an invite code.
#[derive(Debug, Clone, Copy)]
pub struct JoinGroup {
    /// Of which group.
    pub invite_code: InviteCode,
    /// Who joins.
    pub user: UserId,
    /// The most conversations that the user may have by their own act: see [`super::may_have_another`].
    pub max_own: u32,
    /// From the clock.
    pub at: Timestamp,
}

/// What uniqueness of group names compares: two names that look alike have one key. That is the skeleton of UTS #39 of
/// the name without case, width, composition and invisible characters.
pub fn group_name_key(name: &ConversationName) -> String {
    look_alike(&folded(name.as_str()))
}

/// The key of a group that had its name before [`group_name_key`] told so many names alike, and whose key an older
/// group has. Begins with the common key and [`EXACT_SPELLING`].
pub fn shared_group_name_key(name: &ConversationName, id: ConversationId) -> String {
    format!("{}{EXACT_SPELLING}{id}", group_name_key(name))
}

/// What a search for a part of a name compares, and what orders its matches.
pub fn group_search_key(name: &ConversationName) -> String {
    folded(name.as_str())
}

/// The longest suffix of a name that a search looks at, in characters.
const MAX_SUFFIX_CHARS: usize = 40;

/// Among how many of their own groups somebody searches: those with the newest activity.
pub const MAX_SEARCHED_OWN_GROUPS: u32 = 1_000;

/// What a suffix must begin with to be a match ([`group_name_suffixes`]): the term's key, as far as suffixes go.
pub fn group_name_prefix(term: &SearchTerm) -> String {
    term.key().chars().take(MAX_SUFFIX_CHARS).collect()
}

/// What a search for a part of a name compares: every suffix of the name's key that does not begin with a blank, cut to
/// 40 characters, each once. A name contains a term exactly where one of these begins with it (and, beyond 40
/// characters, with the term's first 40, which the caller checks against the whole name).
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
    /// The group that has the key; `None` once it was deactivated or renamed.
    pub holder: Option<Conversation>,
    /// A younger group, which keeps its name until it is changed.
    pub other: Conversation,
}

/// What only groups have. Writing methods decide by [`super::decisions`](super) inside their transaction; each durable
/// change takes the next `pos`.
#[async_trait]
pub trait GroupStore: Send + Sync {
    /// Makes the group with all its participants in one transaction. Of any number of calls at once for one name,
    /// exactly one makes it: the others are [`CreateConversationError::NameTaken`]. Of any number of calls at once by
    /// one user, none exceeds
    /// [`NewGroup::max_own`].
    async fn create_group(&self, new: NewGroup) -> Result<CreatedConversation, CreateConversationError>;

    /// Deactivates the group in the name of an admin: it leaves lists and search, its name is free again. Returns the
    /// conversation after it and the [`crate::ChangeKind::Updated`]. A group that is inactive already is
    /// [`super::Refusal::Inactive`].
    async fn deactivate(
        &self,
        id: ConversationId,
        actor: UserId,
        at: Timestamp,
    ) -> Result<(ConversationDetails, Change), ParticipantError>;

    /// Joins as a member, exactly as [`super::ConversationStore::add_participant`] adds one, where the user may have
    /// one more conversation ([`super::may_have_another`]; the group's creator always may). A code that no group has
    /// now is
    /// [`ParticipantError::UnknownInvite`].
    async fn join(&self, join: JoinGroup) -> Result<(ConversationDetails, Change), ParticipantError>;

    /// Replaces the invite code in the name of an admin: the earlier one is of no more use. No durable change: nobody's
    /// screen depends on it. Returns the conversation after it.
    async fn replace_invite_code(
        &self,
        id: ConversationId,
        actor: UserId,
        code: InviteCode,
    ) -> Result<Conversation, ParticipantError>;

    /// Up to `limit` active groups whose name looks like that of an older one and was reserved before that counted as
    /// taken, in order of the key.
    async fn list_name_collisions(&self, limit: u32) -> Result<Vec<NameCollision>, StoreError>;

    /// Active groups whose name contains the term, compared by [`SearchTerm::key`], in order of [`group_search_key`]
    /// (ties by id): those whose name is reserved, and those that the viewer takes part in. `%`, `_`, `*` and the like
    /// are ordinary characters. Finds among the first [`crate::users::MAX_SEARCH_MATCHES`] suffixes of reserved names
    /// that begin with the term ([`group_name_suffixes`]), and among [`MAX_SEARCHED_OWN_GROUPS`] of the viewer's own:
    /// what it costs does not grow with the number of groups. Of a group that the viewer does not take part in it shows
    /// neither participants nor messages nor the invite code.
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
