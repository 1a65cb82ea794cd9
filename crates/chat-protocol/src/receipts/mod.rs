//! Read and delivery positions.

mod body;
mod view;

pub use body::ReadBody;
pub use view::{PositionsView, UnreadView};
