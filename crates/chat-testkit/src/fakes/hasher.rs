use super::lock;
use async_trait::async_trait;
use chat_domain::auth::{HashError, Password, PasswordHash, PasswordHasher};
use std::sync::Mutex;

/// A hasher that costs nothing and hides nothing.
#[derive(Debug, Default)]
pub struct FastHasher(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    overloaded: bool,
    hashed: usize,
    compared: usize,
}

impl FastHasher {
    /// Refuses everything from now on, or not.
    pub fn set_overloaded(&self, overloaded: bool) {
        lock(&self.0).overloaded = overloaded;
    }

    /// How many passwords were hashed.
    pub fn hashed(&self) -> usize {
        lock(&self.0).hashed
    }

    /// How many passwords were compared, with a hash or without.
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

fn hash_of(password: &Password) -> PasswordHash {
    PasswordHash::new(format!("fast:{}", password.reveal()))
}

#[async_trait]
impl PasswordHasher for FastHasher {
    async fn hash(&self, password: Password) -> Result<PasswordHash, HashError> {
        self.count(|state| &mut state.hashed)?;
        Ok(hash_of(&password))
    }

    async fn verify(&self, password: Password, hash: Option<PasswordHash>) -> Result<bool, HashError> {
        self.count(|state| &mut state.compared)?;
        Ok(hash == Some(hash_of(&password)))
    }
}
