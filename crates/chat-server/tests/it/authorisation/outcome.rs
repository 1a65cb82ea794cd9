use chat_blackbox::Reply;
use std::fmt;

/// The expected outcome of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome {
    /// The HTTP status; not compared on sockets.
    pub(super) status: u16,
    /// The error code; empty for a success.
    pub(super) code: &'static str,
}

const fn success(status: u16) -> Outcome {
    Outcome { status, code: "" }
}

const fn refusal(status: u16, code: &'static str) -> Outcome {
    Outcome { status, code }
}

/// Success. On a socket: an ack.
pub(super) const OK: Outcome = success(200);
/// Success: something was created.
pub(super) const MADE: Outcome = success(201);
/// Success: the connection became a socket.
pub(super) const OPENED: Outcome = success(101);
/// No token was sent.
pub(super) const ANONYMOUS: Outcome = refusal(401, "UNAUTHENTICATED");
/// The token has expired.
pub(super) const EXPIRED: Outcome = refusal(401, "TOKEN_EXPIRED");
/// The token's session has ended.
pub(super) const REVOKED: Outcome = refusal(401, "SESSION_REVOKED");
/// The token is not valid for this operation.
pub(super) const INVALID: Outcome = refusal(401, "TOKEN_INVALID");
/// No such account, or a wrong password.
pub(super) const WRONG: Outcome = refusal(401, "INVALID_CREDENTIALS");
/// The user is not a participant of the conversation.
pub(super) const OUT: Outcome = refusal(403, "NOT_A_PARTICIPANT");
/// The user is a participant, but not an admin.
pub(super) const LOW: Outcome = refusal(403, "NOT_AN_ADMIN");
/// An admin removed the user, and no admin has added them since.
pub(super) const BARRED: Outcome = refusal(403, "REMOVED_BY_ADMIN");
/// The object belongs to another user.
pub(super) const OTHERS: Outcome = refusal(403, "FORBIDDEN");
/// The members of a direct conversation cannot change.
pub(super) const PAIR: Outcome = refusal(400, "DIRECT_CONVERSATION");
/// The user is already in the group.
pub(super) const IN: Outcome = refusal(409, "ALREADY_A_PARTICIPANT");
/// The user is the only admin of the group.
pub(super) const LAST: Outcome = refusal(409, "LAST_ADMIN");
/// The connection already receives events.
pub(super) const LATE: Outcome = refusal(409, "RESUME_TOO_LATE");
/// No such user.
pub(super) const NO_USER: Outcome = refusal(404, "USER_NOT_FOUND");
/// The user has no such session.
pub(super) const NO_SESSION: Outcome = refusal(404, "SESSION_NOT_FOUND");
/// No such conversation.
pub(super) const NO_CHAT: Outcome = refusal(404, "CONVERSATION_NOT_FOUND");
/// No such message in the conversation.
pub(super) const NO_MESSAGE: Outcome = refusal(404, "MESSAGE_NOT_FOUND");
/// No such member of the group.
pub(super) const NO_MEMBER: Outcome = refusal(404, "PARTICIPANT_NOT_FOUND");
/// No group has this code.
pub(super) const NO_INVITE: Outcome = refusal(404, "INVITE_NOT_FOUND");
/// The value is not valid.
pub(super) const FAULTY: Outcome = refusal(400, "VALIDATION_FAILED");

/// The outcomes without a valid token, for every operation that needs one.
pub(super) const SHUT: [Outcome; 3] = [ANONYMOUS, EXPIRED, REVOKED];

impl Outcome {
    pub(super) const fn is_success(self) -> bool {
        self.code.is_empty()
    }

    /// Whether a REST response has this outcome.
    pub(super) fn is_of(self, reply: &Reply) -> bool {
        if self.is_success() {
            return reply.status == self.status;
        }
        let whole = reply.status == self.status && reply.body["code"] == self.code;
        if whole {
            reply.assert_failure_shape();
        }
        whole && (self.status != 401 || reply.header("www-authenticate") == "Bearer")
    }

    /// Whether an answer on a socket has this outcome: `Ok` with the ack's data, or `Err` with the error.
    pub(super) fn is_of_frame(self, answer: &Result<serde_json::Value, serde_json::Value>) -> bool {
        match answer {
            Ok(_) => self.is_success(),
            Err(error) => !self.is_success() && error["code"] == self.code,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.status, self.code)
    }
}
