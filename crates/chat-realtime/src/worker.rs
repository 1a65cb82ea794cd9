use crate::QueueStats;
use crate::outgoing::Outgoing;
use chat_domain::SessionId;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
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
    /// The tasks of the worker's thread to be woken after the posts were handled.
    wakes: Vec<Arc<Sleeper>>,
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

    /// Adds a worker that waits for more events, because no more are expected.
    pub(crate) fn add_gathering(&mut self, worker: &Worker) {
        if worker.is_gathering() {
            self.add(worker);
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
        if waiting.posts.is_empty() && waiting.wakes.is_empty() {
            wakes.add(self);
        }
        waiting.posts.push(post);
        true
    }

    /// Wakes a task of the worker's thread: costs nothing if the worker is to empty its inbox anyway. Never rejected,
    /// since the number of sleepers is that of the tasks. Returns `false` if the worker is gone.
    fn post_wake(&self, sleeper: Arc<Sleeper>) -> bool {
        if self.is_closed() {
            return false;
        }
        let was_empty = {
            let mut waiting = self.lock();
            waiting.wakes.push(sleeper);
            waiting.posts.is_empty() && waiting.wakes.len() == 1
        };
        if was_empty || self.is_gathering() {
            self.0.arrived.notify_one();
        }
        true
    }

    /// Wakes the tasks without handling the posts.
    pub(crate) fn wake_tasks(&self) {
        let wakes = std::mem::take(&mut self.lock().wakes);
        for sleeper in wakes {
            sleeper.wake_task();
        }
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

    fn is_gathering(&self) -> bool {
        self.0.is_gathering.load(Ordering::Acquire)
    }

    /// Wakes a worker that waits for more events, because no more are expected.
    pub(crate) fn hurry(&self) {
        if self.is_gathering() {
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

impl Waiting {
    pub(crate) const fn wakes_none(&self) -> bool {
        self.wakes.is_empty()
    }

    /// Wakes the tasks; call it after the posts were handled, so that an answer follows the events of its commit.
    pub(crate) fn wake_tasks(&self) {
        for sleeper in &self.wakes {
            sleeper.wake_task();
        }
    }
}

/// A task of a worker's thread that other threads wake through the worker's inbox.
#[derive(Debug)]
struct Sleeper {
    worker: Worker,
    task: Mutex<Option<Waker>>,
    is_posted: AtomicBool,
    is_woken: AtomicBool,
}

impl Sleeper {
    fn task(&self) -> MutexGuard<'_, Option<Waker>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_task(&self) {
        // Before the task runs: what happens from now on wakes it again.
        self.is_posted.store(false, Ordering::Release);
        self.is_woken.store(true, Ordering::Release);
        let task = self.task().take();
        if let Some(task) = task {
            task.wake();
        }
    }
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        if !self.is_posted.swap(true, Ordering::AcqRel) {
            let worker = self.worker.clone();
            if !worker.post_wake(Arc::clone(&self)) {
                self.wake_task();
            }
        }
    }
}

/// Wakes one task of a worker's thread through the worker's inbox, so that an answer and the events that were posted
/// before it wake the thread once. See [`crate::Hub::inbox_waker`].
#[derive(Debug)]
pub struct InboxWaker {
    sleeper: Arc<Sleeper>,
    waker: Waker,
}

impl InboxWaker {
    pub(crate) fn new(worker: &Worker) -> Self {
        let sleeper = Arc::new(Sleeper {
            worker: worker.clone(),
            task: Mutex::default(),
            is_posted: AtomicBool::default(),
            is_woken: AtomicBool::default(),
        });
        let waker = Waker::from(Arc::clone(&sleeper));
        Self { sleeper, waker }
    }

    /// Sets the task to be woken, and returns whether the hub has woken it since the last call. If not, the futures for
    /// which it waits need no poll; if they were polled, their answers could come before events that were posted
    /// earlier.
    pub fn poll_woken(&self, context: &Context<'_>) -> Poll<()> {
        let mut task = self.sleeper.task();
        if !task.as_ref().is_some_and(|known| known.will_wake(context.waker())) {
            *task = Some(context.waker().clone());
        }
        drop(task);
        if self.sleeper.is_woken.swap(false, Ordering::AcqRel) { Poll::Ready(()) } else { Poll::Pending }
    }

    /// The waker for the futures for which the task waits.
    pub const fn waker(&self) -> &Waker {
        &self.waker
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_domain::{Audience, Envelope, Event, Timestamp, UserId};
    use std::sync::atomic::AtomicUsize;
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

    #[derive(Debug, Default)]
    struct Counting(AtomicUsize);

    impl Wake for Counting {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Wakes counted, a waker through the inbox, and the sleeping task's own.
    fn sleeper(worker: &Worker) -> (Arc<Counting>, InboxWaker, Waker) {
        let count = Arc::new(Counting::default());
        let waker = Waker::from(Arc::clone(&count));
        (count, InboxWaker::new(worker), waker)
    }

    #[test]
    fn a_task_is_woken_by_the_worker_once_however_often_it_was_asked_for_and_however_full_the_inbox() {
        let worker = Worker::new(1);
        let (count, through, task) = sleeper(&worker);
        assert!(worker.post(event()) && !worker.post(event()));
        assert!(through.poll_woken(&Context::from_waker(&task)).is_pending());
        for _ in 0..3 {
            through.waker().wake_by_ref();
        }
        assert_eq!(count.0.load(Ordering::Relaxed), 0, "the worker wakes it");
        let waiting = worker.take();
        assert_eq!((waiting.posts.len(), waiting.wakes.len(), waiting.has_overflowed), (1, 1, true));
        waiting.wake_tasks();
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        assert!(through.poll_woken(&Context::from_waker(&task)).is_ready());
        assert!(through.poll_woken(&Context::from_waker(&task)).is_pending(), "once");
        through.waker().wake_by_ref();
        worker.wake_tasks();
        assert_eq!(count.0.load(Ordering::Relaxed), 2, "and again, without the posts");
    }

    #[tokio::test]
    async fn only_the_first_post_in_an_empty_inbox_wakes_the_worker_whether_event_or_task() {
        let worker = Worker::new(10);
        let (_, through, task) = sleeper(&worker);
        assert!(through.poll_woken(&Context::from_waker(&task)).is_pending());
        let arrived = || tokio::time::timeout(std::time::Duration::ZERO, worker.arrived());
        through.waker().wake_by_ref();
        worker.post(event());
        assert!(arrived().await.is_ok());
        assert!(arrived().await.is_err(), "once");
        drop(worker.take());
        worker.post(event());
        assert!(arrived().await.is_ok());
        through.waker().wake_by_ref();
        assert!(arrived().await.is_err(), "asked for before the worker took it: it is woken once");
    }

    #[test]
    fn a_worker_that_is_gone_leaves_no_task_asleep() {
        let worker = Worker::new(1);
        let (count, through, task) = sleeper(&worker);
        assert!(through.poll_woken(&Context::from_waker(&task)).is_pending());
        worker.close();
        through.waker().wake_by_ref();
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }
}
