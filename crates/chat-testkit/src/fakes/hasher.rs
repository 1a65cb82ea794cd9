use super::lock;
use async_trait::async_trait;
use chat_domain::auth::{AttemptSource, Comparison, HashError, Password, PasswordHash, PasswordHasher};
use std::sync::Mutex;

/// A fast hasher that keeps passwords readable.
#[derive(Debug, Default)]
pub struct FastHasher(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    overloaded: bool,
    round: u32,
    hashed: usize,
    compared: usize,
}

impl FastHasher {
    /// Sets whether all following calls are refused.
    pub fn set_overloaded(&self, overloaded: bool) {
        lock(&self.0).overloaded = overloaded;
    }

    /// Changes the cost of new hashes. Older hashes become outdated, but can still be compared.
    pub fn change_the_cost(&self) {
        lock(&self.0).round += 1;
    }

    /// Returns how many passwords were hashed.
    pub fn hashed(&self) -> usize {
        lock(&self.0).hashed
    }

    /// Returns how many passwords were compared, with or without a hash.
    pub fn compared(&self) -> usize {
        lock(&self.0).compared
    }

    fn count(&self, what: impl FnOnce(&mut State) -> &mut usize) -> Result<(), HashError> {
        let mut state = lock(&self.0);
        if state.overloaded {
            return Err(HashError::Overloaded);
        }
        *what(&mut state) += 1;
        Ok(())
    }
}

fn prefix(round: u32) -> String {
    format!("fast{round}:")
}

#[async_trait]
impl PasswordHasher for FastHasher {
    async fn hash(&self, password: Password, _: &AttemptSource) -> Result<PasswordHash, HashError> {
        self.count(|state| &mut state.hashed)?;
        Ok(PasswordHash::new(prefix(lock(&self.0).round) + password.reveal()))
    }

    async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
        _: &AttemptSource,
    ) -> Result<Comparison, HashError> {
        self.count(|state| &mut state.compared)?;
        let hashed = hash.as_ref().and_then(|hash| hash.reveal().split_once(':')).map(|(_, hashed)| hashed);
        Ok(match hashed {
            Some(hashed) if hashed == password.reveal() => Comparison::Matches,
            Some(hashed) if Some(hashed) == password.reveal_typed() => Comparison::MatchesAsTyped,
            _ => Comparison::Differs,
        })
    }

    fn is_outdated(&self, hash: &PasswordHash) -> bool {
        !hash.reveal().starts_with(&prefix(lock(&self.0).round))
    }
}
