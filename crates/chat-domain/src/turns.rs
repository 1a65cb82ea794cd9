//! Fair turns: a bounded number of calls at once, in total and per user, with round robin among the waiting users.

use crate::{StoreError, UserId};
use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The maximum numbers of running and waiting calls. Each is at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnLimits {
    /// Running calls of all users together.
    pub at_once: usize,
    /// Running calls of one user.
    pub per_user: usize,
    /// Waiting calls of one user; one more is refused.
    pub waiting_per_user: usize,
}

/// Numbers for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TurnStatus {
    /// The number of running calls.
    pub running: usize,
    /// The number of waiting calls.
    pub waiting: usize,
    /// The number of calls refused since the start.
    pub refused: u64,
}

/// Grants turns. A user's own calls run in order of arrival. Of the waiting users, each gets one turn before any of
/// them gets a second one, however many calls each has waiting. Cheap to clone; all clones share the same turns.
#[derive(Clone)]
pub struct Turns(Arc<Mutex<State>>);

impl Turns {
    /// Creates turns with no call running.
    pub fn new(limits: TurnLimits) -> Self {
        let limits = TurnLimits {
            at_once: limits.at_once.max(1),
            per_user: limits.per_user.max(1),
            waiting_per_user: limits.waiting_per_user.max(1),
        };
        Self(Arc::new(Mutex::new(State::new(limits))))
    }

    /// Waits for a turn of this user, which ends when it is dropped. A caller that stops waiting leaves the queue.
    ///
    /// A call that already has a turn must not request another one: calls that wait for each other would never end.
    pub async fn take(&self, user: UserId) -> Result<Turn, StoreError> {
        self.lock().admit(user)?;
        Ok(self.take_another(user).await)
    }

    /// Like [`Self::take`], for a call that had a turn before and needs another one to finish: it is never refused.
    pub async fn take_another(&self, user: UserId) -> Turn {
        let (ticket, wakers) = self.lock().enter(user);
        let waiting = Waiting { turns: self.clone(), user, ticket: Some(ticket) };
        wake(wakers);
        waiting.await
    }

    /// Numbers for metrics.
    pub fn status(&self) -> TurnStatus {
        let state = self.lock();
        let waiting = state.lines.values().map(|line| line.waiting.len()).sum();
        TurnStatus { running: state.running, waiting, refused: state.refused }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Turns {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Turns").field(&self.status()).finish()
    }
}

/// A user's turn. Dropping it ends it.
#[derive(Debug)]
#[must_use = "a turn ends when it is dropped"]
pub struct Turn {
    turns: Turns,
    user: UserId,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let wakers = self.turns.lock().leave(self.user);
        wake(wakers);
    }
}

/// A place in the queue of a user.
struct Waiting {
    turns: Turns,
    user: UserId,
    /// `None` after the turn was taken.
    ticket: Option<Ticket>,
}

impl Future for Waiting {
    type Output = Turn;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Turn> {
        if let Some(ticket) = self.ticket
            && !self.turns.lock().is_called(self.user, ticket, context.waker())
        {
            return Poll::Pending;
        }
        self.ticket = None;
        Poll::Ready(Turn { turns: self.turns.clone(), user: self.user })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let wakers = self.turns.lock().give_up(self.user, ticket);
            wake(wakers);
        }
    }
}

/// Wakes tasks, outside the lock, because a task may run at once.
fn wake(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}

type Ticket = u64;

struct State {
    limits: TurnLimits,
    next_ticket: Ticket,
    running: usize,
    refused: u64,
    /// The users who have calls running or waiting.
    lines: HashMap<UserId, Line>,
    /// The waiting users who may have one more call running, each once, in the order of their next turns.
    ring: VecDeque<UserId>,
    /// Tickets whose turn has come, until their callers notice it.
    called: HashSet<Ticket>,
}

/// The calls of one user.
#[derive(Default)]
struct Line {
    running: usize,
    waiting: VecDeque<(Ticket, Option<Waker>)>,
}

impl State {
    fn new(limits: TurnLimits) -> Self {
        Self {
            limits,
            next_ticket: 0,
            running: 0,
            refused: 0,
            lines: HashMap::new(),
            ring: VecDeque::new(),
            called: HashSet::new(),
        }
    }

    fn admit(&mut self, user: UserId) -> Result<(), StoreError> {
        let waiting = self.lines.get(&user).map_or(0, |line| line.waiting.len());
        if waiting >= self.limits.waiting_per_user {
            self.refused += 1;
            return Err(StoreError::TooManyCalls);
        }
        Ok(())
    }

    fn enter(&mut self, user: UserId) -> (Ticket, Vec<Waker>) {
        let line = self.lines.entry(user).or_default();
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        line.waiting.push_back((ticket, None));
        if line.waiting.len() == 1 && line.running < self.limits.per_user {
            self.ring.push_back(user);
        }
        (ticket, self.call())
    }

    /// Grants turns to the next users, as far as there is room.
    fn call(&mut self) -> Vec<Waker> {
        let mut wakers = Vec::new();
        while self.running < self.limits.at_once
            && let Some(user) = self.ring.pop_front()
        {
            let Some(line) = self.lines.get_mut(&user) else { continue };
            let Some((ticket, waker)) = line.waiting.pop_front() else { continue };
            line.running += 1;
            self.running += 1;
            self.called.insert(ticket);
            wakers.extend(waker);
            if !line.waiting.is_empty() && line.running < self.limits.per_user {
                self.ring.push_back(user);
            }
        }
        wakers
    }

    /// Returns whether the turn has come; else `waker` is woken when it does.
    fn is_called(&mut self, user: UserId, ticket: Ticket, waker: &Waker) -> bool {
        if self.called.remove(&ticket) {
            return true;
        }
        let line = self.lines.get_mut(&user);
        let place = line.and_then(|line| line.waiting.iter_mut().find(|(waiting, _)| *waiting == ticket));
        if let Some((_, known)) = place
            && known.as_ref().is_none_or(|known| !known.will_wake(waker))
        {
            *known = Some(waker.clone());
        }
        false
    }

    /// Ends a turn.
    fn leave(&mut self, user: UserId) -> Vec<Waker> {
        let Some(line) = self.lines.get_mut(&user) else { return Vec::new() };
        self.running -= 1;
        line.running -= 1;
        if line.waiting.is_empty() {
            if line.running == 0 {
                self.lines.remove(&user);
            }
        } else if line.running + 1 == self.limits.per_user {
            // Before this it could not have another call running.
            self.ring.push_back(user);
        }
        self.call()
    }

    /// Removes a ticket, whether its turn has come or not.
    fn give_up(&mut self, user: UserId, ticket: Ticket) -> Vec<Waker> {
        if self.called.remove(&ticket) {
            return self.leave(user);
        }
        let Some(line) = self.lines.get_mut(&user) else { return Vec::new() };
        line.waiting.retain(|(waiting, _)| *waiting != ticket);
        if line.waiting.is_empty() {
            self.ring.retain(|waiting| *waiting != user);
            if line.running == 0 {
                self.lines.remove(&user);
            }
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
