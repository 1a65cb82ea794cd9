use crate::auth::{HashError, InvalidToken};
use crate::conversations::MAX_PARTICIPANTS;
use crate::messages::{MAX_PINS, MAX_REACTION_KINDS, MAX_VERSIONS};
use crate::presence::PresenceError;
use crate::rate_limits::{Quota, Verdict};
use crate::{ErrorCode, InvalidValue, StoreError, UserId};
use thiserror::Error;

/// Declares [`Refusal`] as one table. A row is its documentation, variant, code and sentence, and
/// what the sentence shows besides the fields.
macro_rules! refusals {
    ($(
        $(#[$doc:meta])*
        $variant:ident $(($($value:tt)*))? $({$($fields:tt)*})? =>
            $code:ident, $sentence:literal $(with ($($argument:tt)*))?;
    )*) => {
        /// A rule that forbids what a user asked for. `Display` is the sentence that the client receives.
        #[derive(Debug, Clone, PartialEq, Eq, Error)]
        pub enum Refusal {
            $(
                $(#[$doc])*
                #[error($sentence $(, $($argument)*)?)]
                $variant $(($($value)*))? $({$($fields)*})?,
            )*
        }

        impl Refusal {
            #[cfg(test)]
            const COUNT: usize = [$(stringify!($variant)),*].len();

            /// Returns the code that the client receives.
            pub const fn code(&self) -> ErrorCode {
                match self { $(Self::$variant { .. } => ErrorCode::$code,)* }
            }
        }
    };
}

refusals! {
    /// The text of the message is longer than the setting allows.
    MessageTooLong {
        /// The maximum length, in characters.
        most: u32,
    } => ValidationFailed, "The content must have at most {most} characters";
    /// The conversation does not exist.
    UnknownConversation => ConversationNotFound, "There is no such conversation";
    /// The group does not exist. A direct conversation is not a group.
    UnknownGroup => ConversationNotFound, "There is no such group";
    /// The actor is not part of the pair.
    NotYourPair => Forbidden, "This conversation is between two other users";
    /// The actor named another user where only the actor's own id is allowed.
    NotOneself => Forbidden, "You can only do this for your own account";
    /// The actor named themselves as the other user of a direct conversation.
    Oneself => ValidationFailed, "You cannot have a conversation with yourself";
    /// There are no other participants, or too many.
    Participants(InvalidValue) => ValidationFailed, "The participants {0}";
    /// There are more members than a group may have.
    TooManyMembers => ValidationFailed, "The members must be at most {} other users" with (MAX_PARTICIPANTS - 1);
    /// The actor is not a participant.
    NotAParticipant => NotAParticipant, "You are not a participant of this conversation";
    /// The actor is not an admin.
    NotAnAdmin => NotAnAdmin, "Only an admin of the group may do this";
    /// The participants and the name of a direct conversation never change.
    Direct => DirectConversation, "A direct conversation has two participants and cannot be changed";
    /// The group was deactivated.
    Inactive => GroupInactive, "The group is no longer active";
    /// The user is already a participant.
    AlreadyAParticipant => AlreadyAParticipant, "The user is already a participant";
    /// The user is not a participant.
    NoSuchParticipant => ParticipantNotFound, "The user is not a participant of this conversation";
    /// The user is the only admin of the group.
    LastAdmin => LastAdmin, "The group has no other admin: make another participant an admin first";
    /// The conversation has [`MAX_PARTICIPANTS`] participants.
    Full => ConversationFull, "The conversation already has {MAX_PARTICIPANTS} participants";
    /// An admin removed the user, and only an admin can add them again.
    RemovedByAdmin => RemovedByAdmin,
        "An admin removed this user from the group, and only an admin can add them again";
    /// The user has the maximum number of conversations by their own act: see
    /// [`crate::conversations::may_have_another`].
    TooManyConversations {
        /// The limit.
        max: u32,
    } => TooManyConversations,
        "You have created, or joined by invite codes, the maximum number of conversations ({max}): deactivate or \
         leave some";
    /// Another active group has reserved this name, or one that looks like it.
    GroupNameTaken => GroupNameTaken, "An active group already has this name";
    /// No group has this invite code now.
    InviteNotFound => InviteNotFound, "No group has this invite code, or the code was revoked";
    /// The conversation has no such message to reply to, to read around, or to move positions to.
    UnknownMessage => MessageNotFound, "There is no such message in this conversation";
    /// The user did not send the message.
    NotTheAuthor => Forbidden, "Only the author of a message may edit it";
    /// The user did not send the message, and is no admin of its group.
    NeitherAuthorNorAdmin => Forbidden, "Only the author of a message, or an admin of its group, may delete it";
    /// The message was deleted.
    MessageDeleted => MessageDeleted, "The message was deleted";
    /// The message is not in the state that the edit names.
    MessageChanged => MessageChanged, "The message has changed meanwhile: read it again";
    /// The time in which the author may edit or delete the message is over.
    MessageTooOld => MessageTooOld, "The message is too old to be edited or deleted";
    /// The message has [`MAX_VERSIONS`] versions.
    TooManyEdits => TooManyEdits, "The message already has {MAX_VERSIONS} versions";
    /// The thread does not exist. No other conversation is a thread.
    UnknownThread => ConversationNotFound, "There is no such thread";
    /// The message is in a thread itself.
    NestedThread => ValidationFailed, "A message of a thread cannot have a thread of its own";
    /// The message has reactions of [`MAX_REACTION_KINDS`] kinds.
    TooManyReactions => TooManyReactions, "The message already has {MAX_REACTION_KINDS} kinds of reactions";
    /// The conversation has [`MAX_PINS`] pinned messages.
    TooManyPins => TooManyPins, "The conversation already has {MAX_PINS} pinned messages: unpin one first";
    /// Nobody may read earlier versions of messages.
    EditHistoryOff => Forbidden, "Earlier versions of messages are not shown on this server";
    /// The sender used the key for another message.
    KeyReused => IdempotencyKeyReused, "This key was used for another message";
    /// The user does not exist.
    UnknownUser => UserNotFound, "There is no such user";
    /// Some of the named users do not exist.
    UnknownUsers {
        /// These.
        ids: Vec<UserId>,
    } => UserNotFound, "These users do not exist: {}" with (first_few(.ids));
    /// No account has this email or username. Only operators are told.
    UnknownAccount => UserNotFound, "There is no account with this email address or username";
    /// The actor's own account has been deleted.
    AccountGone => SessionRevoked, "This account no longer exists";
    /// Another account has this email, in any case and composition.
    EmailTaken => EmailTaken, "This email address is already in use";
    /// Another account has this username, in any case.
    UsernameTaken => UsernameTaken, "This username is already in use";
    /// See [`crate::auth::RegistrationMode::Closed`].
    RegistrationClosed => RegistrationClosed, "Registration is closed";
    /// The invite code is missing, unknown, used or expired; the refusal does not say which.
    InviteRequired => InviteRequired, "Registration needs an invite code that is neither used nor expired";
    /// Unknown account or wrong password; the refusal does not say which.
    InvalidCredentials => InvalidCredentials, "The account or the password is wrong";
    /// The password that confirms a change is wrong.
    WrongPassword => WrongPassword, "The current password is wrong";
    /// Too many wrong passwords.
    TooManyAttempts {
        /// The limit.
        quota: Quota,
        /// When the next attempt is allowed.
        verdict: Verdict,
    } => RateLimited, "There were too many failed attempts, please try again later";
    /// The token is not valid.
    TokenInvalid => TokenInvalid, "The token is not valid";
    /// The token has expired.
    TokenExpired => TokenExpired, "The token has expired";
    /// The session of the token has ended.
    SessionRevoked => SessionRevoked, "The session has ended, please sign in again";
    /// A used refresh token was sent again, which ends its session.
    RefreshTokenReused => RefreshTokenReused, "The refresh token was used before, please sign in again";
    /// The actor has no such session.
    SessionNotFound => SessionNotFound, "There is no such session";
}

/// Lists the first few ids; a client that sent hundreds of wrong ones need not read them all.
fn first_few(ids: &[UserId]) -> String {
    const NAMED: usize = 5;
    let named: Vec<_> = ids.iter().take(NAMED).map(ToString::to_string).collect();
    let more = if ids.len() > NAMED { ", ..." } else { "" };
    format!("{}{more}", named.join(", "))
}

impl From<InvalidToken> for Refusal {
    fn from(token: InvalidToken) -> Self {
        match token {
            InvalidToken::Invalid => Self::TokenInvalid,
            InvalidToken::Expired => Self::TokenExpired,
        }
    }
}

/// Why a use case, or a port method that decides, did not do what was asked: a rule refused it, or a port failed.
/// Nothing was stored. `Display` is the sentence that the client receives; the `source` is for logs only.
#[derive(Debug, Error)]
pub enum ActionError {
    /// A rule refused it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store failed.
    #[error("{}", store_sentence(.0))]
    Store(#[from] StoreError),
    /// A password could not be hashed or compared.
    #[error("{}", hash_sentence(.0))]
    Hash(#[from] HashError),
    /// The presence registry failed.
    #[error("{TRY_LATER}")]
    Presence(#[from] PresenceError),
}

/// The sentence of a failure that passes by itself.
pub const TRY_LATER: &str = "The service is not available right now, please try again";
const UPGRADE_PENDING: &str = "The server is being upgraded and cannot do this yet, please try again later";
const TOO_MANY_CALLS: &str = "Too many of your requests are running, please wait for their answers";
/// The sentence of a fault of the server.
pub const OUR_FAULT: &str = "Something went wrong on our side";

impl ActionError {
    /// Returns the code that the client receives.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Store(StoreError::TooManyCalls) => ErrorCode::RateLimited,
            Self::Store(StoreError::UpgradePending) => ErrorCode::UpgradePending,
            Self::Store(StoreError::Failed(_)) | Self::Hash(HashError::Failed(_)) => ErrorCode::Internal,
            Self::Store(StoreError::Unavailable(_) | StoreError::Overloaded)
            | Self::Hash(HashError::Overloaded)
            | Self::Presence(_) => ErrorCode::Unavailable,
        }
    }
}

impl From<InvalidToken> for ActionError {
    fn from(token: InvalidToken) -> Self {
        Self::Refused(token.into())
    }
}

const fn store_sentence(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable(_) | StoreError::Overloaded => TRY_LATER,
        StoreError::TooManyCalls => TOO_MANY_CALLS,
        StoreError::UpgradePending => UPGRADE_PENDING,
        StoreError::Failed(_) => OUR_FAULT,
    }
}

const fn hash_sentence(error: &HashError) -> &'static str {
    match error {
        HashError::Overloaded => TRY_LATER,
        HashError::Failed(_) => OUR_FAULT,
    }
}

#[cfg(test)]
mod tests;
