/// Declares [`ErrorCode`] with its stable names in one table, so that a code
/// cannot exist without a name.
macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident => $name:literal,)*) => {
        /// The stable, documented, machine-readable name of a failure (contract §2).
        ///
        /// Names are part of the API: they are added, never changed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $variant,)*
        }

        impl ErrorCode {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name that clients see.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

error_codes! {
    /// A body, query, path or frame that does not parse or breaks a rule.
    ValidationFailed => "VALIDATION_FAILED",
    /// A body that is not JSON at all.
    MalformedJson => "MALFORMED_JSON",
    /// A frame that is not `{event, data, id?}`, or a breach of the socket's protocol.
    ProtocolError => "PROTOCOL_ERROR",
    /// An event name that nobody knows.
    UnknownEvent => "UNKNOWN_EVENT",
    /// A direct conversation takes no participants and loses none.
    DirectConversation => "DIRECT_CONVERSATION",
    /// The body's key and the header's key differ.
    IdempotencyKeyMismatch => "IDEMPOTENCY_KEY_MISMATCH",
    /// No credentials, where some are needed.
    Unauthenticated => "UNAUTHENTICATED",
    /// The token does not verify.
    TokenInvalid => "TOKEN_INVALID",
    /// The token was good once.
    TokenExpired => "TOKEN_EXPIRED",
    /// The session of this token has ended.
    SessionRevoked => "SESSION_REVOKED",
    /// A refresh token that was spent before: its session is ended.
    RefreshTokenReused => "REFRESH_TOKEN_REUSED",
    /// Unknown account or wrong password: which of them is not said.
    InvalidCredentials => "INVALID_CREDENTIALS",
    /// The password that confirms a change is wrong.
    WrongPassword => "WRONG_PASSWORD",
    /// Known, but not allowed.
    Forbidden => "FORBIDDEN",
    /// The actor is not a participant of this conversation.
    NotAParticipant => "NOT_A_PARTICIPANT",
    /// Only admins of the group may do this.
    NotAnAdmin => "NOT_AN_ADMIN",
    /// The group was deactivated.
    GroupInactive => "GROUP_INACTIVE",
    /// An admin removed the user from the group; only an admin can add them again.
    RemovedByAdmin => "REMOVED_BY_ADMIN",
    /// The time in which its author may edit or delete a message is over.
    MessageTooOld => "MESSAGE_TOO_OLD",
    /// The page that made the request is not of an allowed origin.
    OriginNotAllowed => "ORIGIN_NOT_ALLOWED",
    /// Nobody may register on this server.
    RegistrationClosed => "REGISTRATION_CLOSED",
    /// Registering takes an invite code that is neither used nor expired.
    InviteRequired => "INVITE_REQUIRED",
    /// No such route.
    RouteNotFound => "ROUTE_NOT_FOUND",
    /// No such user.
    UserNotFound => "USER_NOT_FOUND",
    /// No such conversation.
    ConversationNotFound => "CONVERSATION_NOT_FOUND",
    /// No such message in this conversation.
    MessageNotFound => "MESSAGE_NOT_FOUND",
    /// No such session of the actor.
    SessionNotFound => "SESSION_NOT_FOUND",
    /// The user is not a participant of this conversation.
    ParticipantNotFound => "PARTICIPANT_NOT_FOUND",
    /// No group has this invite code now.
    InviteNotFound => "INVITE_NOT_FOUND",
    /// The route exists, the method does not.
    MethodNotAllowed => "METHOD_NOT_ALLOWED",
    /// This email is taken, perhaps with other letter case or Unicode form.
    EmailTaken => "EMAIL_TAKEN",
    /// This username is taken, perhaps with other letter case.
    UsernameTaken => "USERNAME_TAKEN",
    /// An active group has this name already.
    GroupNameTaken => "GROUP_NAME_TAKEN",
    /// The user is a participant already.
    AlreadyAParticipant => "ALREADY_A_PARTICIPANT",
    /// The only admin of a group stays one.
    LastAdmin => "LAST_ADMIN",
    /// The conversation has as many participants as it may have.
    ConversationFull => "CONVERSATION_FULL",
    /// The user has made, or joined by invite codes, as many conversations as they may have.
    TooManyConversations => "TOO_MANY_CONVERSATIONS",
    /// The message was deleted.
    MessageDeleted => "MESSAGE_DELETED",
    /// The message is not in the state that the edit names.
    MessageChanged => "MESSAGE_CHANGED",
    /// The message has as many versions as it may have.
    TooManyEdits => "TOO_MANY_EDITS",
    /// The message has reactions of as many kinds as it may have.
    TooManyReactions => "TOO_MANY_REACTIONS",
    /// The conversation has as many pinned messages as it may have.
    TooManyPins => "TOO_MANY_PINS",
    /// The same `clientMessageId` came with another body before.
    IdempotencyKeyReused => "IDEMPOTENCY_KEY_REUSED",
    /// `resume` came after delivery had begun.
    ResumeTooLate => "RESUME_TOO_LATE",
    /// A body or frame over its limit.
    PayloadTooLarge => "PAYLOAD_TOO_LARGE",
    /// A body that did not arrive in time.
    RequestTimeout => "REQUEST_TIMEOUT",
    /// A body that is not `application/json`.
    UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
    /// Too many requests, frames or connections.
    RateLimited => "RATE_LIMITED",
    /// The user or the server has as many connections as it may have.
    TooManyConnections => "TOO_MANY_CONNECTIONS",
    /// Our fault; the request id finds it in the log.
    Internal => "INTERNAL",
    /// Starting, stopping, overloaded, or without a database.
    Unavailable => "UNAVAILABLE",
    /// The server is being upgraded: what was asked for works once every node runs the new release.
    UpgradePending => "UPGRADE_PENDING",
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorCode;
    use std::collections::HashSet;

    #[test]
    fn every_code_has_a_name_of_its_own_in_upper_snake_case() {
        let names: HashSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), ErrorCode::ALL.len());
        for name in names {
            assert!(name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{name}");
            assert_eq!(
                name,
                ErrorCode::ALL.iter().find(|code| code.as_str() == name).map(ToString::to_string).unwrap_or_default()
            );
        }
    }
}
