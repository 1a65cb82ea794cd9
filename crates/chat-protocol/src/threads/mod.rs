//! Threads.

mod view;

pub use view::ThreadView;
