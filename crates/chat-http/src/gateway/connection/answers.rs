//! Answers to commands. Their form follows the connection's dialect, like all events: `colon` answers in the
//! acknowledgement, or by an event if there is no id to acknowledge; `camel` always answers by its reply events, and
//! also acknowledges if there is an id (contract §4).

use crate::ApiError;
use chat_app::{FetchedChat, TrackedMessage, UserProfile};
use chat_domain::auth::Actor;
use chat_domain::messages::{Appended, HistoryPage, HistoryRequest, Message};
use chat_domain::receipts::{Advanced, DeliveryStatus, MessageStatus, delivery_status, read_by};
use chat_domain::{ConversationId, PageRequest, Refusal, Timestamp};
use chat_protocol::Pagination;
use chat_protocol::chat::{ChatMessageView, ChatRoomId, LastSeenView, OnlineStatusView};
use chat_protocol::messages::MessageView;
use chat_protocol::realtime::{
    Camel, ChatMessageReceivedView, Colon, Dialect, EventName, FetchedChatView, FetchedGroupView, FetchedView,
    MessageProgressView, MessageSentView, PresenceStatusView,
};
use chat_protocol::receipts::PositionsView;
use chat_protocol::users::UserView;
use chat_realtime::Connection;
use serde::Serialize;

/// The result of a successful command.
pub(super) enum Outcome {
    /// Success without data.
    Done,
    /// The message is stored.
    Sent(Box<Appended>),
    /// The message after an edit, a deletion, a reaction or a pin.
    Changed(Box<Message>),
    /// The user's positions.
    Advanced(ConversationId, Advanced),
    /// The status of a message.
    Tracked(Box<TrackedMessage>),
    /// A part of a conversation's history.
    Fetched(ConversationId, HistoryRequest, HistoryPage),
    /// A page of a chat's history.
    FetchedChat(FetchedRoom),
    /// A page of a group's history.
    FetchedGroup(FetchedRoom),
    /// The presence of a user.
    Presence(Box<UserProfile>),
    /// The user's last seen time.
    Seen(Timestamp),
}

/// A page of a chat's history, with its request.
pub(super) struct FetchedRoom {
    pub(super) room: ChatRoomId,
    pub(super) request: PageRequest,
    pub(super) fetched: FetchedChat,
}

/// Sends the answer to a command.
pub(super) async fn answer(
    connection: &Connection,
    actor: Actor,
    id: Option<&str>,
    outcome: Outcome,
) -> Result<(), ApiError> {
    let asked = Asked { connection, actor, id };
    match connection.format().dialect {
        Dialect::Colon => asked.in_colon(outcome),
        Dialect::Camel => {
            asked.in_camel(outcome).await;
            Ok(())
        }
    }
}

/// Sends the answer to a send.
pub(super) fn confirm(connection: &Connection, actor: Actor, id: Option<&str>, sent: Appended) {
    let asked = Asked { connection, actor, id };
    match connection.format().dialect {
        Dialect::Colon => asked.acknowledge_sent(sent),
        Dialect::Camel => asked.confirm_sent(sent),
    }
}

/// The recipient of an answer.
struct Asked<'frame> {
    connection: &'frame Connection,
    actor: Actor,
    id: Option<&'frame str>,
}

