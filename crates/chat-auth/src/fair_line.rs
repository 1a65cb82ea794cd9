//! The line in front of the hashes. Addresses take turns, and within an address accounts do: a client that asks for
//! many hashes waits behind its own, and everybody else for one hash per address that is waiting.

use crate::HashingLimits;
use chat_domain::auth::{AttemptSource, HashError};
use chat_domain::rate_limits::LimitedAddress;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct FairLine {
    limits: HashingLimits,
    state: Arc<Mutex<State>>,
}

struct State {
    /// Turns that nobody has; none as long as somebody waits.
    free: usize,
    waiting: usize,
    next_ticket: u64,
    /// The first is next; never with nobody in it.
    addresses: VecDeque<AddressLine>,
}

struct AddressLine {
    address: Option<LimitedAddress>,
    /// The first is next; never with nobody in it.
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

    /// Waits for a turn; `Overloaded` where the line is full, or the wait too long.
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

    /// Sends the newest waiter away of the address with the most, so that a full line of few addresses refuses nobody
    /// else. Not where a newcomer, of whose address this many wait, would have as many afterwards.
    fn make_room(&mut self, in_address: usize) -> bool {
        let Some(line) = self.addresses.iter_mut().max_by_key(|line| line.len()) else { return false };
        if line.len() <= in_address + 1 {
            return false;
        }
        let Some(account) = line.accounts.iter_mut().max_by_key(|line| line.waiters.back().map(|last| last.ticket))
        else {
            return false;
        };
        // Its caller learns of it by the end of what it waits on.
        let sent_away = account.waiters.pop_back();
        line.accounts.retain(|line| !line.waiters.is_empty());
        self.waiting -= usize::from(sent_away.is_some());
        sent_away.is_some()
    }

    /// Takes the next waiter out; its address and its account go to the end of their lines.
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

/// The right to hash now; given on when dropped.
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
                // It gave up meanwhile: its turn is the next one's, and must not be given on a second time.
                Err(mut turn) => turn.0 = None,
            }
        }
    }
}

/// A place in the line; left when the caller gives up waiting.
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
