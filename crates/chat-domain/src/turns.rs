//! Fair turns: a bounded number of calls at once, a bounded number of them for each user, and round robin among the
//! users who wait.

use crate::{StoreError, UserId};
use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// How many calls run and wait. Each bound is at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnLimits {
    /// Calls that run at once, of all users together.
    pub at_once: usize,
    /// Calls of one user that run at once.
    pub per_user: usize,
    /// Calls of one user that wait; one more is refused.
    pub waiting_per_user: usize,
}

/// Numbers for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TurnStatus {
    /// Calls that run now.
    pub running: usize,
    /// Calls that wait now.
    pub waiting: usize,
    /// Calls that were refused, since the start.
    pub refused: u64,
}

/// Gives out turns. A user's own calls run in the order in which they came. Of the users who wait, each gets one turn
/// before any of them gets a second one, however many calls each has waiting. Cheap to clone; all clones share the same
/// turns.
#[derive(Clone)]
pub struct Turns(Arc<Mutex<State>>);

impl Turns {
    /// Nobody has a turn yet.
    pub fn new(limits: TurnLimits) -> Self {
        let limits = TurnLimits {
            at_once: limits.at_once.max(1),
            per_user: limits.per_user.max(1),
            waiting_per_user: limits.waiting_per_user.max(1),
        };
        Self(Arc::new(Mutex::new(State::new(limits))))
    }

    /// Waits for a turn of this user, which ends when it is dropped. A caller that gives up while it waits leaves the
    /// line.
    ///
    /// A call that already has a turn must not ask for another one: calls that wait for each other would wait for ever.
    pub async fn take(&self, user: UserId) -> Result<Turn, StoreError> {
        self.lock().admit(user)?;
        Ok(self.take_another(user).await)
    }

    /// The same for a call that had a turn before and needs another one to finish: it is never refused.
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

/// A place in the line of a user.
struct Waiting {
    turns: Turns,
    user: UserId,
    /// `None` once the turn was taken.
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

/// Wakes tasks, outside the lock: a task may run at once.
fn wake(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}

type Ticket = u64;

struct State {
    limits: TurnLimits,
    next_ticket: Ticket,
    running: usize,
    refused: u64,
    /// Of the users who have calls running or waiting.
    lines: HashMap<UserId, Line>,
    /// The users who wait and may have one more call running, each once, in the order in which they get their next
    /// turn.
    ring: VecDeque<UserId>,
    /// Tickets whose turn has come, until their callers notice.
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

    /// Gives turns to those who are next, as far as there is room.
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

    /// Whether the turn has come; else `waker` is woken when it does.
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
            // Up to now it could have no more.
            self.ring.push_back(user);
        }
        self.call()
    }

    /// Takes a ticket back, whether its turn has come or not.
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
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::pin::pin;
    use uuid::Uuid;

    fn user(number: usize) -> UserId {
        UserId::new(Uuid::from_u128(number as u128))
    }

    fn turns(at_once: usize, per_user: usize, waiting_per_user: usize) -> Turns {
        Turns::new(TurnLimits { at_once, per_user, waiting_per_user })
    }

    /// A call that was made and has not ended.
    enum Call {
        Waits(Pin<Box<dyn Future<Output = Result<Turn, StoreError>>>>),
        Runs(#[expect(dead_code, reason = "held, never read")] Turn),
    }

    fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    fn call(turns: &Turns, user: UserId) -> Result<Call, StoreError> {
        let turns = turns.clone();
        let mut waits: Pin<Box<dyn Future<Output = _>>> = Box::pin(async move { turns.take(user).await });
        match poll(waits.as_mut()) {
            Poll::Ready(turn) => turn.map(Call::Runs),
            Poll::Pending => Ok(Call::Waits(waits)),
        }
    }

    /// Whether it runs now.
    fn runs(call: &mut Call) -> bool {
        if let Call::Waits(waits) = call
            && let Poll::Ready(turn) = poll(waits.as_mut())
        {
            *call = Call::Runs(turn.expect("a turn"));
        }
        matches!(call, Call::Runs(_))
    }

    #[test]
    fn one_user_s_backlog_delays_another_s_call_by_one_turn() {
        let turns = turns(2, 2, 100);
        let mut greedy: VecDeque<_> = (0..50).map(|_| call(&turns, user(1)).expect("a place")).collect();
        let mut other = call(&turns, user(2)).expect("a place");
        assert!(runs(&mut greedy[0]) && runs(&mut greedy[1]) && !runs(&mut other));
        greedy.pop_front();
        assert!(runs(&mut other) && !runs(&mut greedy[1]), "the other is next");
    }

