//! Accounts: the actor's own, and public profiles of other users.

mod change_password;
mod find;
mod online;
mod profile;

use crate::core::Core;
use chat_domain::presence::PresenceStatus;
use chat_domain::users::User;
use std::sync::Arc;

/// Accounts and profiles. Cheap to clone.
#[derive(Clone)]
pub struct Users(pub(crate) Arc<Core>);

/// A user's profile as the viewer may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserProfile {
    /// The user. `last_seen` is empty if the viewer may not know it.
    pub user: User,
    /// The user's presence. `None` if the viewer may not know it; then `last_seen` is hidden too.
    pub status: Option<PresenceStatus>,
}
