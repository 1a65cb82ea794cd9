use crate::send_queue::SendQueue;
use std::fmt;
use std::task::{Context, Poll};

/// What a flush came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flushed {
    /// Nothing is left.
    All,
    /// The client takes no more for now.
    Blocked,
    /// The client is gone.
    Broken,
}

/// What takes a connection's frames to its client. Never waits by itself: whoever queued something flushes, and only
/// where the client takes no more at once the connection's own task waits.
pub trait Outlet: fmt::Debug {
    /// Hands over as much of `queue` as the client takes at once.
    fn flush(&self, queue: &mut SendQueue) -> Flushed;

    /// Whether bytes are all it takes, so that several frames may come as one; else each is its own.
    fn is_stream(&self) -> bool;

    /// Ready when a flush may get further than the last one did, or the client is gone.
    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<()>;
}
