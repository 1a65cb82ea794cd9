use super::details::{find_conversation, participations, with_participants};
use crate::fault::Stored;
use crate::messages::last_messages;
use chat_domain::conversations::{Conversation, ConversationDetails, ConversationOverview};
use chat_domain::{ConversationId, UserId};
use diesel_async::AsyncPgConnection;

pub(super) async fn overview(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    viewer: UserId,
) -> Stored<Option<ConversationOverview>> {
    let Some(conversation) = find_conversation(connection, id).await? else { return Ok(None) };
    Ok(overviews(connection, vec![conversation], viewer).await?.pop())
}

/// These conversations as the viewer sees them: three queries, however many they are.
pub(super) async fn overviews(
    connection: &mut AsyncPgConnection,
    conversations: Vec<Conversation>,
    viewer: UserId,
) -> Stored<Vec<ConversationOverview>> {
    let ids: Vec<_> = conversations.iter().map(|conversation| conversation.id).collect();
    let mut viewers = participations(connection, viewer, &ids).await?;
    let mut last_messages = last_messages(connection, &ids).await?;
    let overview = |details: ConversationDetails| ConversationOverview {
        viewer: viewers.remove(&details.conversation.id),
        last_message: last_messages.remove(&details.conversation.id),
        details,
    };
    Ok(with_participants(connection, conversations).await?.into_iter().map(overview).collect())
}
