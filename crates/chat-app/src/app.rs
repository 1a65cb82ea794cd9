use crate::core::Core;
use crate::{Auth, Calls, Conversations, Groups, LoginLimits, Messages, Presence, Receipts, Threads, Typing, Users};
use chat_domain::auth::{
    AccessTokens, LiveConnections, PasswordHasher, PasswordPolicy, RefreshTokens, RegistrationMode,
};
use chat_domain::changes::WritableFeatures;
use chat_domain::messages::{EditHistory, MessageLimit};
use chat_domain::presence::{PresenceAudience, PresenceRegistry};
use chat_domain::rate_limits::RateLimiter;
use chat_domain::typing::TypingRegistry;
use chat_domain::{Clock, EventBus, IdSource, Store, TurnStatus};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// The ports through which the use cases reach the outside.
pub struct Ports {
    /// All stored data.
    pub store: Arc<dyn Store>,
    /// Password hashing, off the async threads.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Access tokens.
    pub access_tokens: Arc<dyn AccessTokens>,
    /// Refresh tokens.
    pub refresh_tokens: Arc<dyn RefreshTokens>,
    /// The connected users.
    pub presence: Arc<dyn PresenceRegistry>,
    /// The typing users.
    pub typing: Arc<dyn TypingRegistry>,
    /// Rate limits, counted over all nodes.
    pub rate_limiter: Arc<dyn RateLimiter>,
    /// Decides which features may be written while nodes of several releases run.
    pub features: Arc<dyn WritableFeatures>,
    /// Carries events to the connections of this and other nodes.
    pub bus: Arc<dyn EventBus>,
    /// This node's sockets, to be closed when their session ends.
    pub live_connections: Arc<dyn LiveConnections>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of new ids.
    pub ids: Arc<dyn IdSource>,
    /// The runtime of what no caller waits for: the main one.
    pub runtime: Handle,
}

/// The operator's settings of the use cases.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The lifetime of an access token, in whole seconds.
    pub access_token_lifetime: Duration,
    /// The lifetime of a refresh token, from its latest rotation.
    pub refresh_token_lifetime: Duration,
    /// The rules for new passwords.
    pub password_policy: PasswordPolicy,
    /// Who may create an account.
    pub registration: RegistrationMode,
    /// Who may see a user's presence.
    pub presence_audience: PresenceAudience,
    /// How long a typing notice lasts without renewal.
    pub typing_timeout: Duration,
    /// The limits on failed sign-ins; `None`: no limit.
    pub login_limits: Option<LoginLimits>,
    /// The limits on the store calls of one user.
    pub calls: CallLimits,
    /// The most conversations that one user may have created or joined: see
    /// [`chat_domain::conversations::may_have_another`].
    pub max_conversations_per_user: u32,
    /// How long after its sending the author may edit a message; `None`: always.
    pub message_edit_window: Option<Duration>,
    /// The maximum length of the texts of messages.
    pub message_limit: MessageLimit,
    /// How long after its sending the author may delete a message; `None`: always.
    pub message_delete_window: Option<Duration>,
    /// Who may read the earlier versions of messages.
    pub edit_history: EditHistory,
}

/// The limits on store calls that users cause, so that one user's backlog does not delay other users. Waiting users get
/// turns round robin. Sends, sign-in and the reads of a new connection have limits elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimits {
    /// Reads that run at once, for all users together: as many as the store can run.
    pub reads_at_once: usize,
    /// Reads of one user that run at once, and as many writes. At least one of `reads_at_once` is always left for other
    /// users.
    pub per_user: usize,
    /// Reads of one user that wait, and as many writes; further ones get `RATE_LIMITED`.
    pub waiting_per_user: usize,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self { reads_at_once: 10, per_user: 4, waiting_per_user: 256 }
    }
}

/// The running and waiting calls of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallStatus {
    /// Reads.
    pub reads: TurnStatus,
    /// Writes.
    pub writes: TurnStatus,
}

impl Default for Settings {
    /// The contract's defaults (§5): 15 minutes, 7 days, 8 to 128 characters, open registration, contacts, 5 seconds,
    /// 10,000 conversations, messages that may always be edited and deleted, and the defaults of [`LoginLimits`] and
    /// [`CallLimits`].
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
            message_edit_window: None,
            message_limit: MessageLimit::DEFAULT,
            message_delete_window: None,
            edit_history: EditHistory::default(),
        }
    }
}

/// All use cases, by subject. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Registration, sign-in and sign-out.
    pub auth: Auth,
    /// Accounts and profiles.
    pub users: Users,
    /// Conversations and their participants.
    pub conversations: Conversations,
    /// Groups with unique names.
    pub groups: Groups,
    /// Sending and reading messages.
    pub messages: Messages,
    /// Threads and their followers.
    pub threads: Threads,
    /// Delivery and read positions.
    pub receipts: Receipts,
    /// Presence.
    pub presence: Presence,
    /// Typing notices.
    pub typing: Typing,
    /// Call signalling.
    pub calls: Calls,
}

impl App {
    /// The use cases over these ports. What the store commits is published on the bus from now on, as long as the use
    /// cases exist.
    pub fn new(ports: Ports, settings: Settings) -> Self {
        let core = Core::new(ports, settings);
        Self {
            auth: Auth(core.clone()),
            users: Users(core.clone()),
            conversations: Conversations(core.clone()),
            groups: Groups(core.clone()),
            messages: Messages(core.clone()),
            threads: Threads(core.clone()),
            receipts: Receipts(core.clone()),
            presence: Presence(core.clone()),
            typing: Typing(core.clone()),
            calls: Calls(core),
        }
    }

    /// The running and waiting store calls, for metrics.
    pub fn call_status(&self) -> CallStatus {
        self.conversations.0.call_status()
    }
}
