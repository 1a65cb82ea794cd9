use super::EventName;
use crate::chat::OnlineStatusView;
use crate::messages::MessageView;
use crate::realtime::Dialect;
use crate::realtime::camel_payloads::{
    CallOfChatView, ChatMessageReceivedView, ChatTypingView, ChatWindowView, FetchedChatView, FetchedGroupView,
    GroupChangedView, GroupMemberAddedView, GroupMemberRemovedView, GroupMessageReceivedView, GroupWindowView,
    MessageProgressView, MessageSentView, UserCameView, UserWentView,
};
use crate::realtime::payloads::{
    CallView, ChangeSkippedView, ConversationCreatedView, ConversationUpdatedView, FetchedView, FrameErrorView,
    MessageDeletedView, MessageUpdatedView, ParticipantAddedView, ParticipantRemovedView, ParticipantUpdatedView,
    PinChangedView, PresenceStateView, PresenceStatusView, ReactionChangedView, ResumedView, TypingView,
    UserOfflineView, UserOnlineView, WindowView,
};
use crate::receipts::PositionsView;

/// An event, with its names.
#[derive(Debug, Clone, Copy)]
pub struct EventRow {
    /// A summary in a few words.
    pub what: &'static str,
    /// Its names, at most one per dialect. A dialect without a name does not have the event.
    pub names: &'static [EventEntry],
}

/// One name of a row.
#[derive(Debug, Clone, Copy)]
pub struct EventEntry {
    /// The dialect that the name belongs to.
    pub dialect: Dialect,
    /// The name on the wire.
    pub name: &'static str,
    /// The type of its `data`.
    pub payload: &'static str,
    /// The schema of its `data`.
    #[cfg(feature = "openapi")]
    pub schema: super::SchemaOf,
}

/// The events' names in the `colon` dialect.
#[derive(Debug)]
pub enum Colon {}

/// The events' names in the `camel` dialect.
#[derive(Debug)]
pub enum Camel {}

/// The names of events that are the same in both dialects: one name, one payload.
#[derive(Debug)]
pub enum Both {}

