use super::outcome::{FAULTY, LATE, NO_CHAT, OK, OTHERS, OUT, Outcome};
use chat_protocol::realtime::Dialect;

/// One form of a command, and the outcome for each role with a valid token. Roles without one always get
/// [`super::outcome::SHUT`].
#[derive(Debug)]
pub(super) struct Row {
    /// The dialect of the connection and of the command's name.
    pub(super) dialect: Dialect,
    /// The command's name.
    pub(super) name: &'static str,
    /// The command's data, as JSON.
    pub(super) data: &'static str,
    /// The outcomes for a stranger, a former member, a member and an admin.
    pub(super) known: [Outcome; 4],
}

const fn colon(name: &'static str, data: &'static str, known: [Outcome; 4]) -> Row {
    Row { dialect: Dialect::Colon, name, data, known }
}

const fn camel(name: &'static str, data: &'static str, known: [Outcome; 4]) -> Row {
    Row { dialect: Dialect::Camel, name, data, known }
}

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    colon("auth", r#"{"token": "$token"}"#, [OK, OK, OK, OK]),
    colon("resume", r#"{"resume": {"$group": 0}}"#, [LATE, LATE, LATE, LATE]),
    colon("conversation:join", r#"{"conversationId": "$group"}"#, [OUT, OUT, OK, OK]),
    colon("conversation:join", r#"{"conversationId": "$direct"}"#, [OUT, OUT, OK, OK]),
    // Leaving a conversation that is not open succeeds.
    colon("conversation:leave", r#"{"conversationId": "$group"}"#, [OK, OK, OK, OK]),
    colon("message:send", r#"{"conversationId": "$group", "content": "new"}"#, [OUT, OUT, OK, OK]),
    colon("message:send", r#"{"conversationId": "$direct", "content": "new"}"#, [OUT, OUT, OK, OK]),
    colon("message:delivered", r#"{"conversationId": "$group", "seq": 1}"#, [OUT, OUT, OK, OK]),
    colon("message:delivered", r#"{"conversationId": "$direct"}"#, [OUT, OUT, OK, OK]),
    colon("message:read", r#"{"conversationId": "$group"}"#, [OUT, OUT, OK, OK]),
    colon("message:read", r#"{"conversationId": "$direct", "messageId": "$directMessage"}"#, [OUT, OUT, OK, OK]),
    colon("messages:fetch", r#"{"conversationId": "$group"}"#, [OUT, OUT, OK, OK]),
    colon("messages:fetch", r#"{"conversationId": "$direct", "before": "$directMessage"}"#, [OUT, OUT, OK, OK]),
    colon("typing:start", r#"{"conversationId": "$group"}"#, [OUT, OUT, OK, OK]),
    colon("typing:start", r#"{"conversationId": "$direct"}"#, [OUT, OUT, OK, OK]),
    colon("typing:stop", r#"{"conversationId": "$group"}"#, [OUT, OUT, OK, OK]),
    colon("presence:update", r#"{"status": "away"}"#, [OK, OK, OK, OK]),
    colon("presence:get", r#"{"userId": "$admin"}"#, [OK, OK, OK, OK]),
    colon("call:start", r#"{"conversationId": "$group"}"#, [OUT, OUT, OK, OK]),
    colon("call:start", r#"{"conversationId": "$direct"}"#, [OUT, OUT, OK, OK]),

    camel("auth", r#"{"token": "$token"}"#, [OK, OK, OK, OK]),
    camel("resume", r#"{"resume": {"$direct": 0}}"#, [LATE, LATE, LATE, LATE]),
    camel("joinPrivateChat", r#"{"chatRoomId": "$pair"}"#, [OTHERS, OTHERS, OK, OK]),
    camel("joinGroup", r#"{"groupId": "$group"}"#, [OUT, OUT, OK, OK]),
    camel("joinGroup", r#"{"groupId": "$direct"}"#, [NO_CHAT, NO_CHAT, NO_CHAT, NO_CHAT]),
    camel("leavePrivateChat", r#"{"chatRoomId": "$pair"}"#, [OTHERS, OTHERS, OK, OK]),
    camel("leaveGroup", r#"{"groupId": "$group"}"#, [OUT, OUT, OK, OK]),
    camel("sendMessage", r#"{"messageData": {"receiver": "$newcomer", "message": "new"}}"#, [OK, OK, OK, OK]),
    camel("sendMessage", r#"{"messageData": {"receiver": "$self", "message": "new"}}"#,
        [FAULTY, FAULTY, FAULTY, FAULTY]),
    camel("sendMessage", r#"{"messageData": {"groupId": "$group", "message": "new"}}"#, [OUT, OUT, OK, OK]),
    camel("sendMessage", r#"{"messageData": {"groupId": "$direct", "message": "new"}}"#,
        [NO_CHAT, NO_CHAT, NO_CHAT, NO_CHAT]),
    camel("messageDelivered", r#"{"messageId": "$message"}"#, [OUT, OUT, OK, OK]),
    camel("messageDelivered", r#"{"messageId": "$directMessage"}"#, [OUT, OUT, OK, OK]),
    camel("messageRead", r#"{"messageId": "$message", "groupId": "$group"}"#, [OUT, OUT, OK, OK]),
    camel("messageRead", r#"{"messageId": "$directMessage"}"#, [OUT, OUT, OK, OK]),
    camel("fetchMessages", r#"{"senderId": "$admin", "receiverId": "$member"}"#, [OTHERS, OTHERS, OK, OK]),
    camel("fetchMessages", r#"{"senderId": "$self", "receiverId": "$newcomer"}"#, [OK, OK, OK, OK]),
    camel("fetchMessages", r#"{"groupId": "$group"}"#, [OUT, OUT, OK, OK]),
    camel("getGroupMessages", r#"{"groupId": "$group"}"#, [OUT, OUT, OK, OK]),
    camel("getGroupMessages", r#"{"groupId": "$direct"}"#, [NO_CHAT, NO_CHAT, NO_CHAT, NO_CHAT]),
    camel("userTyping", r#"{"groupId": "$group"}"#, [OUT, OUT, OK, OK]),
    camel("userTyping", r#"{"chatRoomId": "$pair"}"#, [OTHERS, OTHERS, OK, OK]),
    camel("userStoppedTyping", r#"{"groupId": "$group"}"#, [OUT, OUT, OK, OK]),
    camel("userStoppedTyping", r#"{"chatRoomId": "$pair"}"#, [OTHERS, OTHERS, OK, OK]),
    camel("updateLastSeen", "{}", [OK, OK, OK, OK]),
    camel("getUserStatus", r#"{"userId": "$admin"}"#, [OK, OK, OK, OK]),
    camel("groupCall", r#"{"groupId": "$group"}"#, [OUT, OUT, OK, OK]),
    camel("groupCall", r#"{"groupId": "$direct"}"#, [NO_CHAT, NO_CHAT, NO_CHAT, NO_CHAT]),
];
