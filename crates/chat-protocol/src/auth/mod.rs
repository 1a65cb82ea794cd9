//! Registration, sign-in, and the list of sessions.

pub(crate) mod body;
mod view;

pub use body::{Identity, LoginBody, RefreshBody, RegisterBody, Registration};
pub use view::{RegisteredView, SessionView, SignedInView, TOKEN_TYPE};
