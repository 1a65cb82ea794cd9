//! The use cases over the ports of `chat-domain`: one verb, one function, and a file for each subject.
//!
//! **Owns** the order of things: what is checked, what is stored, who learns of it, and in which order. [`App`] holds
//! one value per feature, each cheap to clone.
//!
//! **Must never know** HTTP, JSON, SQL, sockets or the environment, and it starts no tasks: whoever calls a use case
//! that writes sees to it that the call runs to its end, also when the client has hung up in the middle.
//!
//! Rules that hold in every use case:
//! - who may do what is decided here, or by the store inside its transaction; callers check nothing;
//! - what is durable is stored first and published after; a session is ended in the store first, then in this node's
//!   memory, then its sockets are closed;
//! - presence and typing are best effort: where they fail, it is logged, and nothing else fails for it;
//! - what a user reads or writes in the store, except sends and the point reads on their way, goes through
//!   `Core::reading`, `reading_on` and `writing`, each around one store call: they bound what runs at once for one
//!   user, and users take turns.
//!
//! **To add a use case**: a public function in an `impl` of the feature's struct, beside those of the same subject
//! (`users/profile.rs`) or, where it has steps and tests of its own, in a file named after it (`messages/send.rs`); a
//! variant of the feature's error for each new refusal, placed in its `code`; and a test in `tests/` named after the
//! behaviour. **To add a feature**: a file of the name that it has in every other crate (a folder when it grows), a
//! struct over the shared core, an error that is [`Coded`], and a field of [`App`].

mod app;
pub mod auth;
pub mod calls;
pub mod conversations;
mod core;
mod error;
pub mod groups;
pub mod messages;
pub mod operator;
pub mod presence;
pub mod receipts;
mod system;
pub mod typing;
pub mod users;

pub use app::{App, CallLimits, CallStatus, Ports, Settings};
pub use auth::{Auth, AuthError, LoginIdentity, LoginLimits, RegisterUser, SignedIn};
pub use calls::{Calls, CallsError};
pub use conversations::{ChatTarget, Conversations, ConversationsError, CreateConversation, DirectRoom, Peer};
pub use error::Coded;
pub use groups::{CreateGroup, GroupProfile, Groups, GroupsError, MemberPresence};
pub use messages::{FetchedChat, Messages, MessagesError, SendDirect};
pub use operator::{Operator, OperatorError, PasswordReset};
pub use presence::{Presence, PresenceError};
pub use receipts::{Receipt, Receipts, ReceiptsError, TrackedMessage};
pub use system::{SystemClock, UuidV7Source};
pub use typing::{Typing, TypingError};
pub use users::{UserProfile, Users, UsersError};