impl Asked<'_> {
    fn acknowledge(&self, data: &impl Serialize) {
        if let Some(id) = self.id {
            self.connection.send_ack(id, data);
        }
    }

    fn done(&self) {
        if let Some(id) = self.id {
            self.connection.send_empty_ack(id);
        }
    }

    fn reply_once<T: Serialize>(&self, event: EventName<T>, data: &T) {
        match self.id {
            Some(id) => self.connection.send_ack(id, data),
            None => self.connection.send_event(event, data),
        }
    }

    async fn reply_always<T: Serialize>(&self, event: EventName<T>, data: &T) {
        self.connection.send_event(event, data);
        // Sending a page twice might exceed the connection's queue.
        if self.id.is_some() && self.connection.drained().await {
            self.acknowledge(data);
        }
    }

    fn in_colon(&self, outcome: Outcome) -> Result<(), ApiError> {
        match outcome {
            Outcome::Done => self.done(),
            Outcome::Sent(sent) => self.acknowledge_sent(*sent),
            Outcome::Changed(message) => self.acknowledge_changed(*message),
            Outcome::Advanced(id, advanced) => {
                self.acknowledge(&PositionsView::new(id, self.actor.user_id, &advanced));
            }
            Outcome::Tracked(tracked) => self.acknowledge_positions(&tracked),
            Outcome::Fetched(id, request, page) => self.reply_once(Colon::FETCHED, &self.fetched(id, request, page)),
            Outcome::FetchedChat(room) | Outcome::FetchedGroup(room) => {
                // In this dialect a history belongs to a conversation.
                let id = room.fetched.conversation_id.ok_or(Refusal::UnknownConversation)?;
                let view = self.fetched(id, HistoryRequest::Page(room.request), room.fetched.page);
                self.reply_once(Colon::FETCHED, &view);
            }
            Outcome::Presence(profile) => {
                let view = UserView::new(profile.user, profile.status);
                let view = PresenceStatusView {
                    user_id: view.id,
                    is_online: view.is_online,
                    status: view.status,
                    last_seen: view.last_seen,
                };
                self.reply_once(Colon::USER_STATUS, &view);
            }
            Outcome::Seen(at) => self.acknowledge(&LastSeenView::new(self.actor.user_id, Some(at))),
        }
        Ok(())
    }

    async fn in_camel(&self, outcome: Outcome) {
        match outcome {
            Outcome::Done => self.done(),
            Outcome::Sent(sent) => self.confirm_sent(*sent),
            Outcome::Changed(message) => self.acknowledge_changed(*message),
            // Positions belong to the other dialect; this one has no other shape for them.
            Outcome::Advanced(id, advanced) => {
                self.acknowledge(&PositionsView::new(id, self.actor.user_id, &advanced));
            }
            Outcome::Tracked(tracked) => self.acknowledge(&progress(&tracked)),
            Outcome::Fetched(id, request, page) => {
                let pagination = Pagination::of_history(request, &page);
                let is_group = page.messages.first().is_some_and(|message| message.kind.is_group());
                let messages = ChatMessageView::of_history(page, self.actor.user_id);
                if is_group {
                    let view = FetchedGroupView { group_id: id.as_uuid(), messages, pagination };
                    self.reply_always(Camel::GROUP_FETCHED, &view).await;
                } else {
                    self.reply_always(Camel::FETCHED, &FetchedChatView { messages, pagination }).await;
                }
            }
            Outcome::FetchedChat(room) => {
                let (messages, pagination) = self.chat_page(room.request, room.fetched.page);
                self.reply_always(Camel::FETCHED, &FetchedChatView { messages, pagination }).await;
            }
            Outcome::FetchedGroup(room) => {
                let (messages, pagination) = self.chat_page(room.request, room.fetched.page);
                if let ChatRoomId::Group(id) = room.room {
                    let view = FetchedGroupView { group_id: id.as_uuid(), messages, pagination };
                    self.reply_always(Camel::GROUP_FETCHED, &view).await;
                }
            }
            Outcome::Presence(profile) => {
                let UserProfile { user, status } = *profile;
                self.reply_always(Camel::USER_STATUS, &OnlineStatusView::new(user.id, status, user.last_seen)).await;
            }
            Outcome::Seen(at) => self.acknowledge(&LastSeenView::new(self.actor.user_id, Some(at))),
        }
    }

    fn acknowledge_changed(&self, message: Message) {
        let is_own = message.sender.id == self.actor.user_id;
        self.acknowledge(&MessageView::new(message, DeliveryStatus::Sent, is_own));
    }

    fn acknowledge_sent(&self, sent: Appended) {
        let (message, duplicate) = apart(sent);
        self.acknowledge(&MessageView { duplicate, ..MessageView::new(message, DeliveryStatus::Sent, true) });
    }

    /// Sends `messageSent` to the connection that sent the message, and to no other.
    fn confirm_sent(&self, sent: Appended) {
        let (message, duplicate) = apart(sent);
        let client_message_id = message.client_message_id.as_ref().map(|key| key.as_str().to_owned());
        let confirmed = MessageSentView { message_id: message.id.as_uuid(), client_message_id };
        self.connection.send_event(Camel::MESSAGE_SENT, &confirmed);
        let timestamp = message.created_at.into();
        let message = ChatMessageView::new(message, DeliveryStatus::Sent, &[], true);
        let message = ChatMessageView { duplicate, ..message };
        self.acknowledge(&ChatMessageReceivedView { message, timestamp });
    }

    fn fetched(&self, id: ConversationId, request: HistoryRequest, page: HistoryPage) -> FetchedView {
        let pagination = Pagination::of_history(request, &page);
        let messages = MessageView::of_history(page, self.actor.user_id);
        FetchedView { conversation_id: id.as_uuid(), messages, pagination }
    }

    fn chat_page(&self, request: PageRequest, page: HistoryPage) -> (Vec<ChatMessageView>, Pagination) {
        let pagination = Pagination::of_history(HistoryRequest::Page(request), &page);
        (ChatMessageView::of_history(page, self.actor.user_id), pagination)
    }

    /// Returns the user's own positions among all known ones.
    fn acknowledge_positions(&self, tracked: &TrackedMessage) {
        let own = tracked.participants.iter().find(|participant| participant.user_id == self.actor.user_id);
        match own {
            Some(own) => self.acknowledge(&PositionsView {
                conversation_id: tracked.message.conversation_id.as_uuid(),
                user_id: own.user_id.as_uuid(),
                delivered_seq: own.positions.delivered.get(),
                read_seq: own.positions.read.get(),
                unread_count: None,
            }),
            None => self.done(),
        }
    }
}

fn apart(sent: Appended) -> (Message, Option<bool>) {
    match sent {
        Appended::New(message) | Appended::First(message) => (message, None),
        Appended::Replayed(message) => (message, Some(true)),
    }
}

fn progress(tracked: &TrackedMessage) -> MessageProgressView {
    let (seq, sender) = (tracked.message.seq, tracked.message.sender.id);
    MessageProgressView::from(&MessageStatus {
        message_id: tracked.message.id,
        status: delivery_status(seq, sender, &tracked.participants),
        read_by: read_by(seq, sender, &tracked.participants),
    })
}
