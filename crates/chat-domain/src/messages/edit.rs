use super::{AttachmentUrl, Message, MessageBody, Reactions};
use crate::changes::Change;
use crate::columns::{UnreadableColumn, parsed, parsed_option};
use crate::conversations::{Conversation, ConversationKind, Role};
use crate::users::UserSummary;
use crate::{ConversationId, MessageId, Metadata, Pos, Refusal, Timestamp, UserId};
use std::time::Duration;

/// The maximum number of versions of a message, the first and the present one included.
pub const MAX_VERSIONS: u32 = 100;

/// The command to edit a message: `None` keeps a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditMessage {
    /// The conversation the message belongs to.
    pub conversation_id: ConversationId,
    /// The message.
    pub message_id: MessageId,
    /// The new text.
    pub body: Option<MessageBody>,
    /// The new attachment; `Some(None)` removes it.
    pub attachment: Option<Option<AttachmentUrl>>,
    /// The new metadata; `Some(None)` removes them.
    pub metadata: Option<Option<Metadata>>,
    /// The message's [`Message::changed_pos`] that the author has seen. If it has another one now, it is not edited.
    pub if_changed_pos: Option<Pos>,
}

/// The user who edits or deletes a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Editor {
    /// The user's id.
    pub user_id: UserId,
    /// The time, from the clock.
    pub at: Timestamp,
    /// How long after its sending the author may change a message; `None`: always.
    pub window: Option<Duration>,
}

/// The facts that decide an edit, a deletion, a reaction, a pin or a reading of earlier versions, as the store's
/// transaction sees them.
#[derive(Debug, Clone, Default)]
pub struct EditContext {
    /// The conversation, if it exists.
    pub conversation: Option<Conversation>,
    /// The role of the acting user, if they take part: for a thread, their role in its parent.
    pub role: Option<Role>,
    /// The acting user as others see them, if they take part; only reactions and pins need it.
    pub user: Option<UserSummary>,
    /// The message, if it is in this conversation and this release can read it.
    pub message: Option<Message>,
    /// The number of earlier versions; only an edit needs it.
    pub earlier_versions: u32,
}

/// The content of a message after an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditedContent {
    /// The text.
    pub body: MessageBody,
    /// The attachment, if any.
    pub attachment: Option<AttachmentUrl>,
    /// The metadata, if any.
    pub metadata: Option<Metadata>,
}

/// An earlier version of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageVersion {
    /// The text.
    pub body: MessageBody,
    /// The attachment, if any.
    pub attachment: Option<AttachmentUrl>,
    /// The metadata, if any.
    pub metadata: Option<Metadata>,
    /// When an edit replaced this version.
    pub edited_at: Timestamp,
    /// The number of that edit among the conversation's durable changes.
    pub pos: Pos,
}

impl MessageVersion {
    /// Reads the columns of a row.
    pub fn from_stored(
        body: &str,
        attachment: Option<&str>,
        metadata: Option<&str>,
        edited_at: Timestamp,
        pos: Pos,
    ) -> Result<Self, UnreadableColumn> {
        let body = parsed("body", body, MessageBody::from_stored)?;
        let attachment = parsed_option("attachment", attachment, AttachmentUrl::from_stored)?;
        let metadata = parsed_option("metadata", metadata, Metadata::from_stored)?;
        Ok(Self { body, attachment, metadata, edited_at, pos })
    }
}

/// A message after an edit or a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedMessage {
    /// The message in its present state.
    pub message: Message,
    /// The change; `None` if there was nothing to change.
    pub change: Option<Change>,
}

/// Who may read the earlier versions of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EditHistory {
    /// The participants of the conversation.
    #[default]
    Participants,
    /// The admins of the group; nobody in direct conversations.
    Admins,
    /// Nobody.
    Off,
}

impl EditHistory {
    /// Decides whether the reader may read the earlier versions of the message.
    pub fn may_read(self, context: &EditContext) -> Result<(), Refusal> {
        if context.conversation.is_none() {
            return Err(Refusal::UnknownConversation);
        }
        match (self, context.role.ok_or(Refusal::NotAParticipant)?) {
            (Self::Admins, Role::Member | Role::Unknown) => Err(Refusal::NotAnAdmin),
            (Self::Off, _) => Err(Refusal::EditHistoryOff),
            (Self::Participants, _) | (Self::Admins, Role::Admin) => {
                if context.message.is_some() {
                    Ok(())
                } else {
                    Err(Refusal::UnknownMessage)
                }
            }
        }
    }
}

