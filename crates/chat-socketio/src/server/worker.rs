use super::{Opening, Shared, probe};
use crate::engine::Sid;
use crate::server::upgrade::Candidate;
use crate::session::{Leave, PollId, PostId, Reply, Session};
use bytes::Bytes;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::rc::{Rc, Weak};
use std::sync::{Arc, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A message from another thread to a session of this one. A dropped reply means that the session does not exist.
pub(super) enum Job {
    Poll { sid: Sid, id: PollId, reply: Reply },
    GiveUp { sid: Sid, id: PollId },
    ExpectPost { sid: Sid, id: PostId, leave: Leave },
    ForgetPost { sid: Sid, id: PostId },
    Post { sid: Sid, id: PostId, body: Bytes, reply: Reply },
    Upgrade { sid: Sid, candidate: Candidate },
}

/// The sessions of one gateway on one thread.
#[derive(Debug)]
pub(crate) struct Worker {
    index: u16,
    this: Weak<Self>,
    sessions: RefCell<HashMap<Sid, Rc<Session>>>,
    /// When to check which session: one entry per session. The entry of an ended session stays until its time.
    beats: RefCell<BinaryHeap<Reverse<(Instant, Sid)>>>,
    sooner: Notify,
}

thread_local! {
    static WORKERS: RefCell<Vec<(std::sync::Weak<Shared>, Weak<Worker>)>> = const { RefCell::new(Vec::new()) };
}

impl Worker {
    /// The worker of this gateway on this thread, made with its task on the first call.
    pub(crate) fn of_this_thread(shared: &Arc<Shared>) -> Rc<Self> {
        WORKERS.with_borrow_mut(|workers| {
            let is_ours =
                |(known, _): &&(std::sync::Weak<Shared>, Weak<Self>)| std::ptr::eq(known.as_ptr(), Arc::as_ptr(shared));
            if let Some(worker) = workers.iter().find(is_ours).and_then(|(_, worker)| worker.upgrade()) {
                return worker;
            }
            workers.retain(|(shared, worker)| shared.strong_count() > 0 && worker.strong_count() > 0);
            let worker = Self::start(shared);
            workers.push((Arc::downgrade(shared), Rc::downgrade(&worker)));
            worker
        })
    }

    fn start(shared: &Arc<Shared>) -> Rc<Self> {
        let (sender, jobs) = unbounded_channel();
        let index = {
            let mut workers = shared.workers.lock().unwrap_or_else(PoisonError::into_inner);
            workers.push(sender);
            // A server has a few dozen threads. A thread beyond 65,536 would not find its sessions.
            u16::try_from(workers.len() - 1).unwrap_or(u16::MAX)
        };
        let worker = Rc::new_cyclic(|this| Self {
            index,
            this: this.clone(),
            sessions: RefCell::default(),
            beats: RefCell::default(),
            sooner: Notify::new(),
        });
        actix_rt::spawn(Rc::clone(&worker).work(jobs));
        worker
    }

    pub(super) const fn index(&self) -> u16 {
        self.index
    }

    async fn work(self: Rc<Self>, mut jobs: UnboundedReceiver<Job>) {
        loop {
            let next = self.beats.borrow().peek().map(|Reverse((time, _))| *time);
            let beat = async {
                match next {
                    Some(time) => tokio::time::sleep_until(time.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                job = jobs.recv() => match job {
                    Some(job) => self.run(job),
                    // The gateway is dropped, so no request can reach these sessions any more.
                    None => return,
                },
                () = beat => self.beat(),
                () = self.sooner.notified() => {}
            }
        }
    }

    pub(super) fn run(&self, job: Job) {
        match job {
            Job::Poll { sid, id, reply } => {
                if let Some(session) = self.find(sid) {
                    session.poll(id, reply);
                }
            }
            Job::GiveUp { sid, id } => {
                if let Some(session) = self.find(sid) {
                    session.give_up(id);
                }
            }
            Job::ExpectPost { sid, id, leave } => {
                if let Some(session) = self.find(sid) {
                    session.expect_post(id, leave);
                }
            }
            Job::ForgetPost { sid, id } => {
                if let Some(session) = self.find(sid) {
                    session.forget_post(id);
                }
            }
            Job::Post { sid, id, body, reply } => {
                if let Some(session) = self.find(sid) {
                    session.post(id, body, reply);
                }
            }
            Job::Upgrade { sid, candidate } => {
                let session = self.find(sid);
                actix_rt::spawn(probe::judge(session, candidate));
            }
        }
    }

    /// Opens a session whose home is this thread.
    pub(super) fn open(&self, opening: Opening, make: impl FnOnce(Sid, Weak<Self>) -> Session) -> Sid {
        let sid = Sid::new(self.index);
        let session = Rc::new(make(sid, self.this.clone()));
        self.sessions.borrow_mut().insert(sid, Rc::clone(&session));
        self.schedule(session.next_beat(), sid);
        opening(session);
        sid
    }

    pub(crate) fn forget(&self, sid: Sid) {
        let forgotten = self.sessions.borrow_mut().remove(&sid);
        drop(forgotten);
    }

    fn find(&self, sid: Sid) -> Option<Rc<Session>> {
        self.sessions.borrow().get(&sid).cloned()
    }

    fn schedule(&self, time: Instant, sid: Sid) {
        let mut beats = self.beats.borrow_mut();
        let is_sooner = beats.peek().is_none_or(|Reverse((first, _))| time < *first);
        beats.push(Reverse((time, sid)));
        if is_sooner {
            self.sooner.notify_one();
        }
    }

    fn beat(&self) {
        let now = Instant::now();
        while let Some((_, sid)) = self.take_due(now) {
            let Some(session) = self.find(sid) else { continue };
            // One reference here and one in the table: the caller dropped the session without ending it.
            if Rc::strong_count(&session) <= 2 {
                self.forget(sid);
            } else if let Some(next) = session.beat(now) {
                self.schedule(next.max(now), sid);
            }
        }
    }

    fn take_due(&self, now: Instant) -> Option<(Instant, Sid)> {
        let mut beats = self.beats.borrow_mut();
        beats.peek().filter(|Reverse((time, _))| *time <= now)?;
        beats.pop().map(|Reverse(due)| due)
    }
}
