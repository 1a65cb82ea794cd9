use super::camel_payloads::{
    CallOfChatView, ChatMessageReceivedView, ChatTypingView, ChatWindowView, GroupChangedView, GroupMemberAddedView,
    GroupMemberRemovedView, GroupMessageReceivedView, GroupWindowView, MessageProgressView, UserCameView, UserWentView,
};
use super::payloads::ConversationUpdatedView;
use super::{Camel, Gateway, Variant, both};
use crate::chat::{ChatMessageView, ChatRoomId, GroupView};
use chat_domain::calls::CallStarted;
use chat_domain::conversations::{ConversationDetails, ConversationKind};
use chat_domain::messages::Message;
use chat_domain::receipts::{DeliveryStatus, MessageStatus};
use chat_domain::users::DisplayName;
use chat_domain::{Change, ChangeKind, ConversationId, Event, Pos, Timestamp, UserId};
use uuid::Uuid;

/// Encodes an event in this dialect. `None` if the dialect does not have it.
pub(super) fn text(gateway: Gateway, event: &Event, variant: Variant) -> Option<String> {
    Some(match event {
        Event::Change(change) => return change_text(gateway, change, variant),
        Event::PositionsMoved(moved) => return moved.covers.as_ref().map(|status| progress_text(gateway, status)),
        Event::TypingChanged { conversation_id, kind, user_id, is_typing } => {
            let (chat_room_id, group_id) = room(*kind, *conversation_id);
            let view = ChatTypingView { user_id: user_id.as_uuid(), chat_room_id, group_id, is_typing: *is_typing };
            gateway.event(Camel::TYPING, &view)
        }
        Event::UserOnline { user, status, at } => {
            let (user_id, is_online) = (user.id.as_uuid(), status.is_online());
            gateway.event(Camel::USER_ONLINE, &UserCameView { user_id, is_online, connected_at: (*at).into() })
        }
        Event::UserOffline { user_id, last_seen } => {
            let (user_id, last_seen) = (user_id.as_uuid(), (*last_seen).into());
            gateway.event(Camel::USER_OFFLINE, &UserWentView { user_id, is_online: false, last_seen })
        }
        Event::WindowOpened { conversation_id, kind, user_id, at } => match kind {
            ConversationKind::Group | ConversationKind::Thread(_) => {
                gateway.event(Camel::GROUP_WINDOW_OPENED, &group_window(*user_id, *conversation_id, *at))
            }
            ConversationKind::Direct(pair) => {
                gateway.event(Camel::CHAT_WINDOW_OPENED, &chat_window(*user_id, pair.as_text()))
            }
        },
        Event::WindowClosed { conversation_id, kind, user_id, at } => match kind {
            ConversationKind::Group | ConversationKind::Thread(_) => {
                gateway.event(Camel::GROUP_WINDOW_CLOSED, &group_window(*user_id, *conversation_id, *at))
            }
            ConversationKind::Direct(pair) => {
                gateway.event(Camel::CHAT_WINDOW_CLOSED, &chat_window(*user_id, pair.as_text()))
            }
        },
        Event::CallStarted(call) => gateway.event(Camel::CALL, &call_view(call)),
    })
}

/// Returns the `chatRoomId` of a pair, or the id of a group.
fn room(kind: ConversationKind, id: ConversationId) -> (Option<String>, Option<Uuid>) {
    match ChatRoomId::of(kind, id) {
        pair @ ChatRoomId::Pair(_) => (Some(pair.as_text()), None),
        ChatRoomId::Group(id) => (None, Some(id.as_uuid())),
    }
}

fn group_window(user: UserId, group: ConversationId, at: Timestamp) -> GroupWindowView {
    GroupWindowView { user_id: user.as_uuid(), group_id: group.as_uuid(), timestamp: at.into() }
}

fn chat_window(user: UserId, chat_room_id: String) -> ChatWindowView {
    ChatWindowView { user_id: user.as_uuid(), chat_room_id }
}

fn call_view(call: &CallStarted) -> CallOfChatView {
    let (chat_room_id, group_id) = room(call.kind, call.conversation_id);
    let caller_name = call.caller_name.as_ref().map_or(call.caller.name.as_str(), DisplayName::as_str).to_owned();
    CallOfChatView {
        group_id,
        chat_room_id,
        caller_id: call.caller.id.as_uuid(),
        caller_name,
        timestamp: call.at.into(),
    }
}

fn progress_text(gateway: Gateway, status: &MessageStatus) -> String {
    gateway.event(Camel::STATUS, &MessageProgressView::from(status))
}

impl From<&MessageStatus> for MessageProgressView {
    fn from(status: &MessageStatus) -> Self {
        Self {
            message_id: status.message_id.as_uuid(),
            status: status.status.into(),
            read_by: status.read_by.iter().map(|user| user.as_uuid()).collect(),
        }
    }
}

#[allow(clippy::match_wildcard_for_single_variants, reason = "every kind that is not here is in `both`")]
fn change_text(gateway: Gateway, change: &Change, variant: Variant) -> Option<String> {
    let is_own = variant == Variant::Own;
    let (id, pos) = (change.conversation_id.as_uuid(), change.pos.get());
    match &change.kind {
        ChangeKind::MessageSent(message) => Some(message_text(gateway, message, is_own)),
        ChangeKind::Created { details, .. } => {
            let is_group = details.conversation.kind.is_group();
            is_group.then(|| gateway.event(Camel::GROUP_CREATED, &group_changed(details, change.pos)))
        }
        ChangeKind::Updated(details) => {
            if details.conversation.kind.is_group() {
                return Some(gateway.event(Camel::GROUP_UPDATED, &group_changed(details, change.pos)));
            }
            let conversation = details.as_ref().clone().into();
            let view = ConversationUpdatedView { conversation_id: id, pos, conversation };
            Some(gateway.event(Camel::PRIVATE_CHAT_UPDATED, &view))
        }
        ChangeKind::ParticipantAdded { user, role, details } => Some(gateway.event(
            Camel::PARTICIPANT_ADDED,
            &GroupMemberAddedView {
                group_id: id,
                conversation_id: id,
                pos,
                user: user.clone().into(),
                role: (*role).into(),
                group: is_own.then(|| GroupView::of_event(details.as_ref().clone())),
            },
        )),
        ChangeKind::ParticipantRemoved { user_id } => {
            let view = GroupMemberRemovedView { group_id: id, conversation_id: id, pos, user_id: user_id.as_uuid() };
            Some(gateway.event(Camel::PARTICIPANT_REMOVED, &view))
        }
        _ => both::change_text(gateway, change, variant),
    }
}

fn group_changed(details: &ConversationDetails, pos: Pos) -> GroupChangedView {
    let conversation_id = details.conversation.id.as_uuid();
    GroupChangedView { group: GroupView::of_event(details.clone()), conversation_id, pos: pos.get() }
}

fn message_text(gateway: Gateway, message: &Message, is_own: bool) -> String {
    let received = ChatMessageReceivedView {
        timestamp: message.created_at.into(),
        message: ChatMessageView::new(message.clone(), DeliveryStatus::Sent, &[], is_own),
    };
    match message.kind {
        ConversationKind::Direct(_) => gateway.event(Camel::PRIVATE_MESSAGE, &received),
        ConversationKind::Group | ConversationKind::Thread(_) => {
            let sender_name = message.sender.name.clone();
            gateway.event(Camel::GROUP_MESSAGE, &GroupMessageReceivedView { received, sender_name })
        }
    }
}
