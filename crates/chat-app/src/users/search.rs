use super::{UserProfile, Users, UsersError};
use chat_domain::auth::Actor;
use chat_domain::users::SearchTerm;
use chat_domain::{Page, PageRequest};

impl Users {
    /// Users whose username or name begins with the term; never by email.
    pub async fn search(
        &self,
        actor: Actor,
        term: SearchTerm,
        page: PageRequest,
    ) -> Result<Page<UserProfile>, UsersError> {
        let found = self.0.users.search(&term, page);
        let Page { items, total, request } = self.0.reading(actor.user_id, found).await?;
        Ok(Page { items: self.0.profiles(actor.user_id, items).await?, total, request })
    }
}
