//! Signing up, signing in, and the list of devices.

pub(crate) mod body;
mod view;

pub use body::{Identity, LoginBody, RefreshBody, RegisterBody, Registration};
pub use view::{RegisteredView, SessionView, SignedInView, TOKEN_TYPE};
