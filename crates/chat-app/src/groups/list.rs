use super::{GroupProfile, Groups, GroupsError};
use chat_domain::auth::Actor;
use chat_domain::conversations::{ConversationFilter, ListRequest, Listing};

impl Groups {
    /// The active groups of the actor, newest activity first.
    pub async fn list(
        &self,
        actor: Actor,
        request: impl Into<ListRequest>,
    ) -> Result<Listing<GroupProfile>, GroupsError> {
        let listing = self.0.list_conversations(actor.user_id, ConversationFilter::Groups, request.into()).await?;
        Ok(Listing { items: self.to_viewer(actor, listing.items).await, part: listing.part })
    }
}
