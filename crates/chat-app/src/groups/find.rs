use super::{GroupProfile, Groups};
use chat_domain::auth::Actor;
use chat_domain::conversations::{ConversationFilter, ConversationOverview, ListRequest, Listing};
use chat_domain::users::SearchTerm;
use chat_domain::{ActionError, ConversationId, Page, PageRequest, Refusal};

impl Groups {
    /// A group, active or not, for its participants.
    pub async fn find(&self, actor: Actor, id: ConversationId) -> Result<GroupProfile, ActionError> {
        let overview = self.overview(actor, id).await?;
        Ok(self.to_member(actor, overview.details).await)
    }

    pub(super) async fn overview(&self, actor: Actor, id: ConversationId) -> Result<ConversationOverview, ActionError> {
        let found = self.0.reading(actor.user_id, self.0.store.conversations().find(id, actor.user_id)).await?;
        let overview = found.filter(|found| found.details.conversation.kind.is_group());
        let overview = overview.ok_or(Refusal::UnknownGroup)?;
        if overview.viewer.is_none() {
            return Err(Refusal::NotAParticipant.into());
        }
        Ok(overview)
    }

    /// The active groups of the actor, newest activity first.
    pub async fn list(
        &self,
        actor: Actor,
        request: impl Into<ListRequest>,
    ) -> Result<Listing<GroupProfile>, ActionError> {
        let listing = self.0.list_conversations(actor.user_id, ConversationFilter::Groups, request.into()).await?;
        Ok(Listing { items: self.to_viewer(actor, listing.items).await, part: listing.part })
    }

    /// Active groups whose name contains the term: those with unique names, and those of the actor. Users outside a
    /// group see neither its participants nor its invite code.
    pub async fn search(
        &self,
        actor: Actor,
        term: SearchTerm,
        page: PageRequest,
    ) -> Result<Page<GroupProfile>, ActionError> {
        let found = self.0.store.groups().search_groups(actor.user_id, &term, page);
        let Page { items, total, request } = self.0.reading(actor.user_id, found).await?;
        Ok(Page { items: self.to_viewer(actor, items).await, total, request })
    }
}
