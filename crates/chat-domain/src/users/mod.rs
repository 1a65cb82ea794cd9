//! Users: names, profiles, and the public view of a user.

mod store;
mod values;

pub use store::{DeletedUser, EmailCollision, HashChange, UserStore};
pub use values::{AvatarUrl, DisplayName, EXACT_SPELLING, EmailAddress, SearchTerm, Username, end_of_shared_key};

use crate::{Metadata, Timestamp, UserId};

/// The name shown for a deleted user's messages.
pub const DELETED_USER_NAME: &str = "deleted user";

/// The maximum number of matches of a search by username, and of one by name. To find one user among more, type more
/// characters.
pub const MAX_SEARCH_MATCHES: u32 = 1_000;

/// The version of the keys of users and groups that this release computes. Rows with an older version are recomputed
/// when a store opens.
pub const KEY_VERSION: i16 = 1;

/// An existing account. Stores do not return deleted ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// The email address, which only the owner sees.
    pub email: EmailAddress,
    /// The username, unique regardless of case.
    pub username: Username,
    /// The display name.
    pub name: DisplayName,
    /// The first name, if any.
    pub first_name: Option<DisplayName>,
    /// The last name, if any.
    pub last_name: Option<DisplayName>,
    /// The avatar, if any.
    pub avatar: Option<AvatarUrl>,
    /// What the product attached to the account, if anything.
    pub metadata: Option<Metadata>,
    /// When a connection of this user last ended, or when the user last reported it.
    pub last_seen: Option<Timestamp>,
    /// When the account was registered.
    pub created_at: Timestamp,
    /// When the profile last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// Returns the short form of the user for messages and participant lists.
    pub fn summary(&self) -> UserSummary {
        UserSummary {
            id: self.id,
            username: Some(self.username.clone()),
            name: self.name.as_str().to_owned(),
            avatar: self.avatar.clone(),
        }
    }
}

/// The short form of a user for messages and participant lists, also of a deleted user.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct UserSummary {
    /// The id, which stays after the account is deleted.
    pub id: UserId,
    /// The username; `None` if the account was deleted.
    pub username: Option<Username>,
    /// The display name; [`DELETED_USER_NAME`] if the account was deleted.
    pub name: String,
    /// The avatar; `None` if there is none or the account was deleted.
    pub avatar: Option<AvatarUrl>,
}

/// An account to be created.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The id, from the id source.
    pub id: UserId,
    /// The email address, validated.
    pub email: EmailAddress,
    /// The username; a generated one may be altered until it is free.
    pub username: WantedUsername,
    /// The display name; if absent, the final username is used.
    pub name: Option<DisplayName>,
    /// The first name, if any.
    pub first_name: Option<DisplayName>,
    /// The last name, if any.
    pub last_name: Option<DisplayName>,
    /// The avatar, if any.
    pub avatar: Option<AvatarUrl>,
    /// The hash of the password.
    pub password_hash: crate::auth::PasswordHash,
    /// The invitation that this account spends, if one is required.
    pub invite: Option<crate::auth::RegistrationCodeHash>,
    /// The time of registration.
    pub created_at: Timestamp,
}

/// A username that is required, or one that may be altered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WantedUsername {
    /// Chosen by the user: the registration fails if it is taken.
    Exactly(Username),
    /// Derived from the email: the store appends a number until it is free.
    Like(Username),
}

/// Changes of a profile. `None` keeps a field, `Some(None)` clears it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileChanges {
    /// The new username.
    pub username: Option<Username>,
    /// The new display name.
    pub name: Option<DisplayName>,
    /// The new first name, or none.
    pub first_name: Option<Option<DisplayName>>,
    /// The new last name, or none.
    pub last_name: Option<Option<DisplayName>>,
    /// The new avatar, or none.
    pub avatar: Option<Option<AvatarUrl>>,
    /// The new metadata, or none.
    pub metadata: Option<Option<Metadata>>,
}

/// Returns the display name of a new user: the user's own choice, else first and last name, else `None` (then the
/// username is used).
pub fn display_name(
    chosen: Option<DisplayName>,
    first: Option<&DisplayName>,
    last: Option<&DisplayName>,
) -> Option<DisplayName> {
    chosen.or_else(|| {
        let parts: Vec<_> = [first, last].into_iter().flatten().map(DisplayName::as_str).collect();
        let joined: String = parts.join(" ").chars().take(DisplayName::MAX_CHARS).collect();
        DisplayName::parse(&joined).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DisplayName {
        DisplayName::parse(text).expect("a name")
    }

    #[test]
    fn a_display_name_is_chosen_before_it_is_made() {
        assert_eq!(display_name(Some(name("Ann")), Some(&name("A")), None), Some(name("Ann")));
        assert_eq!(display_name(None, Some(&name("Ann")), Some(&name("Lee"))), Some(name("Ann Lee")));
        assert_eq!(display_name(None, None, Some(&name("Lee"))), Some(name("Lee")));
        assert_eq!(display_name(None, None, None), None);
        let long = name(&"x".repeat(DisplayName::MAX_CHARS));
        assert_eq!(display_name(None, Some(&long), Some(&long)), Some(long));
    }
}
