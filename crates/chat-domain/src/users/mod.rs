//! Accounts as people: names, profile, and how others see them.

mod store;
mod values;

pub use store::{CreateUserError, DeletedUser, EmailCollision, HashChange, UpdateProfileError, UserStore};
pub use values::{AvatarUrl, DisplayName, EXACT_SPELLING, EmailAddress, SearchTerm, Username, end_of_shared_key};

use crate::{Timestamp, UserId};

/// The name under which the messages of a deleted user stay.
pub const DELETED_USER_NAME: &str = "deleted user";

/// A search finds at most so many by username, and as many by name: whoever looks for one person among more types on.
pub const MAX_SEARCH_MATCHES: u32 = 1_000;

/// The version of the keys that this release computes, of users and of groups: rows with an older one are computed anew
/// when a store opens.
pub const KEY_VERSION: i16 = 1;

/// An account that exists. A deleted one is nobody: stores do not return it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Shown to its owner alone.
    pub email: EmailAddress,
    /// Unique without regard to case.
    pub username: Username,
    /// What people read.
    pub name: DisplayName,
    /// Optional.
    pub first_name: Option<DisplayName>,
    /// Optional.
    pub last_name: Option<DisplayName>,
    /// Optional.
    pub avatar: Option<AvatarUrl>,
    /// When a connection of this user last ended, or the user said so.
    pub last_seen: Option<Timestamp>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When its profile last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// The little of a user that messages and participant lists carry.
    pub fn summary(&self) -> UserSummary {
        UserSummary {
            id: self.id,
            username: Some(self.username.clone()),
            name: self.name.as_str().to_owned(),
            avatar: self.avatar.clone(),
        }
    }
}

/// The little of a user that messages and participant lists carry. Also of a deleted one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct UserSummary {
    /// The id, which outlives the account.
    pub id: UserId,
    /// `None` when the account was deleted.
    pub username: Option<Username>,
    /// [`DELETED_USER_NAME`] when the account was deleted.
    pub name: String,
    /// `None` when there is none or the account was deleted.
    pub avatar: Option<AvatarUrl>,
}

/// An account about to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// From the id source.
    pub id: UserId,
    /// Checked.
    pub email: EmailAddress,
    /// What the user chose; a made one may be altered until it is free.
    pub username: WantedUsername,
    /// What the user chose; the username that is settled on, where this is absent.
    pub name: Option<DisplayName>,
    /// Optional.
    pub first_name: Option<DisplayName>,
    /// Optional.
    pub last_name: Option<DisplayName>,
    /// Optional.
    pub avatar: Option<AvatarUrl>,
    /// From the hasher.
    pub password_hash: crate::auth::PasswordHash,
    /// The invitation that is spent by it, where one is needed.
    pub invite: Option<crate::auth::RegistrationCodeHash>,
    /// From the clock.
    pub created_at: Timestamp,
}

/// A username that must be had, or one that merely would be nice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WantedUsername {
    /// The user's own choice: taken means refused.
    Exactly(Username),
    /// Made from the email: the store appends a number until it is free.
    Like(Username),
}

/// What a user changes about their profile. `None` leaves as is, `Some(None)` clears.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileChanges {
    /// A new username.
    pub username: Option<Username>,
    /// A new name.
    pub name: Option<DisplayName>,
    /// A new first name, or none.
    pub first_name: Option<Option<DisplayName>>,
    /// A new last name, or none.
    pub last_name: Option<Option<DisplayName>>,
    /// A new avatar, or none.
    pub avatar: Option<Option<AvatarUrl>>,
}

/// The display name of someone who registers: their own choice, else first and last name, else nothing (then the
/// username serves).
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
