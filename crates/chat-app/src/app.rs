use crate::core::Core;
use crate::{Auth, Calls, Conversations, Groups, LoginLimits, Messages, Presence, Receipts, Typing, Users};
use chat_domain::auth::{
    AccessTokens, LiveConnections, PasswordHasher, PasswordPolicy, RefreshTokens, RegistrationMode,
};
use chat_domain::presence::{PresenceAudience, PresenceRegistry};
use chat_domain::rate_limits::RateLimiter;
use chat_domain::typing::TypingRegistry;
use chat_domain::{Clock, EventBus, IdSource, Store, TurnStatus};
use std::sync::Arc;
use std::time::Duration;

/// Everything that the use cases reach the world through.
pub struct Ports {
    /// Everything that is stored.
    pub store: Arc<dyn Store>,
    /// Slow hashing, off the async threads.
    pub hasher: Arc<dyn PasswordHasher>,
    /// JWT.
    pub access_tokens: Arc<dyn AccessTokens>,
    /// Refresh tokens.
    pub refresh_tokens: Arc<dyn RefreshTokens>,
    /// Who is connected.
    pub presence: Arc<dyn PresenceRegistry>,
    /// Who is writing.
    pub typing: Arc<dyn TypingRegistry>,
    /// How often something may be done, counted over all nodes.
    pub rate_limiter: Arc<dyn RateLimiter>,
    /// To the connections of this and other nodes.
    pub bus: Arc<dyn EventBus>,
    /// This node's sockets, to be closed with their session.
    pub live_connections: Arc<dyn LiveConnections>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
}

/// What an operator may set about the use cases.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long an access token holds; counted in whole seconds.
    pub access_token_lifetime: Duration,
    /// How long a refresh token holds, from its latest rotation.
    pub refresh_token_lifetime: Duration,
    /// How long a new password may be.
    pub password_policy: PasswordPolicy,
    /// Who may make an account.
    pub registration: RegistrationMode,
    /// Who learns of whose presence.
    pub presence_audience: PresenceAudience,
    /// For how long somebody is writing without saying so again.
    pub typing_timeout: Duration,
    /// How many failed sign-ins are put up with; `None`: any number.
    pub login_limits: Option<LoginLimits>,
    /// How many calls to the store one user may have under way.
    pub calls: CallLimits,
    /// How many conversations one user may have by their own act: see [`chat_domain::conversations::may_have_another`].
    pub max_conversations_per_user: u32,
}

/// Bounds on the calls to the store that users cause, so that one user's backlog does not delay everybody else. Users
/// who wait get their turns round robin. Sends, sign-in and what connections read when they begin are bounded
/// elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimits {
    /// Reads that run at once, of all users together: as many as the store can run.
    pub reads_at_once: usize,
    /// Reads of one user that run at once, and as many writes. At least one of `reads_at_once` is always left for
    /// others.
    pub per_user: usize,
    /// Reads of one user that wait, and as many writes; one more is refused with `RATE_LIMITED`.
    pub waiting_per_user: usize,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self { reads_at_once: 10, per_user: 4, waiting_per_user: 256 }
    }
}

/// The calls of users that run and wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallStatus {
    /// Reads.
    pub reads: TurnStatus,
    /// Writes.
    pub writes: TurnStatus,
}

impl Default for Settings {
    /// The contract's defaults (§5): 15 minutes, 7 days, 8 to 128 characters, open registration, contacts, 5 seconds,
    /// 10,000 conversations, and the defaults of [`LoginLimits`] and [`CallLimits`].
    fn default() -> Self {
        Self {
            access_token_lifetime: Duration::from_mins(15),
            refresh_token_lifetime: Duration::from_hours(7 * 24),
            password_policy: PasswordPolicy::default(),
            registration: RegistrationMode::default(),
            presence_audience: PresenceAudience::default(),
            typing_timeout: Duration::from_secs(5),
            login_limits: Some(LoginLimits::default()),
            calls: CallLimits::default(),
            max_conversations_per_user: 10_000,
        }
    }
}

/// Every use case, by feature. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Signing up, in and out.
    pub auth: Auth,
    /// Accounts and profiles.
    pub users: Users,
    /// Conversations and who takes part in them.
    pub conversations: Conversations,
    /// Groups whose names are their own.
    pub groups: Groups,
    /// Sending and reading messages.
    pub messages: Messages,
    /// Delivery and read positions.
    pub receipts: Receipts,
    /// Who is here.
    pub presence: Presence,
    /// Who is writing.
    pub typing: Typing,
    /// Who calls whom.
    pub calls: Calls,
}

impl App {
    /// The use cases over these ports.
    pub fn new(ports: Ports, settings: Settings) -> Self {
        let core = Arc::new(Core::new(ports, settings));
        Self {
            auth: Auth(core.clone()),
            users: Users(core.clone()),
            conversations: Conversations(core.clone()),
            groups: Groups(core.clone()),
            messages: Messages(core.clone()),
            receipts: Receipts(core.clone()),
            presence: Presence(core.clone()),
            typing: Typing(core.clone()),
            calls: Calls(core),
        }
    }

    /// The calls to the store that run and wait, for metrics.
    pub fn call_status(&self) -> CallStatus {
        self.conversations.0.call_status()
    }
}