/// A row is either `Both "name" Payload;`, which is the form of every new event, or one name and payload for each
/// dialect that has the event.
macro_rules! events {
    ($(#[doc = $what:literal] $row:ident { $($names:tt)+ })*) => {
        $(event_names! { $what $row $($names)+ })*

        /// Every event.
        pub const EVENTS: &[EventRow] = &[$(EventRow { what: $what, names: event_entries! { $($names)+ } },)*];
    };
}

macro_rules! event_names {
    ($what:literal $row:ident $($dialect:ident $name:literal $payload:ty;)+) => {
        $(impl $dialect {
            #[doc = $what]
            pub const $row: EventName<$payload> = EventName::new($name);
        })+
    };
}

macro_rules! event_entries {
    (Both $name:literal $payload:ty;) => {
        event_entries! { Colon $name $payload; Camel $name $payload; }
    };
    ($($dialect:ident $name:literal $payload:ty;)+) => {
        &[$(EventEntry {
            dialect: Dialect::$dialect,
            name: $name,
            payload: stringify!($payload),
            #[cfg(feature = "openapi")]
            schema: super::schema_of::<$payload>,
        },)+]
    };
}

events! {
    #[doc = "a message in a private chat"]
    PRIVATE_MESSAGE { Colon "message:received" MessageView; Camel "messageReceived" ChatMessageReceivedView; }
    #[doc = "a message in a group"]
    GROUP_MESSAGE {
        Colon "message:received" MessageView;
        Camel "groupMessageReceived" GroupMessageReceivedView;
    }
    #[doc = "a message of this connection was stored"]
    MESSAGE_SENT { Camel "messageSent" MessageSentView; }
    #[doc = "a participant received or read messages"]
    STATUS { Colon "message:status" PositionsView; Camel "messageStatus" MessageProgressView; }
    #[doc = "the requested part of the history"]
    FETCHED { Colon "messages:fetched" FetchedView; Camel "messagesFetched" FetchedChatView; }
    #[doc = "the requested part of the group's history"]
    GROUP_FETCHED { Colon "messages:fetched" FetchedView; Camel "groupMessagesFetched" FetchedGroupView; }
    #[doc = "a user started or stopped typing"]
    TYPING { Colon "typing:update" TypingView; Camel "userTyping" ChatTypingView; }
    #[doc = "a user came online or changed status"]
    USER_ONLINE { Colon "user:online" UserOnlineView; Camel "userOnline" UserCameView; }
    #[doc = "a user went offline"]
    USER_OFFLINE { Colon "user:offline" UserOfflineView; Camel "userOffline" UserWentView; }
    #[doc = "the requested status of a user"]
    USER_STATUS { Colon "presence:status" PresenceStatusView; Camel "userStatus" OnlineStatusView; }
    #[doc = "the presence of the user's contacts when the connection begins"]
    PRESENCE_STATE { Both "presence:state" PresenceStateView; }
    #[doc = "a private chat was created"]
    PRIVATE_CHAT_CREATED { Colon "conversation:created" ConversationCreatedView; }
    #[doc = "a group was created"]
    GROUP_CREATED { Colon "conversation:created" ConversationCreatedView; Camel "groupCreated" GroupChangedView; }
    #[doc = "a group's name, description, avatar, metadata, activity or roles changed"]
    GROUP_UPDATED { Colon "conversation:updated" ConversationUpdatedView; Camel "groupUpdated" GroupChangedView; }
    #[doc = "the metadata of a private chat changed"]
    PRIVATE_CHAT_UPDATED {
        Colon "conversation:updated" ConversationUpdatedView;
        Camel "conversation:updated" ConversationUpdatedView;
    }
    #[doc = "a user joined a group or was added"]
    PARTICIPANT_ADDED {
        Colon "participant:added" ParticipantAddedView;
        Camel "participant:added" GroupMemberAddedView;
    }
    #[doc = "a user left a group or was removed"]
    PARTICIPANT_REMOVED {
        Colon "participant:removed" ParticipantRemovedView;
        Camel "participant:removed" GroupMemberRemovedView;
    }
    #[doc = "an admin changed a participant's role"]
    PARTICIPANT_UPDATED { Both "participant:updated" ParticipantUpdatedView; }
    #[doc = "a message was edited"]
    MESSAGE_UPDATED { Both "message:updated" MessageUpdatedView; }
    #[doc = "a message was deleted"]
    MESSAGE_DELETED { Both "message:deleted" MessageDeletedView; }
    #[doc = "a user reacted to a message"]
    REACTION_ADDED { Both "reaction:added" ReactionChangedView; }
    #[doc = "a user took a reaction back"]
    REACTION_REMOVED { Both "reaction:removed" ReactionChangedView; }
    #[doc = "a message was pinned"]
    MESSAGE_PINNED { Both "message:pinned" PinChangedView; }
    #[doc = "a message was unpinned"]
    MESSAGE_UNPINNED { Both "message:unpinned" PinChangedView; }
    #[doc = "a change that this server cannot show: read the conversation again"]
    CHANGE_SKIPPED { Both "change:skipped" ChangeSkippedView; }
    #[doc = "a user opened a group on screen"]
    GROUP_WINDOW_OPENED { Colon "conversation:joined" WindowView; Camel "userJoinedGroup" GroupWindowView; }
    #[doc = "a user closed a group on screen"]
    GROUP_WINDOW_CLOSED { Colon "conversation:left" WindowView; Camel "userLeftGroup" GroupWindowView; }
    #[doc = "a user opened a private chat on screen"]
    CHAT_WINDOW_OPENED { Colon "conversation:joined" WindowView; Camel "userJoinedChat" ChatWindowView; }
    #[doc = "a user closed a private chat on screen"]
    CHAT_WINDOW_CLOSED { Colon "conversation:left" WindowView; Camel "userLeftChat" ChatWindowView; }
    #[doc = "a user calls"]
    CALL { Colon "call:incoming" CallView; Camel "groupCallIncoming" CallOfChatView; }
    #[doc = "all missed events have been sent"]
    RESUMED { Both "resumed" ResumedView; }
    #[doc = "a command failed"]
    ERROR { Both "error" FrameErrorView; }
}
