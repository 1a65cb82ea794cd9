use super::attack::{Attack, in_camel, in_colon};
use super::outcome::{FAULTY, LATE, NO_CHAT, NO_MESSAGE, OK, OTHERS, OUT, Outcome};
use super::role::Role::{Bystander, Former, Stranger};
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

/// What each role may do.
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

/// Every field of a command that names a user or an object, and the fields in which clients name themselves. `$shared`
/// is the direct conversation of the stranger and the admin.
#[rustfmt::skip]
pub(super) const ATTACKS: &[Attack] = &[
    in_colon("auth.token",                        Stranger,  r#"{"token": "$adminToken"}"#, OTHERS),
    in_colon("conversation:join.conversationId",  Stranger,  r#"{"conversationId": "$direct"}"#, OUT),
    in_colon("conversation:join.conversationId",  Former,    r#"{"conversationId": "$group"}"#, OUT),
    in_colon("conversation:join.userId",          Bystander, r#"{"conversationId": "$group", "userId": "$admin"}"#, OK),
    in_colon("conversation:leave.conversationId", Stranger,  r#"{"conversationId": "$direct"}"#, OK),
    in_colon("conversation:leave.userId",         Bystander, r#"{"conversationId": "$group", "userId": "$admin"}"#, OK),
    in_colon("message:send.conversationId",       Stranger,  r#"{"conversationId": "$direct", "content": "forged"}"#,
        OUT),
    in_colon("message:send.conversationId",       Former,    r#"{"conversationId": "$group", "content": "forged"}"#,
        OUT),
    in_colon("message:send.sender", Stranger,
        r#"{"conversationId": "$shared", "content": "forged", "sender": "$admin"}"#, OK),
    in_colon("message:send.replyTo", Stranger,
        r#"{"conversationId": "$shared", "content": "answer", "replyTo": "$directMessage"}"#, NO_MESSAGE),
    in_colon("message:send.clientMessageId", Former,
        r#"{"conversationId": "$group", "content": "among-us", "clientMessageId": "of-the-group"}"#, OUT),
    in_colon("message:send.clientMessageId", Stranger,
        r#"{"conversationId": "$shared", "content": "my own", "clientMessageId": "of-the-pair"}"#, OK),
    in_colon("message:delivered.conversationId",  Stranger,  r#"{"conversationId": "$direct"}"#, OUT),
    in_colon("message:delivered.messageId", Stranger, r#"{"conversationId": "$shared", "messageId": "$directMessage"}"#,
        NO_MESSAGE),
    in_colon("message:delivered.userId",          Bystander, r#"{"conversationId": "$group", "userId": "$admin"}"#, OK),
    in_colon("message:read.conversationId",       Former,    r#"{"conversationId": "$group"}"#, OUT),
    in_colon("message:read.messageId", Stranger, r#"{"conversationId": "$shared", "messageId": "$directMessage"}"#,
        NO_MESSAGE),
    in_colon("message:read.userId",               Bystander, r#"{"conversationId": "$group", "userId": "$admin"}"#, OK),
    in_colon("messages:fetch.conversationId",     Stranger,  r#"{"conversationId": "$direct"}"#, OUT),
    in_colon("messages:fetch.before", Stranger, r#"{"conversationId": "$shared", "before": "$directMessage"}"#,
        NO_MESSAGE),
    in_colon("messages:fetch.after", Stranger, r#"{"conversationId": "$shared", "after": "$directMessage"}"#,
        NO_MESSAGE),
    in_colon("typing:start.conversationId",       Stranger,  r#"{"conversationId": "$direct"}"#, OUT),
    in_colon("typing:start.userId",               Bystander, r#"{"conversationId": "$group", "userId": "$admin"}"#, OK),
    in_colon("typing:stop.conversationId",        Stranger,  r#"{"conversationId": "$direct"}"#, OUT),
    in_colon("typing:stop.userId",                Bystander, r#"{"conversationId": "$group", "userId": "$admin"}"#, OK),
    in_colon("presence:update.userId",            Bystander, r#"{"status": "busy", "userId": "$admin"}"#, OK),
    in_colon("presence:get.userId",               Stranger,  r#"{"userId": "$member"}"#, OK),
    in_colon("call:start.conversationId",         Stranger,  r#"{"conversationId": "$direct"}"#, OUT),
    in_colon("call:start.callerId", Bystander,
        r#"{"conversationId": "$group", "callerId": "$admin", "callerName": "The admin"}"#, OK),

    in_camel("auth.token",                        Stranger,  r#"{"token": "$adminToken"}"#, OTHERS),
    in_camel("joinPrivateChat.chatRoomId",        Stranger,  r#"{"chatRoomId": "$pair"}"#, OTHERS),
    in_camel("joinPrivateChat.userId",            Stranger,  r#"{"chatRoomId": "$pair", "userId": "$admin"}"#, OTHERS),
    in_camel("leavePrivateChat.chatRoomId",       Stranger,  r#"{"chatRoomId": "$pair"}"#, OTHERS),
    in_camel("joinGroup.groupId",                 Former,    r#"{"groupId": "$group"}"#, OUT),
    in_camel("joinGroup.userId",                  Bystander, r#"{"groupId": "$group", "userId": "$admin"}"#, OK),
    in_camel("leaveGroup.groupId",                Former,    r#"{"groupId": "$group"}"#, OUT),
    in_camel("leaveGroup.userId",                 Bystander, r#"{"groupId": "$group", "userId": "$admin"}"#, OK),
    in_camel("sendMessage.receiver", Stranger, r#"{"messageData": {"receiver": "$admin", "message": "mine"}}"#, OK),
    in_camel("sendMessage.sender", Stranger,
        r#"{"messageData": {"sender": "$member", "receiver": "$admin", "message": "forged"}}"#, OK),
    in_camel("sendMessage.chatRoomId", Stranger,
        r#"{"messageData": {"chatRoomId": "$pair", "receiver": "$admin", "message": "forged"}}"#, OK),
    in_camel("sendMessage.groupId", Former, r#"{"messageData": {"groupId": "$group", "message": "forged"}}"#, OUT),
    in_camel("sendMessage.replyTo", Stranger,
        r#"{"messageData": {"receiver": "$admin", "message": "answer", "replyTo": "$directMessage"}}"#, NO_MESSAGE),
    in_camel("sendMessage.clientMessageId", Stranger,
        r#"{"messageData": {"receiver": "$admin", "message": "mine", "clientMessageId": "of-the-group"}}"#, OK),
    in_camel("messageDelivered.messageId",        Stranger,  r#"{"messageId": "$unreadOfPair"}"#, OUT),
    in_camel("messageDelivered.userId",           Bystander, r#"{"messageId": "$unread", "userId": "$admin"}"#, OK),
    in_camel("messageRead.messageId",             Stranger,  r#"{"messageId": "$unreadOfPair"}"#, OUT),
    in_camel("messageRead.groupId",               Former,    r#"{"messageId": "$unread", "groupId": "$group"}"#, OUT),
    in_camel("messageRead.userId", Bystander, r#"{"messageId": "$unread", "groupId": "$group", "userId": "$admin"}"#,
        OK),
    in_camel("fetchMessages.senderId",            Stranger,  r#"{"senderId": "$admin", "receiverId": "$member"}"#,
        OTHERS),
    in_camel("fetchMessages.receiverId",          Stranger,  r#"{"senderId": "$member", "receiverId": "$admin"}"#,
        OTHERS),
    in_camel("fetchMessages.groupId",             Former,    r#"{"groupId": "$group"}"#, OUT),
    in_camel("fetchMessages.currentUserId", Stranger,
        r#"{"currentUserId": "$admin", "senderId": "$self", "receiverId": "$admin"}"#, OTHERS),
    in_camel("getGroupMessages.groupId",          Former,    r#"{"groupId": "$group"}"#, OUT),
    in_camel("getGroupMessages.currentUserId",    Bystander, r#"{"groupId": "$group", "currentUserId": "$admin"}"#, OK),
    in_camel("userTyping.chatRoomId",             Stranger,  r#"{"chatRoomId": "$pair"}"#, OTHERS),
    in_camel("userTyping.groupId",                Former,    r#"{"groupId": "$group"}"#, OUT),
    in_camel("userTyping.userId",                 Bystander, r#"{"groupId": "$group", "userId": "$admin"}"#, OK),
    in_camel("userStoppedTyping.chatRoomId",      Stranger,  r#"{"chatRoomId": "$pair"}"#, OTHERS),
    in_camel("userStoppedTyping.groupId",         Former,    r#"{"groupId": "$group"}"#, OUT),
    in_camel("userStoppedTyping.userId",          Bystander, r#"{"groupId": "$group", "userId": "$admin"}"#, OK),
    in_camel("updateLastSeen.userId",             Bystander, r#"{"userId": "$admin"}"#, OK),
    in_camel("getUserStatus.userId",              Stranger,  r#"{"userId": "$member"}"#, OK),
    in_camel("groupCall.groupId",                 Former,    r#"{"groupId": "$group"}"#, OUT),
    in_camel("groupCall.callerId",                Bystander, r#"{"groupId": "$group", "callerId": "$admin"}"#, OK),
];
