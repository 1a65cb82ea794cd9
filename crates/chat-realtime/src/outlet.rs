use crate::send_queue::SendQueue;
use std::fmt;
use std::task::{Context, Poll};

/// The result of a flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flushed {
    /// Everything was written.
    All,
    /// The client accepts no more data for now.
    Blocked,
    /// The connection to the client is lost.
    Broken,
}

/// Writes a connection's frames to its client, without waiting. The code that queues a frame also flushes; only if the
/// client accepts no more does the connection's own task wait.
pub trait Outlet: fmt::Debug {
    /// Writes as much of `queue` as the client accepts at once.
    fn flush(&self, queue: &mut SendQueue) -> Flushed;

    /// Whether the outlet takes plain bytes, so that several frames may be passed as one piece; otherwise it takes
    /// single frames.
    fn is_stream(&self) -> bool;

    /// Ready if a flush may write more than the last one did, or if the client is gone.
    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<()>;
}
