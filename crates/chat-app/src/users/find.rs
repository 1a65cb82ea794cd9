use super::{UserProfile, Users};
use chat_domain::auth::Actor;
use chat_domain::users::SearchTerm;
use chat_domain::{ActionError, Page, PageRequest, Refusal, UserId};

impl Users {
    /// A user's profile as the actor may see it.
    pub async fn find(&self, actor: Actor, id: UserId) -> Result<UserProfile, ActionError> {
        let user = self.0.reading(actor.user_id, self.0.store.users().find(id)).await?.ok_or(Refusal::UnknownUser)?;
        let mut profiles = self.0.profiles(actor.user_id, vec![user]).await?;
        profiles.pop().ok_or_else(|| Refusal::UnknownUser.into())
    }

    /// Finds users whose username or name starts with the term; never by email.
    pub async fn search(
        &self,
        actor: Actor,
        term: SearchTerm,
        page: PageRequest,
    ) -> Result<Page<UserProfile>, ActionError> {
        let found = self.0.store.users().search(&term, page);
        let Page { items, total, request } = self.0.reading(actor.user_id, found).await?;
        Ok(Page { items: self.0.profiles(actor.user_id, items).await?, total, request })
    }
}
