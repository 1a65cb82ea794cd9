use super::{Conversations, DirectRoom, OtherUser};
use crate::UserProfile;
use chat_domain::auth::Actor;
use chat_domain::conversations::{ConversationFilter, ConversationKind, ConversationOverview, ListRequest, Listing};
use chat_domain::users::{DELETED_USER_NAME, UserSummary};
use chat_domain::{ActionError, UserId};
use std::collections::HashMap;

impl Conversations {
    /// The actor's direct conversations that have messages, each with the other user, newest activity first. The number
    /// of queries does not depend on the page's length.
    pub async fn rooms(
        &self,
        actor: Actor,
        request: impl Into<ListRequest>,
    ) -> Result<Listing<DirectRoom>, ActionError> {
        let viewer = actor.user_id;
        let filter = ConversationFilter::DirectWithMessages;
        let Listing { items, part } = self.0.list_conversations(viewer, filter, request.into()).await?;
        let peers: Vec<_> = items.iter().filter_map(|room| other_of(room, viewer)).collect();
        let profiles = self.0.profiles_of(viewer, &peers).await?;
        let mut profiles: HashMap<_, _> = profiles.into_iter().map(|profile| (profile.user.id, profile)).collect();
        let items = items.into_iter().filter_map(|overview| room(overview, viewer, &mut profiles)).collect();
        Ok(Listing { items, part })
    }
}

fn other_of(room: &ConversationOverview, viewer: UserId) -> Option<UserId> {
    match room.details.conversation.kind {
        ConversationKind::Direct(pair) => Some(pair.other(viewer)),
        ConversationKind::Group | ConversationKind::Thread(_) => None,
    }
}

/// A pair has one conversation, so each profile is used once.
fn room(
    overview: ConversationOverview,
    viewer: UserId,
    profiles: &mut HashMap<UserId, UserProfile>,
) -> Option<DirectRoom> {
    let id = other_of(&overview, viewer)?;
    let other = profiles
        .remove(&id)
        .map_or_else(|| OtherUser::Deleted(deleted(id)), |profile| OtherUser::Known(Box::new(profile)));
    Some(DirectRoom { overview, other })
}

fn deleted(id: UserId) -> UserSummary {
    UserSummary { id, username: None, name: DELETED_USER_NAME.into(), avatar: None }
}
