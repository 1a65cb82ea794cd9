use crate::worker::Worker;
use chat_domain::UserId;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The number of locks over which the users are spread.
const SHARDS: usize = 16;

/// The number of a user's connections per worker.
type Counts = HashMap<UserId, Vec<(Worker, usize)>>;

/// The workers that hold each user's connections on this node, with the number of connections.
#[derive(Debug)]
pub(crate) struct Users {
    hasher: RandomState,
    shards: Vec<Mutex<Counts>>,
}

impl Users {
    pub(crate) fn new() -> Self {
        Self { hasher: RandomState::new(), shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }

    fn shard(&self, user: UserId) -> MutexGuard<'_, Counts> {
        let hash = self.hasher.hash_one(user);
        let index = usize::try_from(hash % SHARDS as u64).unwrap_or(0);
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more connection. Returns `false`, and counts nothing, if the user has `most` already.
    pub(crate) fn add(&self, user: UserId, worker: &Worker, most: usize) -> bool {
        let mut shard = self.shard(user);
        let workers = shard.entry(user).or_default();
        workers.retain(|(worker, _)| !worker.is_closed());
        if workers.iter().map(|(_, count)| count).sum::<usize>() >= most {
            return false;
        }
        match workers.iter_mut().find(|(known, _)| known == worker) {
            Some((_, count)) => *count += 1,
            None => workers.push((worker.clone(), 1)),
        }
        true
    }

    /// Counts one connection less.
    pub(crate) fn remove(&self, user: UserId, worker: &Worker) {
        let mut shard = self.shard(user);
        if let Some(workers) = shard.get_mut(&user) {
            if let Some((_, count)) = workers.iter_mut().find(|(known, _)| known == worker) {
                *count = count.saturating_sub(1);
            }
            workers.retain(|(_, count)| *count > 0);
            if workers.is_empty() {
                shard.remove(&user);
            }
        }
    }

    pub(crate) fn is_here(&self, user: UserId) -> bool {
        self.shard(user).contains_key(&user)
    }

    pub(crate) fn for_each_worker(&self, user: UserId, mut visit: impl FnMut(&Worker)) {
        for (worker, _) in self.shard(user).get(&user).into_iter().flatten() {
            visit(worker);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_user_has_so_many_connections_over_all_workers_and_no_more() {
        let (users, user) = (Users::new(), UserId::new(Uuid::nil()));
        let (one, other) = (Worker::new(10), Worker::new(10));
        assert!(users.add(user, &one, 2) && users.add(user, &other, 2) && !users.add(user, &one, 2));
        let mut seen = 0;
        users.for_each_worker(user, |_| seen += 1);
        assert_eq!(seen, 2);
        users.remove(user, &one);
        assert!(users.add(user, &other, 2));
        users.remove(user, &other);
        users.remove(user, &other);
        assert!(!users.is_here(user));
    }
}
