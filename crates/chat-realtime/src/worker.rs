use crate::QueueStats;
use crate::outgoing::Outgoing;
use chat_domain::SessionId;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

/// What waits for a worker.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// In order.
    pub(crate) posts: Vec<Post>,
    events: usize,
    /// Events were refused since these were taken last.
    pub(crate) has_overflowed: bool,
}

#[derive(Debug)]
struct Inbox {
    most: usize,
    waiting: Mutex<Waiting>,
    arrived: Notify,
    /// The worker waits for more before it takes what there is.
    is_gathering: AtomicBool,
    is_closed: AtomicBool,
}

/// A worker thread's inbox, from both sides. The worker takes all that waits at once, so that posting costs it one
/// wake-up however much is posted meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct Worker(Arc<Inbox>);

impl PartialEq for Worker {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Worker {}

impl Worker {
    /// At most `most` events wait for it.
    pub(crate) fn new(most: usize) -> Self {
        Self(Arc::new(Inbox {
            most: most.max(1),
            waiting: Mutex::default(),
            arrived: Notify::new(),
            is_gathering: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `false` where the worker is gone, or where it is an event and too many wait already: then the worker learns
    /// that, and sends its connections away, since they have missed something. Everything but events always has room.
    pub(crate) fn post(&self, post: Post) -> bool {
        if self.is_closed() {
            return false;
        }
        let was_empty = {
            let mut waiting = self.lock();
            if matches!(post, Post::Deliver(_)) {
                if waiting.events >= self.0.most {
                    waiting.has_overflowed = true;
                    return false;
                }
                waiting.events += 1;
            }
            waiting.posts.push(post);
            waiting.posts.len() == 1
        };
        if was_empty {
            self.0.arrived.notify_one();
        }
        true
    }

    /// Everything that waits.
    pub(crate) fn take(&self) -> Waiting {
        std::mem::take(&mut *self.lock())
    }

    /// Looks at what waits, and leaves it there.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&[Post]) -> T) -> T {
        look(&self.lock().posts)
    }

    /// Waits until something was posted to an empty inbox, or the worker was told to hurry.
    pub(crate) async fn arrived(&self) {
        self.0.arrived.notified().await;
    }

    /// Whether the worker waits for more, and is to be told when nothing more is expected.
    pub(crate) fn set_gathering(&self, is_gathering: bool) {
        self.0.is_gathering.store(is_gathering, Ordering::Release);
    }

    /// Nothing more is expected: a worker that waits for it need not.
    pub(crate) fn hurry(&self) {
        if self.0.is_gathering.load(Ordering::Acquire) {
            self.0.arrived.notify_one();
        }
    }

    pub(crate) fn close(&self) {
        self.0.is_closed.store(true, Ordering::Release);
        self.take();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.is_closed.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_domain::{Audience, Envelope, Event, Timestamp, UserId};
    use uuid::Uuid;

    fn event() -> Post {
        let event = Event::UserOffline { user_id: UserId::new(Uuid::nil()), last_seen: Timestamp::default() };
        Post::Deliver(Arc::new(Outgoing::new(Envelope { audience: Audience::Everyone, except: None, event })))
    }

    #[test]
    fn so_many_events_wait_and_no_more_while_everything_else_has_room() {
        let worker = Worker::new(2);
        assert!(worker.post(event()) && worker.post(event()) && !worker.post(event()));
        assert!(worker.post(Post::Leave));
        let waiting = worker.take();
        assert_eq!((waiting.posts.len(), waiting.has_overflowed), (3, true));
        assert!(worker.post(event()), "what was taken is out of the way");
        assert!(!worker.take().has_overflowed, "and forgotten");
    }
}
