use chat_domain::ErrorCode;
use chat_protocol::realtime::CloseCode;

/// The close code of a socket that ends with this error. A new error code does not compile until it is added here.
///
/// Most errors are answers that keep the socket open; this is for those after which it cannot continue.
pub(crate) const fn close_code_of(code: ErrorCode) -> CloseCode {
    match code {
        ErrorCode::Unauthenticated | ErrorCode::TokenInvalid | ErrorCode::InvalidCredentials => {
            CloseCode::AuthenticationFailed
        }
        ErrorCode::TokenExpired => CloseCode::TokenExpired,
        ErrorCode::SessionRevoked | ErrorCode::RefreshTokenReused => CloseCode::Revoked,
        ErrorCode::RateLimited | ErrorCode::TooManyConnections => CloseCode::RateLimited,
        ErrorCode::PayloadTooLarge => CloseCode::TooBig,
        ErrorCode::UnsupportedMediaType => CloseCode::UnsupportedData,
        ErrorCode::Unavailable | ErrorCode::UpgradePending | ErrorCode::RequestTimeout | ErrorCode::Internal => {
            CloseCode::Internal
        }
        ErrorCode::ValidationFailed
        | ErrorCode::MalformedJson
        | ErrorCode::ProtocolError
        | ErrorCode::UnknownEvent
        | ErrorCode::DirectConversation
        | ErrorCode::IdempotencyKeyMismatch
        | ErrorCode::WrongPassword
        | ErrorCode::Forbidden
        | ErrorCode::NotAParticipant
        | ErrorCode::NotAnAdmin
        | ErrorCode::GroupInactive
        | ErrorCode::RemovedByAdmin
        | ErrorCode::OriginNotAllowed
        | ErrorCode::RouteNotFound
        | ErrorCode::UserNotFound
        | ErrorCode::ConversationNotFound
        | ErrorCode::MessageNotFound
        | ErrorCode::SessionNotFound
        | ErrorCode::InviteNotFound
        | ErrorCode::ParticipantNotFound
        | ErrorCode::MethodNotAllowed
        | ErrorCode::EmailTaken
        | ErrorCode::UsernameTaken
        | ErrorCode::GroupNameTaken
        | ErrorCode::AlreadyAParticipant
        | ErrorCode::LastAdmin
        | ErrorCode::ConversationFull
        | ErrorCode::TooManyConversations
        | ErrorCode::MessageTooOld
        | ErrorCode::MessageDeleted
        | ErrorCode::MessageChanged
        | ErrorCode::TooManyEdits
        | ErrorCode::TooManyReactions
        | ErrorCode::TooManyPins
        | ErrorCode::IdempotencyKeyReused
        | ErrorCode::RegistrationClosed
        | ErrorCode::InviteRequired
        | ErrorCode::ResumeTooLate => CloseCode::ProtocolError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_that_ends_a_socket_has_a_code_of_its_own_kind() {
        for code in ErrorCode::ALL {
            assert!(close_code_of(*code).number() >= 1000, "{code}");
        }
        assert_eq!(close_code_of(ErrorCode::TokenExpired).number(), 4002);
        assert_eq!(close_code_of(ErrorCode::SessionRevoked).number(), 4003);
        assert_eq!(close_code_of(ErrorCode::TooManyConnections).number(), 4009);
    }
}