    #[test]
    fn a_user_has_a_bounded_number_of_calls_running_and_waiting() {
        let turns = turns(10, 4, 3);
        let mut calls: Vec<_> = (0..7).map(|_| call(&turns, user(1)).expect("a place")).collect();
        assert_eq!(calls.iter_mut().filter_map(|call| runs(call).then_some(())).count(), 4);
        assert!(matches!(call(&turns, user(1)), Err(StoreError::TooManyCalls)));
        assert!(matches!(call(&turns, user(2)), Ok(Call::Runs(_))), "others do not notice");
        assert_eq!(turns.status(), TurnStatus { running: 4, waiting: 3, refused: 1 });
        calls.clear();
        assert_eq!(turns.status(), TurnStatus { running: 0, waiting: 0, refused: 1 });
        assert!(matches!(call(&turns, user(1)), Ok(Call::Runs(_))));
    }

    #[test]
    fn a_caller_that_gives_up_keeps_nobody_waiting() {
        let turns = turns(1, 1, 10);
        let first = call(&turns, user(1)).expect("a place");
        let gives_up = call(&turns, user(1)).expect("a place");
        let mut last = call(&turns, user(1)).expect("a place");
        drop(gives_up);
        assert!(!runs(&mut last));
        drop(first);
        assert!(runs(&mut last));
        let called = call(&turns, user(2)).expect("a place");
        let mut after = call(&turns, user(3)).expect("a place");
        drop(last);
        drop(called);
        assert!(runs(&mut after), "a turn that has come and is not wanted passes on");
    }

    #[test]
    fn a_future_that_was_never_polled_holds_no_place() {
        let turns = turns(1, 1, 1);
        let _unpolled = pin!(turns.take(user(1)));
        assert!(matches!(call(&turns, user(1)), Ok(Call::Runs(_))));
    }

    proptest! {
        #[test]
        fn turns_are_bounded_and_none_is_lost(
            steps in proptest::collection::vec((0_usize..4, any::<bool>(), 0_usize..40), 1..200),
            at_once in 1_usize..5, per_user in 1_usize..4
        ) {
            let turns = turns(at_once, per_user, 1_000);
            let mut calls: Vec<(usize, Call)> = Vec::new();
            for (who, comes, which) in steps {
                if comes {
                    calls.push((who, call(&turns, user(who)).expect("a place")));
                } else if !calls.is_empty() {
                    let index = which % calls.len();
                    calls.remove(index);
                }
                let mut running = [0; 4];
                for (who, call) in &mut calls {
                    running[*who] += usize::from(runs(call));
                }
                let (all, status) = (running.iter().sum::<usize>(), turns.status());
                prop_assert_eq!((status.running, status.waiting), (all, calls.len() - all));
                prop_assert!(all <= at_once && running.iter().all(|count| *count <= per_user));
                // No turn is free while somebody could have it.
                for (who, running) in running.iter().enumerate() {
                    let waits = calls.iter_mut().any(|(whose, call)| *whose == who && !runs(call));
                    prop_assert!(!waits || all == at_once || *running == per_user);
                }
            }
        }

        #[test]
        fn users_who_wait_get_their_turns_in_rounds(counts in proptest::collection::vec(1_usize..6, 2..6)) {
            let turns = turns(1, 1, 1_000);
            let mut holder = Some(call(&turns, user(99)).expect("a place"));
            let mut calls: Vec<(usize, Call)> = Vec::new();
            for (who, count) in counts.iter().enumerate() {
                calls.extend((0..*count).map(|_| (who, call(&turns, user(who)).expect("a place"))));
            }
            let mut had = vec![0; counts.len()];
            while !calls.is_empty() {
                drop(holder.take());
                let index = calls.iter_mut().position(|(_, call)| runs(call));
                let (who, call) = calls.remove(index.expect("somebody's turn"));
                had[who] += 1;
                holder = Some(call);
                // Nobody who still waits is a round behind.
                let behind = counts.iter().zip(&had).filter(|(count, had)| had < count).map(|(_, had)| *had).min();
                prop_assert!(behind.is_none_or(|behind| had[who] <= behind + 1));
            }
        }
    }
}
