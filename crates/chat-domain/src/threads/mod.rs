//! Threads: conversations that hang on a message of another conversation, their *parent*.
//!
//! The participants of the parent, and nobody else, may read a thread and write to it. Users who *follow* it have
//! positions in it, and so unread messages. A follow belongs to one membership in the parent: it ends with the
//! membership, and a user who rejoins the parent follows none of its threads.

mod store;

pub use store::{OpenThread, OpenedThread, ThreadStore};

use crate::conversations::ListPlace;
use crate::messages::{EditContext, Message};
use crate::receipts::Positions;
use crate::users::UserSummary;
use crate::{ConversationId, MessageId, PageLimit, Pos, Refusal, Seq, Timestamp};

/// The maximum number of followers listed with a thread.
pub const MAX_LISTED_FOLLOWERS: usize = 5;

/// A thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// Its id, as a conversation.
    pub id: ConversationId,
    /// Its parent.
    pub parent: ConversationId,
    /// The message on which it hangs, its root.
    pub root: MessageId,
    /// The number of the root in the parent.
    pub root_seq: Seq,
    /// Whether messages can be sent: not in a deactivated group.
    pub is_active: bool,
    /// The number of the newest message; zero before the first.
    pub last_seq: Seq,
    /// The number of the newest durable change; zero before the first.
    pub last_pos: Pos,
    /// The number of deleted messages.
    pub deleted: u64,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When its newest message was sent, or else when it was opened.
    pub active_at: Timestamp,
}

impl Thread {
    /// The number of messages that are not deleted.
    pub const fn reply_count(&self) -> u64 {
        self.last_seq.get().saturating_sub(self.deleted)
    }

    /// The time of the newest message, deleted or not.
    pub fn last_reply_at(&self) -> Option<Timestamp> {
        (self.last_seq > Seq::ZERO).then_some(self.active_at)
    }

    /// Its place in a list of threads by activity.
    pub const fn place(&self) -> ListPlace {
        ListPlace { active_at: self.active_at, id: self.id }
    }
}

/// A thread as one user sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadOverview {
    /// The part that is the same for every reader.
    pub thread: Thread,
    /// At most [`MAX_LISTED_FOLLOWERS`] followers: those who have followed it longest (then in order of id).
    pub followers: Vec<UserSummary>,
    /// The newest message.
    pub last_message: Option<Message>,
    /// The viewer's positions; `None` if the viewer does not follow the thread.
    pub own: Option<Positions>,
}

impl ThreadOverview {
    /// The number of messages that the viewer has not read; zero if the viewer does not follow the thread.
    pub fn unread_count(&self) -> u64 {
        self.own.map_or(0, |own| own.unread(self.thread.last_seq))
    }
}

/// A part of the list of a conversation's threads, by their roots, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadPage {
    /// The threads, at most as many as asked for.
    pub items: Vec<ThreadOverview>,
    /// The requested limit.
    pub limit: PageLimit,
    /// The root before which the next page begins; `None` on the last page.
    pub next: Option<Seq>,
}

/// Cuts the threads that were found, one more than the limit if there are that many, to a page. Returns the root before
/// which the next page begins.
pub fn cut_page(limit: PageLimit, found: &mut Vec<Thread>) -> Option<Seq> {
    let size = limit.get() as usize;
    let has_more = found.len() > size;
    found.truncate(size);
    found.last().map(|last| last.root_seq).filter(|_| has_more)
}

