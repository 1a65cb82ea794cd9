use crate::QueueStats;
use crate::outgoing::Outgoing;
use chat_domain::SessionId;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

/// What a worker thread is asked to do.
#[derive(Debug, Clone)]
pub(crate) enum Post {
    /// Deliver this to whom it is for.
    Deliver(Arc<Outgoing>),
    /// End the connections of this session.
    CloseSession(SessionId),
    /// Send everyone away.
    Leave,
    /// Say what waits in the queues.
    Measure(UnboundedSender<QueueStats>),
}

#[derive(Debug, Default)]
struct Inbox {
    posts: Mutex<Vec<Post>>,
    arrived: Notify,
    is_closed: AtomicBool,
}

/// A worker thread's inbox, from both sides. The worker takes all that waits at once, so that posting costs it one wake-up however
/// much is posted meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct Worker(Arc<Inbox>);

impl PartialEq for Worker {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Worker {}

impl Worker {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// `false` where the worker is gone.
    pub(crate) fn post(&self, post: Post) -> bool {
        if self.is_closed() {
            return false;
        }
        let was_empty = {
            let mut posts = self.0.posts.lock().unwrap_or_else(PoisonError::into_inner);
            posts.push(post);
            posts.len() == 1
        };
        if was_empty {
            self.0.arrived.notify_one();
        }
        true
    }

    /// Everything that waits, in order, swapped for an empty `spare`.
    pub(crate) fn take(&self, spare: Vec<Post>) -> Vec<Post> {
        let mut posts = self.0.posts.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut posts, spare)
    }

    /// Waits until something was posted to an empty inbox.
    pub(crate) async fn arrived(&self) {
        self.0.arrived.notified().await;
    }

    pub(crate) fn close(&self) {
        self.0.is_closed.store(true, Ordering::Release);
        self.take(Vec::new());
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.is_closed.load(Ordering::Acquire)
    }
}
