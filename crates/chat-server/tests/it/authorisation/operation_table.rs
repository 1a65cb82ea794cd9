use super::outcome::{
    ANONYMOUS, BARRED, FAULTY, IN, INVALID, LOW, MADE, NO_CHAT, NO_MEMBER, NO_SESSION, NO_USER, OK, OPENED, OTHERS,
    OUT, Outcome, PAIR, REVOKED, SHUT, WRONG,
};

/// One request for an operation, and the outcome for each role.
#[derive(Debug)]
pub(super) struct Row {
    /// The `operationId` in the document.
    pub(super) operation: &'static str,
    /// Method and path. The path is relative to the API's root, or to the server's root if it begins with `~`.
    pub(super) request: &'static str,
    /// The body as JSON; empty for no body.
    pub(super) body: &'static str,
    /// The outcomes without a token, with an expired token, and with a token of a deleted account.
    pub(super) shut_out: [Outcome; 3],
    /// The outcomes for a stranger, a former member, a member and an admin.
    pub(super) known: [Outcome; 4],
}

const fn row(
    operation: &'static str,
    request: &'static str,
    body: &'static str,
    shut_out: [Outcome; 3],
    known: [Outcome; 4],
) -> Row {
    Row { operation, request, body, shut_out, known }
}

/// Public operations: they need no token.
const OPEN: [Outcome; 3] = [OK; 3];

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    row("about", "GET ~/", "", OPEN, [OK, OK, OK, OK]),
    row("live", "GET ~/health/live", "", OPEN, [OK, OK, OK, OK]),
    row("ready", "GET ~/health/ready", "", OPEN, [OK, OK, OK, OK]),

    row("register", "POST /auth/register",
        r#"{"email": "$unique@test.example", "username": "$unique", "password": "long enough"}"#,
        [MADE; 3], [MADE, MADE, MADE, MADE]),
    row("login", "POST /auth/login", r#"{"email": "$email", "password": "$password"}"#,
        [OK, OK, WRONG], [OK, OK, OK, OK]),
    row("refresh", "POST /auth/refresh", r#"{"refreshToken": "$refresh"}"#, [INVALID, OK, REVOKED], [OK, OK, OK, OK]),
    // An access token is not accepted as a refresh token.
    row("refresh", "POST /auth/refresh", "", [ANONYMOUS, INVALID, INVALID], [INVALID, INVALID, INVALID, INVALID]),
    row("refresh", "POST /auth/refresh", r#"{"refreshToken": "$token"}"#,
        [INVALID; 3], [INVALID, INVALID, INVALID, INVALID]),
    row("logout", "POST /auth/logout", "", SHUT, [OK, OK, OK, OK]),
    row("logoutAll", "POST /auth/logout-all", "", SHUT, [OK, OK, OK, OK]),
    row("listSessions", "GET /auth/sessions", "", SHUT, [OK, OK, OK, OK]),
    row("endSession", "DELETE /auth/sessions/$adminSession", "", SHUT, [NO_SESSION, NO_SESSION, NO_SESSION, OK]),

    row("findMe", "GET /users/me", "", SHUT, [OK, OK, OK, OK]),
    row("updateMe", "PATCH /users/me", r#"{"name": "Another"}"#, SHUT, [OK, OK, OK, OK]),
    row("changePassword", "POST /users/me/password", r#"{"currentPassword": "$password", "newPassword": "$unique"}"#,
        SHUT, [OK, OK, OK, OK]),
    row("deleteMe", "DELETE /users/me", "", SHUT, [OK, OK, OK, OK]),
    row("listOnlineUsers", "GET /users/online", "", SHUT, [OK, OK, OK, OK]),
    row("searchUsers", "GET /users/search?q=a", "", SHUT, [OK, OK, OK, OK]),
    row("findUser", "GET /users/$admin", "", SHUT, [OK, OK, OK, OK]),
    row("findUser", "GET /users/$deleted", "", SHUT, [NO_USER, NO_USER, NO_USER, NO_USER]),

    row("listConversations", "GET /conversations", "", SHUT, [OK, OK, OK, OK]),
    row("createConversation", "POST /conversations", r#"{"participantIds": ["$newcomer"], "name": "New"}"#,
        SHUT, [MADE, MADE, MADE, MADE]),
    row("createConversation", "POST /conversations", r#"{"participantIds": ["$deleted"]}"#,
        SHUT, [NO_USER, NO_USER, NO_USER, NO_USER]),
    row("findConversation", "GET /conversations/$group", "", SHUT, [OUT, OUT, OK, OK]),
    row("findConversation", "GET /conversations/$direct", "", SHUT, [OUT, OUT, OK, OK]),
    row("updateConversation", "PATCH /conversations/$group", r#"{"name": "Another"}"#, SHUT, [OUT, OUT, LOW, OK]),
    row("updateConversation", "PATCH /conversations/$group", "{}", SHUT, [OUT, OUT, LOW, OK]),
    row("updateConversation", "PATCH /conversations/$direct", r#"{"name": "Another"}"#, SHUT, [OUT, OUT, PAIR, PAIR]),
    row("listMessages", "GET /conversations/$group/messages", "", SHUT, [OUT, OUT, OK, OK]),
    row("listMessages", "GET /conversations/$group/messages?before=$message", "", SHUT, [OUT, OUT, OK, OK]),
    row("listMessages", "GET /conversations/$direct/messages?page=1", "", SHUT, [OUT, OUT, OK, OK]),
    row("sendMessage", "POST /conversations/$group/messages", r#"{"content": "new"}"#, SHUT, [OUT, OUT, MADE, MADE]),
    row("sendMessage", "POST /conversations/$direct/messages", r#"{"content": "new"}"#, SHUT, [OUT, OUT, MADE, MADE]),
    row("markRead", "POST /conversations/$group/read", "{}", SHUT, [OUT, OUT, OK, OK]),
    row("markRead", "POST /conversations/$direct/read", r#"{"messageId": "$directMessage"}"#, SHUT, [OUT, OUT, OK, OK]),
    row("addParticipant", "POST /conversations/$group/participants", r#"{"userId": "$newcomer"}"#,
        SHUT, [OUT, OUT, MADE, MADE]),
    row("addParticipant", "POST /conversations/$group/participants", r#"{"userId": "$self"}"#,
        SHUT, [OUT, OUT, IN, IN]),
    row("addParticipant", "POST /conversations/$direct/participants", r#"{"userId": "$newcomer"}"#,
        SHUT, [OUT, OUT, PAIR, PAIR]),
    row("removeParticipant", "DELETE /conversations/$group/participants/$bystander", "", SHUT, [OUT, OUT, LOW, OK]),
    row("removeParticipant", "DELETE /conversations/$group/participants/$self", "", SHUT, [OUT, OUT, OK, OK]),
    row("removeParticipant", "DELETE /conversations/$group/participants/$newcomer", "",
        SHUT, [OUT, OUT, LOW, NO_MEMBER]),
    row("removeParticipant", "DELETE /conversations/$direct/participants/$self", "", SHUT, [OUT, OUT, PAIR, PAIR]),

    row("sendChatMessage", "POST /chat/message", r#"{"receiver": "$newcomer", "message": "new"}"#,
        SHUT, [MADE, MADE, MADE, MADE]),
    row("sendChatMessage", "POST /chat/message", r#"{"receiver": "$self", "message": "new"}"#,
        SHUT, [FAULTY, FAULTY, FAULTY, FAULTY]),
    row("sendChatMessage", "POST /chat/message", r#"{"groupId": "$group", "message": "new"}"#,
        SHUT, [OUT, OUT, MADE, MADE]),
    row("sendChatMessage", "POST /chat/message", r#"{"groupId": "$direct", "message": "new"}"#,
        SHUT, [NO_CHAT, NO_CHAT, NO_CHAT, NO_CHAT]),
    row("fetchChatMessages", "POST /chat/messages/fetch", r#"{"groupId": "$group"}"#, SHUT, [OUT, OUT, OK, OK]),
    row("fetchChatMessages", "POST /chat/messages/fetch", r#"{"senderId": "$admin", "receiverId": "$member"}"#,
        SHUT, [OTHERS, OTHERS, OK, OK]),
    row("fetchChatMessages", "POST /chat/messages/fetch",
        r#"{"senderId": "$self", "receiverId": "$newcomer", "currentUserId": "$self"}"#, SHUT, [OK, OK, OK, OK]),
    row("listUndelivered", "GET /chat/messages/undelivered/$self/$newcomer", "", SHUT, [OK, OK, OK, OK]),
    row("listUndelivered", "GET /chat/messages/undelivered/$admin/$member", "", SHUT, [OTHERS, OTHERS, OTHERS, OK]),
    row("updateMessageStatus", "PUT /chat/message/$message/status", r#"{"status": "READ"}"#, SHUT, [OUT, OUT, OK, OK]),
    row("updateMessageStatus", "PUT /chat/message/$directMessage/status", r#"{"status": "SENT"}"#,
        SHUT, [OUT, OUT, OK, OK]),
    row("markDelivered", "PUT /chat/messages/delivered/$self/$newcomer", "", SHUT, [OK, OK, OK, OK]),
    row("markDelivered", "PUT /chat/messages/delivered/$admin/$member", "", SHUT, [OTHERS, OTHERS, OTHERS, OK]),
    row("markChatRead", "PUT /chat/messages/read/$self/$newcomer", "", SHUT, [OK, OK, OK, OK]),
    row("markChatRead", "PUT /chat/messages/read/$admin/$member", "", SHUT, [OTHERS, OTHERS, OTHERS, OK]),

    row("createGroup", "POST /chat/group", r#"{"groupName": "$unique", "members": ["$newcomer"]}"#,
        SHUT, [MADE, MADE, MADE, MADE]),
    row("searchGroups", "GET /chat/groups/search?q=u", "", SHUT, [OK, OK, OK, OK]),
    row("listGroups", "GET /chat/user/$self/groups", "", SHUT, [OK, OK, OK, OK]),
    row("listGroups", "GET /chat/user/$admin/groups", "", SHUT, [OTHERS, OTHERS, OTHERS, OK]),
    row("findGroup", "GET /chat/group/$group", "", SHUT, [OUT, OUT, OK, OK]),
    row("findGroup", "GET /chat/group/$direct", "", SHUT, [NO_CHAT, NO_CHAT, NO_CHAT, NO_CHAT]),
    row("updateGroup", "PUT /chat/group/$group", r#"{"groupName": "$unique"}"#, SHUT, [OUT, OUT, LOW, OK]),
    row("updateGroup", "PUT /chat/group/$group", "{}", SHUT, [OUT, OUT, LOW, OK]),
    row("updateGroup", "PUT /chat/group/$direct", r#"{"groupName": "$unique"}"#,
        SHUT, [NO_CHAT, NO_CHAT, NO_CHAT, NO_CHAT]),
    row("deactivateGroup", "DELETE /chat/group/$group", "", SHUT, [OUT, OUT, LOW, OK]),
    row("deactivateGroup", "DELETE /chat/group/$direct", "", SHUT, [NO_CHAT, NO_CHAT, NO_CHAT, NO_CHAT]),
    row("addGroupMember", "POST /chat/group/$group/member", r#"{"userId": "$newcomer"}"#, SHUT, [OUT, OUT, MADE, MADE]),
    row("addGroupMember", "POST /chat/group/$direct/member", r#"{"userId": "$newcomer"}"#,
        SHUT, [NO_CHAT, NO_CHAT, NO_CHAT, NO_CHAT]),
    row("removeGroupMember", "DELETE /chat/group/$group/member/$bystander", "", SHUT, [OUT, OUT, LOW, OK]),
    row("removeGroupMember", "DELETE /chat/group/$group/member/$self", "", SHUT, [OUT, OUT, OK, OK]),
    row("removeGroupMember", "DELETE /chat/group/$group/member/$newcomer", "", SHUT, [OUT, OUT, LOW, NO_MEMBER]),
    row("removeGroupMember", "DELETE /chat/group/$direct/member/$self", "", SHUT, [NO_CHAT, NO_CHAT, NO_CHAT, NO_CHAT]),
    // The code admits every user, except one whom an admin removed.
    row("joinGroup", "POST /chat/group/join/$invite", "", SHUT, [MADE, BARRED, IN, IN]),
    row("revokeInviteCode", "PUT /chat/group/$group/invite-code/revoke", "", SHUT, [OUT, OUT, LOW, OK]),
    row("revokeInviteCode", "PUT /chat/group/$direct/invite-code/revoke", "",
        SHUT, [NO_CHAT, NO_CHAT, NO_CHAT, NO_CHAT]),

    row("listRooms", "GET /chat/rooms/$self", "", SHUT, [OK, OK, OK, OK]),
    row("listRooms", "GET /chat/rooms/$admin", "", SHUT, [OTHERS, OTHERS, OTHERS, OK]),
    row("listGroupRooms", "GET /chat/group-rooms/$self", "", SHUT, [OK, OK, OK, OK]),
    row("listGroupRooms", "GET /chat/group-rooms/$admin", "", SHUT, [OTHERS, OTHERS, OTHERS, OK]),
    row("touchLastSeen", "PUT /chat/user/$self/last-seen", "", SHUT, [OK, OK, OK, OK]),
    row("touchLastSeen", "PUT /chat/user/$admin/last-seen", "", SHUT, [OTHERS, OTHERS, OTHERS, OK]),
    row("findLastSeen", "GET /chat/user/$admin/last-seen", "", SHUT, [OK, OK, OK, OK]),
    row("findOnlineStatus", "GET /chat/user/$admin/online-status", "", SHUT, [OK, OK, OK, OK]),
    // A client without a token may still authenticate in its first frame.
    row("openSocket", "GET /ws", "", [OPENED, SHUT[1], SHUT[2]], [OPENED, OPENED, OPENED, OPENED]),
];
