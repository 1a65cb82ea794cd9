//! The queue in front of the hashes. Addresses take turns, and within an address accounts do. A client that asks for
//! many hashes waits behind its own; every other client waits for at most one hash per waiting address.

use crate::HashingLimits;
use chat_domain::auth::{AttemptSource, HashError};
use chat_domain::rate_limits::LimitedAddress;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The queue. Cheap to clone.
#[derive(Clone)]
pub(crate) struct FairLine {
    limits: HashingLimits,
    state: Arc<Mutex<State>>,
}

struct State {
    /// Free turns; 0 while a caller waits.
    free: usize,
    waiting: usize,
    next_ticket: u64,
    /// In order of turns; each has at least one waiting account.
    addresses: VecDeque<AddressLine>,
}

struct AddressLine {
    address: Option<LimitedAddress>,
    /// In order of turns; each has at least one waiting caller.
    accounts: VecDeque<AccountLine>,
}

struct AccountLine {
    account: String,
    waiters: VecDeque<Waiter>,
}

struct Waiter {
    ticket: u64,
    wake: oneshot::Sender<Turn>,
}

impl FairLine {
    pub(crate) fn new(limits: HashingLimits) -> Self {
        let state = State { free: limits.parallel.get(), waiting: 0, next_ticket: 0, addresses: VecDeque::new() };
        Self { limits, state: Arc::new(Mutex::new(state)) }
    }

    /// Waits for a turn. Fails with `Overloaded` if the queue is full or the wait too long.
    pub(crate) async fn turn(&self, source: &AttemptSource) -> Result<Turn, HashError> {
        let (ticket, woken) = {
            let mut state = self.lock();
            if state.free > 0 {
                state.free -= 1;
                return Ok(Turn(Some(self.clone())));
            }
            state.join(source, self.limits).ok_or(HashError::Overloaded)?
        };
        let _place = Place { line: self, source, ticket };
        match tokio::time::timeout(self.limits.wait, woken).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(HashError::Overloaded),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn join(&mut self, source: &AttemptSource, limits: HashingLimits) -> Option<(u64, oneshot::Receiver<Turn>)> {
        let at = self.addresses.iter().position(|line| line.address == source.address());
        let in_address = at.map_or(0, |at| self.addresses[at].len());
        if in_address >= limits.waiting_per_address || self.waiting >= limits.waiting && !self.make_room(in_address) {
            return None;
        }
        let at = at.unwrap_or_else(|| {
            self.addresses.push_back(AddressLine { address: source.address(), accounts: VecDeque::new() });
            self.addresses.len() - 1
        });
        let accounts = &mut self.addresses[at].accounts;
        let (wake, woken) = oneshot::channel();
        let waiter = Waiter { ticket: self.next_ticket, wake };
        match accounts.iter_mut().find(|line| line.account == source.account()) {
            Some(line) => line.waiters.push_back(waiter),
            None => accounts
                .push_back(AccountLine { account: source.account().to_owned(), waiters: VecDeque::from([waiter]) }),
        }
        self.waiting += 1;
        self.next_ticket += 1;
        Some((self.next_ticket - 1, woken))
    }

    /// Removes the newest waiter of the address with the most, so that a few addresses that fill the queue cannot keep
    /// others out. Removes none if the newcomer's address, of which `in_address` wait, would then have as many.
    fn make_room(&mut self, in_address: usize) -> bool {
        let Some(line) = self.addresses.iter_mut().max_by_key(|line| line.len()) else { return false };
        if line.len() <= in_address + 1 {
            return false;
        }
        let Some(account) = line.accounts.iter_mut().max_by_key(|line| line.waiters.back().map(|last| last.ticket))
        else {
            return false;
        };
        // Its caller notices that the channel closed.
        let sent_away = account.waiters.pop_back();
        line.accounts.retain(|line| !line.waiters.is_empty());
        self.waiting -= usize::from(sent_away.is_some());
        sent_away.is_some()
    }

    /// Takes the next waiter; its address and its account move to the end of their queues.
    fn next(&mut self) -> Option<Waiter> {
        let mut address = self.addresses.pop_front()?;
        let mut account = address.accounts.pop_front()?;
        let waiter = account.waiters.pop_front();
        if !account.waiters.is_empty() {
            address.accounts.push_back(account);
        }
        if !address.accounts.is_empty() {
            self.addresses.push_back(address);
        }
        self.waiting -= usize::from(waiter.is_some());
        waiter
    }

    fn leave(&mut self, source: &AttemptSource, ticket: u64) {
        let Some(at) = self.addresses.iter().position(|line| line.address == source.address()) else { return };
        let accounts = &mut self.addresses[at].accounts;
        let Some(account) = accounts.iter().position(|line| line.account == source.account()) else { return };
        let waiters = &mut accounts[account].waiters;
        let before = waiters.len();
        waiters.retain(|waiter| waiter.ticket != ticket);
        let left = before - waiters.len();
        if waiters.is_empty() {
            accounts.remove(account);
        }
        if accounts.is_empty() {
            self.addresses.remove(at);
        }
        self.waiting -= left;
    }
}

impl AddressLine {
    fn len(&self) -> usize {
        self.accounts.iter().map(|account| account.waiters.len()).sum()
    }
}

/// The right to hash now. Dropping it passes the right on.
pub(crate) struct Turn(Option<FairLine>);

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(line) = self.0.take() else { return };
        loop {
            let waiter = {
                let mut state = line.lock();
                let Some(waiter) = state.next() else {
                    state.free += 1;
                    return;
                };
                waiter
            };
            match waiter.wake.send(Self(Some(line.clone()))) {
                Ok(()) => return,
                // It gave up meanwhile. Its turn goes to the next waiter, and must not be passed on twice.
                Err(mut turn) => turn.0 = None,
            }
        }
    }
}

/// A place in the queue, released when the caller stops waiting.
struct Place<'a> {
    line: &'a FairLine,
    source: &'a AttemptSource,
    ticket: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.line.lock().leave(self.source, self.ticket);
    }
}

#[cfg(test)]
mod tests;
