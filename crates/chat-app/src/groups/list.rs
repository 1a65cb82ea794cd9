use super::{GroupProfile, Groups, GroupsError};
use chat_domain::auth::Actor;
use chat_domain::conversations::ConversationFilter;
use chat_domain::{Page, PageRequest};

impl Groups {
    /// The active groups of the actor, newest activity first.
    pub async fn list(&self, actor: Actor, page: PageRequest) -> Result<Page<GroupProfile>, GroupsError> {
        let Page { items, total, request } = self
            .0
            .reading(actor.user_id, self.0.conversations.list(actor.user_id, ConversationFilter::Groups, page))
            .await?;
        Ok(Page { items: self.to_viewer(actor, items).await, total, request })
    }
}
