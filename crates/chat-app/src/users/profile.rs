use super::Users;
use crate::conversations::LEAVING;
use chat_domain::auth::{Actor, EndReason};
use chat_domain::changes::Feature;
use chat_domain::users::{ProfileChanges, User};
use chat_domain::{ActionError, Refusal};

impl Users {
    /// The actor's own account.
    pub async fn me(&self, actor: Actor) -> Result<User, ActionError> {
        self.0
            .reading(actor.user_id, self.0.store.users().find(actor.user_id))
            .await?
            .ok_or_else(|| Refusal::AccountGone.into())
    }

    /// Updates the given fields of the actor's profile. Without fields it changes nothing.
    pub async fn update_me(&self, actor: Actor, changes: ProfileChanges) -> Result<User, ActionError> {
        if changes == ProfileChanges::default() {
            return self.me(actor).await;
        }
        let features = matches!(changes.metadata, Some(Some(_))).then_some(Feature::USER_METADATA);
        let update = self.0.store.users().update_profile(actor.user_id, changes, self.0.now());
        let updated = self.0.changing(actor.user_id, features, update).await?;
        updated.ok_or_else(|| Refusal::AccountGone.into())
    }

    /// Deletes the actor's account: its email and username become free, it leaves its groups (the last admin's role
    /// passes on), its messages stay under another name, and every session ends.
    pub async fn delete_me(&self, actor: Actor) -> Result<(), ActionError> {
        let now = self.0.now();
        let deleted = self.0.changing(actor.user_id, LEAVING, self.0.store.users().delete(actor.user_id, now)).await?;
        let deleted = deleted.ok_or(Refusal::AccountGone)?;
        self.0.sessions_ended(deleted.ended_sessions, EndReason::AccountDeleted);
        Ok(())
    }
}
