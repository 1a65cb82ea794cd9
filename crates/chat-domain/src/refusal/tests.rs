use super::*;
use std::collections::HashSet;
use std::error::Error as _;
use std::mem::discriminant;
use std::time::Duration;
use uuid::Uuid;

fn users(count: u128) -> Vec<UserId> {
    (0..count).map(|number| UserId::new(Uuid::from_u128(number))).collect()
}

/// Every refusal with its code: what clients are promised.
fn refusals() -> Vec<(Refusal, ErrorCode)> {
    let quota = Quota::new(10, Duration::from_mins(15));
    let verdict = Verdict::new(quota, 1, false, 1);
    vec![
        (Refusal::UnknownConversation, ErrorCode::ConversationNotFound),
        (Refusal::UnknownGroup, ErrorCode::ConversationNotFound),
        (Refusal::NotYourPair, ErrorCode::Forbidden),
        (Refusal::NotOneself, ErrorCode::Forbidden),
        (Refusal::Oneself, ErrorCode::ValidationFailed),
        (Refusal::Participants(InvalidValue::Empty), ErrorCode::ValidationFailed),
        (Refusal::TooManyMembers, ErrorCode::ValidationFailed),
        (Refusal::NotAParticipant, ErrorCode::NotAParticipant),
        (Refusal::NotAnAdmin, ErrorCode::NotAnAdmin),
        (Refusal::Direct, ErrorCode::DirectConversation),
        (Refusal::Inactive, ErrorCode::GroupInactive),
        (Refusal::AlreadyAParticipant, ErrorCode::AlreadyAParticipant),
        (Refusal::NoSuchParticipant, ErrorCode::ParticipantNotFound),
        (Refusal::LastAdmin, ErrorCode::LastAdmin),
        (Refusal::Full, ErrorCode::ConversationFull),
        (Refusal::MessageTooLong { most: 7 }, ErrorCode::ValidationFailed),
        (Refusal::NotTheAuthor, ErrorCode::Forbidden),
        (Refusal::NeitherAuthorNorAdmin, ErrorCode::Forbidden),
        (Refusal::MessageDeleted, ErrorCode::MessageDeleted),
        (Refusal::MessageChanged, ErrorCode::MessageChanged),
        (Refusal::MessageTooOld, ErrorCode::MessageTooOld),
        (Refusal::TooManyEdits, ErrorCode::TooManyEdits),
        (Refusal::UnknownThread, ErrorCode::ConversationNotFound),
        (Refusal::NestedThread, ErrorCode::ValidationFailed),
        (Refusal::TooManyReactions, ErrorCode::TooManyReactions),
        (Refusal::TooManyPins, ErrorCode::TooManyPins),
        (Refusal::EditHistoryOff, ErrorCode::Forbidden),
        (Refusal::RemovedByAdmin, ErrorCode::RemovedByAdmin),
        (Refusal::TooManyConversations { max: 7 }, ErrorCode::TooManyConversations),
        (Refusal::GroupNameTaken, ErrorCode::GroupNameTaken),
        (Refusal::InviteNotFound, ErrorCode::InviteNotFound),
        (Refusal::UnknownMessage, ErrorCode::MessageNotFound),
        (Refusal::KeyReused, ErrorCode::IdempotencyKeyReused),
        (Refusal::UnknownUser, ErrorCode::UserNotFound),
        (Refusal::UnknownUsers { ids: users(2) }, ErrorCode::UserNotFound),
        (Refusal::UnknownAccount, ErrorCode::UserNotFound),
        (Refusal::AccountGone, ErrorCode::SessionRevoked),
        (Refusal::EmailTaken, ErrorCode::EmailTaken),
        (Refusal::UsernameTaken, ErrorCode::UsernameTaken),
        (Refusal::RegistrationClosed, ErrorCode::RegistrationClosed),
        (Refusal::InviteRequired, ErrorCode::InviteRequired),
        (Refusal::InvalidCredentials, ErrorCode::InvalidCredentials),
        (Refusal::WrongPassword, ErrorCode::WrongPassword),
        (Refusal::TooManyAttempts { quota, verdict }, ErrorCode::RateLimited),
        (Refusal::TokenInvalid, ErrorCode::TokenInvalid),
        (Refusal::TokenExpired, ErrorCode::TokenExpired),
        (Refusal::SessionRevoked, ErrorCode::SessionRevoked),
        (Refusal::RefreshTokenReused, ErrorCode::RefreshTokenReused),
        (Refusal::SessionNotFound, ErrorCode::SessionNotFound),
    ]
}

fn check(error: &ActionError, code: ErrorCode) {
    assert_eq!(error.code(), code, "{error:?}");
    let sentence = error.to_string();
    assert!(sentence.starts_with(char::is_uppercase) && !sentence.ends_with('.'), "{sentence}");
    assert!(!sentence.contains("secret") && !sentence.contains("  "), "{sentence}");
}

#[test]
fn every_refusal_has_its_code_and_a_sentence() {
    let refusals = refusals();
    let kinds: HashSet<_> = refusals.iter().map(|(refusal, _)| discriminant(refusal)).collect();
    assert_eq!(kinds.len(), Refusal::COUNT, "the list above names every refusal");
    for (refusal, code) in refusals {
        assert_eq!(refusal.code(), code, "{refusal:?}");
        let error = ActionError::from(refusal);
        check(&error, code);
        assert!(error.source().is_none(), "a refusal has no cause for the log");
    }
}

#[test]
fn sentences_name_limits_and_the_first_unknown_users() {
    let sentence = Refusal::TooManyConversations { max: 7 }.to_string();
    assert!(sentence.contains("(7): deactivate or leave some"), "{sentence}");
    assert_eq!(Refusal::Full.to_string(), "The conversation already has 1000 participants");
    assert_eq!(Refusal::TooManyMembers.to_string(), "The members must be at most 999 other users");
    let sentence = Refusal::UnknownUsers { ids: users(6) }.to_string();
    assert!(sentence.ends_with(", ...") && sentence.matches("-0000-").count() >= 5, "{sentence}");
    assert!(!Refusal::UnknownUsers { ids: users(5) }.to_string().ends_with("..."));
}

#[test]
fn what_a_port_reports_is_for_the_log_and_the_client_gets_a_sentence() {
    for (error, code) in [
        (StoreError::Unavailable("secret address".into()).into(), ErrorCode::Unavailable),
        (StoreError::Overloaded.into(), ErrorCode::Unavailable),
        (StoreError::TooManyCalls.into(), ErrorCode::RateLimited),
        (StoreError::UpgradePending.into(), ErrorCode::UpgradePending),
        (StoreError::Failed("secret table".into()).into(), ErrorCode::Internal),
        (HashError::Overloaded.into(), ErrorCode::Unavailable),
        (HashError::Failed("secret".into()).into(), ErrorCode::Internal),
        (PresenceError("secret".into()).into(), ErrorCode::Unavailable),
    ] {
        let error: ActionError = error;
        check(&error, code);
        assert!(error.source().is_some(), "{error:?}");
    }
}
