use std::sync::{Arc, Mutex, PoisonError};

/// The addresses of the nodes, as a load balancer knows them. Cheap to clone; clones share changes.
#[derive(Debug, Clone, Default)]
pub struct Nodes(Arc<Mutex<Vec<String>>>);

impl Nodes {
    /// Nodes at these addresses, each `http://address:port`.
    pub fn new(bases: Vec<String>) -> Self {
        Self(Arc::new(Mutex::new(bases)))
    }

    /// Replaces the addresses.
    pub fn set(&self, other: &Self) {
        let bases = other.lock().clone();
        *self.lock() = bases;
    }

    /// One of the addresses; any number is valid.
    pub fn pick(&self, number: usize) -> String {
        let bases = self.lock();
        bases[number % bases.len()].clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What clients leave out, to check that the checker notices. `CHAT_CLUSTER_WITHOUT` names it and is read only here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Without {
    /// Nothing: clients behave correctly.
    Nothing,
    /// Retries use a new key.
    Idempotency,
    /// A reconnecting client does not send its positions.
    Resume,
}

impl Without {
    /// Reads the environment.
    pub fn of_environment() -> Self {
        match std::env::var("CHAT_CLUSTER_WITHOUT").as_deref() {
            Ok("idempotency") => Self::Idempotency,
            Ok("resume") => Self::Resume,
            Ok(other) if !other.is_empty() => panic!("CHAT_CLUSTER_WITHOUT is idempotency or resume, not {other}"),
            _ => Self::Nothing,
        }
    }
}
