use crate::QueueStats;
use crate::outgoing::Outgoing;
use chat_domain::SessionId;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

/// A request to a worker thread.
#[derive(Debug, Clone)]
pub(crate) enum Post {
    /// Deliver the event to its audience.
    Deliver(Arc<Outgoing>),
    /// Close the connections of this session.
    CloseSession(SessionId),
    /// Ask all connections to close.
    Leave,
    /// Report the sizes of the send queues.
    Measure(UnboundedSender<QueueStats>),
}

/// The contents of a worker's inbox.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// The posts in order of arrival.
    pub(crate) posts: Vec<Post>,
    events: usize,
    /// Whether events were rejected since the inbox was last emptied.
    pub(crate) has_overflowed: bool,
}

#[derive(Debug)]
struct Inbox {
    most: usize,
    waiting: Mutex<Waiting>,
    arrived: Notify,
    /// Whether the worker waits for more events before it empties the inbox.
    is_gathering: AtomicBool,
    is_closed: AtomicBool,
}

/// A worker thread's inbox, for both sides. The worker takes all waiting posts at once, so that many posts cost one
/// wake-up.
#[derive(Debug, Clone)]
pub(crate) struct Worker(Arc<Inbox>);

/// Workers whose inbox was empty before a post. They are woken when this is dropped, each once.
#[derive(Debug, Default)]
pub(crate) struct Wakes(Vec<Worker>);

impl Wakes {
    fn add(&mut self, worker: &Worker) {
        if !self.0.contains(worker) {
            self.0.push(worker.clone());
        }
    }
}

impl Drop for Wakes {
    fn drop(&mut self) {
        for worker in &self.0 {
            worker.0.arrived.notify_one();
        }
    }
}

impl PartialEq for Worker {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Worker {}

impl Worker {
    /// Creates an inbox for at most `most` events.
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

    /// Posts a request. Returns `false` if the worker is gone, or if `post` is an event and the inbox is full. In the
    /// second case the worker closes its connections, since they have missed an event. Other requests are never
    /// rejected.
    pub(crate) fn post(&self, post: Post) -> bool {
        self.put(post, &mut Wakes::default())
    }

    /// Like [`Self::post`], but the worker is woken only when `wakes` is dropped: of several posts, it then finds all.
    pub(crate) fn put(&self, post: Post, wakes: &mut Wakes) -> bool {
        if self.is_closed() {
            return false;
        }
        let mut waiting = self.lock();
        if matches!(post, Post::Deliver(_)) {
            if waiting.events >= self.0.most {
                waiting.has_overflowed = true;
                return false;
            }
            waiting.events += 1;
        }
        if waiting.posts.is_empty() {
            wakes.add(self);
        }
        waiting.posts.push(post);
        true
    }

    /// Takes all waiting posts.
    pub(crate) fn take(&self) -> Waiting {
        std::mem::take(&mut *self.lock())
    }

    /// Reads the waiting posts without taking them.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&[Post]) -> T) -> T {
        look(&self.lock().posts)
    }

    /// Waits until a post arrives in an empty inbox, or until [`Self::hurry`] is called.
    pub(crate) async fn arrived(&self) {
        self.0.arrived.notified().await;
    }

    /// Sets whether the worker waits for more events, so that [`Self::hurry`] wakes it.
    pub(crate) fn set_gathering(&self, is_gathering: bool) {
        self.0.is_gathering.store(is_gathering, Ordering::Release);
    }

    /// Wakes a worker that waits for more events, because no more are expected.
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
        assert!(worker.post(event()), "taken posts no longer count");
        assert!(!worker.take().has_overflowed, "the overflow is reported once");
    }
}