/// Decides an edit. Returns the message as it is, and its new content; `None`: it has this content already. The store
/// writes the content in the transaction in which it read the context, and keeps the present content as an earlier
/// version.
///
/// # Errors
///
/// The refusals that the contract names for an edit.
pub fn decide_edit(
    context: EditContext,
    edit: &EditMessage,
    by: Editor,
) -> Result<(Message, Option<EditedContent>), Refusal> {
    let earlier_versions = context.earlier_versions;
    let (message, _) = of_participant(context)?;
    if message.sender.id != by.user_id {
        return Err(Refusal::NotTheAuthor);
    }
    if message.deleted_at.is_some() {
        return Err(Refusal::MessageDeleted);
    }
    let new = EditedContent {
        body: edit.body.clone().unwrap_or_else(|| message.body.clone()),
        attachment: edit.attachment.clone().unwrap_or_else(|| message.attachment.clone()),
        metadata: edit.metadata.clone().unwrap_or_else(|| message.metadata.clone()),
    };
    // Before all that depends on the time: a repeated edit succeeds like the first.
    if has_same_text(&new, &message) && Metadata::is_same_option(new.metadata.as_ref(), message.metadata.as_ref()) {
        return Ok((message, None));
    }
    by.is_in_time(&message)?;
    if edit.if_changed_pos.is_some_and(|pos| pos != message.changed_pos()) {
        return Err(Refusal::MessageChanged);
    }
    if earlier_versions.saturating_add(1) >= MAX_VERSIONS {
        return Err(Refusal::TooManyEdits);
    }
    Ok((message, Some(new)))
}

/// Decides a deletion, by the author or an admin of the group. Returns the message as it is, and whether to delete it;
/// `false`: it is deleted already.
///
/// # Errors
///
/// The refusals that the contract names for a deletion.
pub fn decide_deletion(context: EditContext, by: Editor) -> Result<(Message, bool), Refusal> {
    let (message, role) = of_participant(context)?;
    // Of the group itself, or of the group of its thread.
    let is_admin = !matches!(message.kind, ConversationKind::Direct(_)) && role == Role::Admin;
    if message.sender.id != by.user_id && !is_admin {
        return Err(Refusal::NeitherAuthorNorAdmin);
    }
    if message.deleted_at.is_some() {
        return Ok((message, false));
    }
    if !is_admin {
        by.is_in_time(&message)?;
    }
    Ok((message, true))
}

/// Whether text and attachment are the same.
fn has_same_text(new: &EditedContent, message: &Message) -> bool {
    new.body == message.body && new.attachment == message.attachment
}

pub(super) fn of_participant(context: EditContext) -> Result<(Message, Role), Refusal> {
    let conversation = context.conversation.ok_or(Refusal::UnknownConversation)?;
    let role = context.role.ok_or(Refusal::NotAParticipant)?;
    if !conversation.is_active {
        return Err(Refusal::Inactive);
    }
    Ok((context.message.ok_or(Refusal::UnknownMessage)?, role))
}

impl Editor {
    fn is_in_time(&self, message: &Message) -> Result<(), Refusal> {
        match self.window {
            Some(window) if self.at.since(message.created_at) > window => Err(Refusal::MessageTooOld),
            _ => Ok(()),
        }
    }
}

impl Message {
    /// Returns the message after an edit, with the number and the time of that change.
    #[must_use]
    pub fn edited(self, content: EditedContent, (pos, at): (Pos, Timestamp)) -> Self {
        // Nobody else's name stands under what the editor wrote.
        let forwarded_from = self.forwarded_from.clone().filter(|_| has_same_text(&content, &self));
        let EditedContent { body, attachment, metadata } = content;
        Self {
            body,
            attachment,
            metadata,
            forwarded_from,
            changed: Some(pos),
            updated_at: at,
            edited_at: Some(at),
            ..self
        }
    }

    /// Returns the tombstone of the message: its place and sender stay, its content is gone.
    #[must_use]
    pub fn deleted(self, by: UserId, (pos, at): (Pos, Timestamp)) -> Self {
        Self {
            body: MessageBody::empty(),
            attachment: None,
            metadata: None,
            forwarded_from: None,
            reactions: Reactions::default(),
            pinned_at: None,
            changed: Some(pos),
            updated_at: at,
            deleted_at: Some(at),
            deleted_by: Some(by),
            ..self
        }
    }
}

#[cfg(test)]
mod tests;