/// Decides the opening of a thread by a participant. Returns the root; the store creates the thread in the transaction
/// in which it read the context, unless the message has one (`is_open`).
///
/// # Errors
///
/// The refusals that the contract names.
pub fn decide_opening(context: EditContext, is_open: bool) -> Result<Message, Refusal> {
    let conversation = context.conversation.ok_or(Refusal::UnknownConversation)?;
    context.role.ok_or(Refusal::NotAParticipant)?;
    if conversation.kind.parent().is_some() {
        return Err(Refusal::NestedThread);
    }
    let root = context.message.ok_or(Refusal::UnknownMessage)?;
    if is_open {
        return Ok(root);
    }
    if !conversation.is_active {
        return Err(Refusal::Inactive);
    }
    if root.deleted_at.is_some() {
        return Err(Refusal::MessageDeleted);
    }
    Ok(root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversations::{Conversation, ConversationKind, Role};
    use crate::messages::{MessageBody, Reactions};
    use crate::{Timestamp, UserId};
    use uuid::Uuid;

    const AT: Timestamp = Timestamp::from_unix_micros(1);

    fn id(number: u128) -> ConversationId {
        ConversationId::new(Uuid::from_u128(number))
    }

    fn context(kind: ConversationKind, is_active: bool, deleted_at: Option<Timestamp>) -> EditContext {
        let author = UserId::new(Uuid::from_u128(7));
        let conversation = Conversation {
            id: id(1),
            kind,
            name: None,
            description: None,
            avatar: None,
            metadata: None,
            is_active,
            invite_code: None,
            created_by: author,
            last_seq: Seq::new(1),
            last_pos: Pos::new(2),
            participant_count: 2,
            created_at: AT,
            updated_at: AT,
        };
        let message = Message {
            id: MessageId::new(Uuid::from_u128(9)),
            conversation_id: id(1),
            kind,
            seq: Seq::new(1),
            pos: Pos::new(2),
            changed: None,
            sender: UserSummary { id: author, username: None, name: "Ann".into(), avatar: None },
            body: MessageBody::parse("root").expect("a body"),
            attachment: None,
            metadata: None,
            forwarded_from: None,
            reply_to: None,
            quoted: None,
            reactions: Reactions::default(),
            pinned_at: None,
            client_message_id: None,
            created_at: AT,
            updated_at: AT,
            edited_at: None,
            deleted_at,
            deleted_by: None,
        };
        let (conversation, message) = (Some(conversation), Some(message));
        EditContext { conversation, role: Some(Role::Member), message, ..EditContext::default() }
    }

    fn refused(context: EditContext, is_open: bool) -> Refusal {
        decide_opening(context, is_open).expect_err("a refusal")
    }

    #[test]
    fn a_participant_opens_the_thread_of_a_message_that_is_there() {
        let group = |is_active, deleted_at| context(ConversationKind::Group, is_active, deleted_at);
        assert_eq!(decide_opening(group(true, None), false).expect("allowed").seq, Seq::new(1));
        assert_eq!(refused(EditContext::default(), false), Refusal::UnknownConversation);
        assert_eq!(refused(EditContext { role: None, ..group(true, None) }, true), Refusal::NotAParticipant);
        assert_eq!(refused(EditContext { message: None, ..group(true, None) }, false), Refusal::UnknownMessage);
        assert_eq!(refused(group(true, Some(AT)), false), Refusal::MessageDeleted);
        assert_eq!(refused(group(false, None), false), Refusal::Inactive);
        let in_thread = context(ConversationKind::Thread(id(2)), true, None);
        assert_eq!(refused(in_thread, false), Refusal::NestedThread);
    }

    #[test]
    fn an_open_thread_is_found_whatever_became_of_its_root() {
        let group = |is_active, deleted_at| context(ConversationKind::Group, is_active, deleted_at);
        assert!(decide_opening(group(true, Some(AT)), true).is_ok());
        assert!(decide_opening(group(false, None), true).is_ok());
    }

    #[test]
    fn a_page_ends_at_the_root_before_which_the_next_begins() {
        let limit = PageLimit::parse(2).expect("a limit");
        let thread = |number: u64| Thread {
            id: id(number.into()),
            parent: id(99),
            root: MessageId::new(Uuid::nil()),
            root_seq: Seq::new(number),
            is_active: true,
            last_seq: Seq::new(5),
            last_pos: Pos::new(6),
            deleted: 2,
            created_at: AT,
            active_at: AT,
        };
        assert_eq!((thread(1).reply_count(), thread(1).last_reply_at()), (3, Some(AT)));
        assert_eq!(Thread { last_seq: Seq::ZERO, deleted: 0, ..thread(1) }.last_reply_at(), None);
        let mut found = vec![thread(9), thread(7), thread(3)];
        assert_eq!((cut_page(limit, &mut found), found.len()), (Some(Seq::new(7)), 2));
        let mut last = vec![thread(3)];
        assert_eq!((cut_page(limit, &mut last), last.len()), (None, 1));
    }
}
