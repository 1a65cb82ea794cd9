use crate::Settings;
use crate::engine::Refusal;
use std::cell::Cell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts the sessions of all threads.
#[derive(Debug)]
pub(super) struct Counts {
    most: usize,
    most_per_address: usize,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    sessions: usize,
    /// The sessions that are not connected to a namespace yet (*strangers*), by address.
    strangers: HashMap<Option<IpAddr>, usize>,
}

impl Counts {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { most: settings.sessions, most_per_address: settings.strangers_per_address, counted: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sessions(&self) -> usize {
        self.lock().sessions
    }

    pub(super) fn strangers(&self) -> usize {
        self.lock().strangers.values().sum()
    }

    /// Takes a place for one more stranger from this address; unknown addresses count as one address. Spared addresses
    /// may have any number.
    pub(super) fn take(self: &Arc<Self>, address: Option<IpAddr>, is_spared: bool) -> Result<Place, Refusal> {
        let mut counted = self.lock();
        if counted.sessions >= self.most {
            return Err(Refusal::full());
        }
        let most = if is_spared { usize::MAX } else { self.most_per_address };
        if !counted.add_stranger(address, most) {
            return Err(Refusal::too_many_strangers());
        }
        counted.sessions += 1;
        Ok(Place { counts: Arc::clone(self), address, most_strangers: most, is_stranger: Cell::new(true) })
    }
}

impl Counted {
    /// Counts one more stranger from this address; `false` if there are `most` already.
    fn add_stranger(&mut self, address: Option<IpAddr>, most: usize) -> bool {
        let strangers = self.strangers.get(&address).copied().unwrap_or_default();
        let has_room = strangers < most;
        if has_room {
            self.strangers.insert(address, strangers + 1);
        }
        has_room
    }

    fn forget_stranger(&mut self, address: Option<IpAddr>) {
        if let Some(strangers) = self.strangers.get_mut(&address) {
            *strangers -= 1;
            if *strangers == 0 {
                self.strangers.remove(&address);
            }
        }
    }
}

/// The place of one session, released on drop.
#[derive(Debug)]
pub(crate) struct Place {
    counts: Arc<Counts>,
    address: Option<IpAddr>,
    /// How many strangers its address may have.
    most_strangers: usize,
    is_stranger: Cell<bool>,
}

impl Place {
    /// Whether the client is not connected to a namespace.
    pub(crate) const fn is_strangers(&self) -> bool {
        self.is_stranger.get()
    }

    /// Stops counting the client as a stranger.
    pub(crate) fn establish(&self) {
        if self.is_stranger.replace(false) {
            self.counts.lock().forget_stranger(self.address);
        }
    }

    /// Counts the client as a stranger again; `false` if its address has reached the limit.
    pub(crate) fn return_to_stranger(&self) -> bool {
        let has_room = self.is_stranger.get() || self.counts.lock().add_stranger(self.address, self.most_strangers);
        self.is_stranger.set(has_room);
        has_room
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counted = self.counts.lock();
        counted.sessions -= 1;
        if self.is_stranger.get() {
            counted.forget_stranger(self.address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(sessions: usize, strangers_per_address: usize) -> Arc<Counts> {
        Arc::new(Counts::new(&Settings { sessions, strangers_per_address, ..Settings::default() }))
    }

    #[test]
    fn an_address_has_only_so_many_strangers_and_whoever_connects_is_none() {
        let (counts, one, other) = (counts(10, 2), Some([127, 0, 0, 1].into()), Some([127, 0, 0, 2].into()));
        let first = counts.take(one, false).expect("a place");
        let _second = counts.take(one, false).expect("a place");
        assert_eq!(counts.take(one, false).err(), Some(Refusal::too_many_strangers()));
        assert!(counts.take(one, true).is_ok(), "a spared address has no limit");
        assert!(counts.take(other, false).is_ok());
        first.establish();
        first.establish();
        assert_eq!(counts.strangers(), 1);
        let third = counts.take(one, false).expect("a place");
        assert!(!first.return_to_stranger(), "two others are strangers");
        assert_eq!(counts.strangers(), 2);
        drop(third);
        assert!(first.return_to_stranger() && first.return_to_stranger());
        assert_eq!(counts.strangers(), 2, "counted once");
        drop(first);
        assert_eq!((counts.sessions(), counts.strangers()), (1, 1));
    }

    #[test]
    fn a_full_house_is_full_and_places_are_given_back() {
        let counts = counts(1, 10);
        let place = counts.take(None, false).expect("a place");
        assert_eq!(counts.take(None, false).err(), Some(Refusal::full()));
        drop(place);
        assert_eq!((counts.sessions(), counts.strangers(), counts.lock().strangers.len()), (0, 0, 0));
        assert!(counts.take(None, false).is_ok());
    }
}
