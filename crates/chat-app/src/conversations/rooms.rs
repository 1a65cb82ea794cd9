use super::{Conversations, ConversationsError, DirectRoom, Peer};
use crate::UserProfile;
use chat_domain::auth::Actor;
use chat_domain::conversations::{ConversationFilter, ConversationKind, ConversationOverview};
use chat_domain::users::{DELETED_USER_NAME, UserSummary};
use chat_domain::{Page, PageRequest, UserId};
use std::collections::HashMap;

impl Conversations {
    /// The direct conversations of the actor in which something was said, each with whom, newest activity first. As many
    /// queries for a long page as for a short one.
    pub async fn rooms(&self, actor: Actor, page: PageRequest) -> Result<Page<DirectRoom>, ConversationsError> {
        let viewer = actor.user_id;
        let list = self.0.conversations.list(viewer, ConversationFilter::DirectWithMessages, page);
        let rooms = self.0.reading(viewer, list).await?;
        let peers: Vec<_> = rooms.items.iter().filter_map(|room| peer_of(room, viewer)).collect();
        let profiles = self.0.profiles_of(viewer, &peers).await?;
        let mut profiles: HashMap<_, _> = profiles.into_iter().map(|profile| (profile.user.id, profile)).collect();
        let Page { items, total, request } = rooms;
        let items = items.into_iter().filter_map(|overview| room(overview, viewer, &mut profiles)).collect();
        Ok(Page { items, total, request })
    }
}

fn peer_of(room: &ConversationOverview, viewer: UserId) -> Option<UserId> {
    match room.details.conversation.kind {
        ConversationKind::Direct(pair) => Some(pair.other(viewer)),
        ConversationKind::Group => None,
    }
}

/// A pair has one conversation, so each profile is asked for once.
fn room(
    overview: ConversationOverview,
    viewer: UserId,
    profiles: &mut HashMap<UserId, UserProfile>,
) -> Option<DirectRoom> {
    let id = peer_of(&overview, viewer)?;
    let peer =
        profiles.remove(&id).map_or_else(|| Peer::Deleted(deleted(id)), |profile| Peer::Known(Box::new(profile)));
    Some(DirectRoom { overview, peer })
}

fn deleted(id: UserId) -> UserSummary {
    UserSummary { id, username: None, name: DELETED_USER_NAME.into(), avatar: None }
}
