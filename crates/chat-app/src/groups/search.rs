use super::{GroupProfile, Groups, GroupsError};
use chat_domain::auth::Actor;
use chat_domain::users::SearchTerm;
use chat_domain::{Page, PageRequest};

impl Groups {
    /// Active groups whose name contains the term: those whose name is their own, and those of the actor. Strangers see
    /// neither who takes part nor how to join.
    pub async fn search(
        &self,
        actor: Actor,
        term: SearchTerm,
        page: PageRequest,
    ) -> Result<Page<GroupProfile>, GroupsError> {
        let found = self.0.groups.search_groups(actor.user_id, &term, page);
        let Page { items, total, request } = self.0.reading(actor.user_id, found).await?;
        Ok(Page { items: self.to_viewer(actor, items).await, total, request })
    }
}
