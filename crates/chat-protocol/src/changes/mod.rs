//! What a client missed, over REST: bodies and views.

mod body;
mod view;

pub use body::SyncBody;
pub use view::{EventView, MissedView, SyncView};
