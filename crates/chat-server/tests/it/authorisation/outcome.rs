use chat_blackbox::Reply;
use std::fmt;

/// What a cell of a table expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome {
    /// The HTTP status. Sockets have none.
    pub(super) status: u16,
    /// The code of a refusal; empty for a success.
    pub(super) code: &'static str,
}

const fn success(status: u16) -> Outcome {
    Outcome { status, code: "" }
}

const fn refusal(status: u16, code: &'static str) -> Outcome {
    Outcome { status, code }
}

/// Done. On a socket: acknowledged.
pub(super) const OK: Outcome = success(200);
/// Done, and something is there that was not.
pub(super) const MADE: Outcome = success(201);
/// The connection is a socket from now on.
pub(super) const OPENED: Outcome = success(101);
/// There is no token.
pub(super) const ANONYMOUS: Outcome = refusal(401, "UNAUTHENTICATED");
/// The token's time is over.
pub(super) const EXPIRED: Outcome = refusal(401, "TOKEN_EXPIRED");
/// The token's session is over.
pub(super) const REVOKED: Outcome = refusal(401, "SESSION_REVOKED");
/// That is no token for this.
pub(super) const INVALID: Outcome = refusal(401, "TOKEN_INVALID");
/// No such account, or not its password.
pub(super) const WRONG: Outcome = refusal(401, "INVALID_CREDENTIALS");
/// Takes no part in the conversation.
pub(super) const OUT: Outcome = refusal(403, "NOT_A_PARTICIPANT");
/// Takes part, and that is not enough.
pub(super) const LOW: Outcome = refusal(403, "NOT_AN_ADMIN");
/// An admin removed them, and no admin has added them since.
pub(super) const BARRED: Outcome = refusal(403, "REMOVED_BY_ADMIN");
/// That is somebody else's.
pub(super) const OTHERS: Outcome = refusal(403, "FORBIDDEN");
/// A pair stays as it is.
pub(super) const PAIR: Outcome = refusal(400, "DIRECT_CONVERSATION");
/// Is in the group already.
pub(super) const IN: Outcome = refusal(409, "ALREADY_A_PARTICIPANT");
/// Events flow already.
pub(super) const LATE: Outcome = refusal(409, "RESUME_TOO_LATE");
/// No such user.
pub(super) const NO_USER: Outcome = refusal(404, "USER_NOT_FOUND");
/// No such session of the one who asks.
pub(super) const NO_SESSION: Outcome = refusal(404, "SESSION_NOT_FOUND");
/// No such conversation.
pub(super) const NO_CHAT: Outcome = refusal(404, "CONVERSATION_NOT_FOUND");
/// No such message there.
pub(super) const NO_MESSAGE: Outcome = refusal(404, "MESSAGE_NOT_FOUND");
/// No such member of the group.
pub(super) const NO_MEMBER: Outcome = refusal(404, "PARTICIPANT_NOT_FOUND");
/// No group has this code.
pub(super) const NO_INVITE: Outcome = refusal(404, "INVITE_NOT_FOUND");
/// Not what may stand there.
pub(super) const FAULTY: Outcome = refusal(400, "VALIDATION_FAILED");

/// What those without a good token get of everything that needs one.
pub(super) const SHUT: [Outcome; 3] = [ANONYMOUS, EXPIRED, REVOKED];

impl Outcome {
    pub(super) const fn is_success(self) -> bool {
        self.code.is_empty()
    }

    /// What an answer of REST amounts to.
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

    /// What an answer on a socket amounts to: its data where it was acknowledged, its error where not.
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
