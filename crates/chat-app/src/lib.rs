//! The use cases over the ports of `chat-domain`: one function per verb, and a file for each subject.
//!
//! **Owns** the order of steps: what is checked, what is stored, and who is notified. [`App`] holds one value per
//! subject, each cheap to clone.
//!
//! **Must never know** HTTP, JSON, SQL, sockets or the environment. The caller of a use case that writes makes sure
//! that it runs to its end, even if the client disconnects; only what is best effort runs in tasks of its own. Sending
//! awaits only answers that may come from any thread, so it may be polled outside the main runtime; other use cases may
//! not.
//!
//! Rules for every use case:
//! - authorisation is decided here, or by the store inside its transaction; callers check nothing;
//! - durable changes are stored, and the store passes them to `committed.rs`, which publishes them before any caller of
//!   the commit gets its answer: a use case publishes none itself;
//! - a session is ended in the store first, then in this node's memory, then its sockets are closed;
//! - presence and typing are best effort: a failure is logged and fails nothing else;
//! - a user's reads and writes of the store, except sends and the point reads that they need, go through
//!   `Core::reading`, `reading_on` and `writing`, each around one store call: these limit how many run at once for one
//!   user, and users take turns.
//!
//! **To add a use case**: a public function in an `impl` of the subject's struct, beside related use cases
//! (`users/profile.rs`) or, if it has steps and tests of its own, in a file named after it (`messages/send.rs`); it
//! returns [`chat_domain::ActionError`], and each new refusal is a row of the table in `chat-domain/src/refusal.rs`;
//! and a test in `tests/` named after the behaviour. **To add a subject**: a file with the name that it has in every
//! other crate (a folder when it grows), a struct over the shared core, and a field of [`App`].

mod app;
pub mod auth;
pub mod calls;
mod committed;
pub mod conversations;
mod core;
pub mod groups;
pub mod messages;
pub mod operator;
pub mod presence;
pub mod receipts;
mod system;
pub mod threads;
pub mod typing;
pub mod users;

pub use app::{App, CallLimits, CallStatus, Ports, Settings};
pub use auth::{Auth, LoginIdentity, LoginLimits, RegisterUser, SignedIn};
pub use calls::Calls;
pub use conversations::{ChatTarget, Conversations, CreateConversation, DirectRoom, OtherUser};
pub use groups::{CreateGroup, GroupProfile, Groups, MemberPresence};
pub use messages::{FetchedChat, Messages, SendDirect};
pub use operator::{Operator, PasswordReset};
pub use presence::Presence;
pub use receipts::{Receipt, Receipts, TrackedMessage};
pub use system::{SystemClock, UuidV7Source};
pub use threads::Threads;
pub use typing::Typing;
pub use users::{UserProfile, Users};
