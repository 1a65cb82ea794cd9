use super::{Users, UsersError};
use chat_domain::auth::{Actor, EndReason};

impl Users {
    /// Deletes the actor's account: email and username are free again, groups are left (handing over the last admin's
    /// role), messages stay under another name, and every session ends.
    pub async fn delete_me(&self, actor: Actor) -> Result<(), UsersError> {
        let now = self.0.now();
        let deleted = self.0.writing(actor.user_id, self.0.users.delete(actor.user_id, now)).await?;
        let deleted = deleted.ok_or(UsersError::AccountGone)?;
        self.0.sessions_ended(deleted.ended_sessions, EndReason::AccountDeleted);
        self.0.publish_changes(deleted.changes).await;
        Ok(())
    }
}
