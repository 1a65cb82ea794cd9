use super::details::{find_conversation, participations, with_participants};
use crate::fault::Stored;
use crate::messages::last_messages;
use chat_domain::conversations::{Conversation, ConversationOverview};
use chat_domain::{ConversationId, UserId};
use diesel::SqliteConnection;

pub(super) fn overview(
    connection: &mut SqliteConnection,
    id: ConversationId,
    viewer: UserId,
) -> Stored<Option<ConversationOverview>> {
    let Some(conversation) = find_conversation(connection, id)? else { return Ok(None) };
    Ok(overviews(connection, vec![conversation], viewer)?.pop())
}

/// These conversations as the viewer sees them: three queries, however many they are.
pub(super) fn overviews(
    connection: &mut SqliteConnection,
    conversations: Vec<Conversation>,
    viewer: UserId,
) -> Stored<Vec<ConversationOverview>> {
    let ids: Vec<_> = conversations.iter().map(|conversation| conversation.id).collect();
    let mut viewers = participations(connection, viewer, &ids)?;
    let mut last_messages = last_messages(connection, &ids)?;
    let overview = |details: chat_domain::conversations::ConversationDetails| ConversationOverview {
        viewer: viewers.remove(&details.conversation.id),
        last_message: last_messages.remove(&details.conversation.id),
        details,
    };
    Ok(with_participants(connection, conversations)?.into_iter().map(overview).collect())
}
