use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use chat_domain::auth::{HashError, Password, PasswordHash, PasswordHasher};
use sha2::{Digest, Sha256};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A cost that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the bcrypt cost must be between {} and {}", BcryptCost::MIN, BcryptCost::MAX)]
pub struct InvalidBcryptCost;

/// How much work a hash is: each step up doubles it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BcryptCost(u32);

impl BcryptCost {
    /// The least cost, for tests.
    pub const MIN: u32 = 4;
    /// The greatest: about two seconds.
    pub const MAX: u32 = 15;
    /// About a quarter of a second (contract §3).
    pub const DEFAULT: Self = Self(12);

    /// A cost from [`Self::MIN`] to [`Self::MAX`].
    pub const fn new(cost: u32) -> Result<Self, InvalidBcryptCost> {
        if cost < Self::MIN || cost > Self::MAX { Err(InvalidBcryptCost) } else { Ok(Self(cost)) }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// How much hashing may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingLimits {
    /// So many hashes at a time, each on a blocking thread and a core of its own.
    pub parallel: NonZeroUsize,
    /// So many more may wait for their turn; one more is refused at once.
    pub waiting: usize,
    /// Nobody waits for longer than this.
    pub wait: Duration,
}

impl Default for HashingLimits {
    /// One per core, 1,024 waiting, for 10 s at most.
    fn default() -> Self {
        let parallel = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { parallel, waiting: 1_024, wait: Duration::from_secs(10) }
    }
}

/// bcrypt, on blocking threads behind a semaphore. Every byte of a password counts: bcrypt itself reads 71 of them, longer
/// passwords are digested first.
pub struct BcryptHasher {
    cost: BcryptCost,
    wait: Duration,
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

/// A place in the line, then at work; given up when the work is done, even if nobody waits for the answer any more.
struct Turn(#[expect(dead_code, reason = "held, never read")] [OwnedSemaphorePermit; 2]);

impl BcryptHasher {
    /// A hasher of this cost. Hashes of another cost are compared at theirs.
    pub fn new(cost: BcryptCost, limits: HashingLimits) -> Self {
        let parallel = limits.parallel.get().min(Semaphore::MAX_PERMITS);
        let admitted = parallel.saturating_add(limits.waiting).min(Semaphore::MAX_PERMITS);
        Self {
            cost,
            wait: limits.wait,
            admitted: Arc::new(Semaphore::new(admitted)),
            running: Arc::new(Semaphore::new(parallel)),
        }
    }

    async fn turn(&self) -> Result<Turn, HashError> {
        let admitted = self.admitted.clone().try_acquire_owned().map_err(|_| HashError::Overloaded)?;
        let running = tokio::time::timeout(self.wait, self.running.clone().acquire_owned())
            .await
            .map_err(|_| HashError::Overloaded)?
            .map_err(|closed| HashError::Failed(closed.into()))?;
        Ok(Turn([admitted, running]))
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, bcrypt::BcryptError> + Send + 'static,
    ) -> Result<T, HashError> {
        let turn = self.turn().await?;
        let work = move || {
            let done = work();
            drop(turn);
            done
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => done.map_err(|fault| HashError::Failed(fault.into())),
            Err(fault) => Err(HashError::Failed(fault.into())),
        }
    }
}

#[async_trait]
impl PasswordHasher for BcryptHasher {
    async fn hash(&self, password: Password) -> Result<PasswordHash, HashError> {
        let cost = self.cost.get();
        self.run(move || bcrypt::non_truncating_hash(digestible(&password), cost).map(PasswordHash::new)).await
    }

    async fn verify(&self, password: Password, hash: Option<PasswordHash>) -> Result<bool, HashError> {
        let known = hash.is_some();
        let hash = hash.map_or_else(|| nobodys_hash(self.cost), |hash| hash.reveal().to_owned());
        let matches = self.run(move || bcrypt::non_truncating_verify(digestible(&password), &hash)).await?;
        Ok(matches && known)
    }

    fn is_outdated(&self, hash: &PasswordHash) -> bool {
        hash.reveal().parse::<bcrypt::HashParts>().is_ok_and(|parts| parts.get_cost() != self.cost.get())
    }
}

/// The longest that bcrypt reads, in bytes: 72 less the NUL behind it.
const MAX_BCRYPT_BYTES: usize = 71;

/// What bcrypt gets to read: the password, or a digest of one that is too long. The digest is marked by a byte that no text
/// holds, so that it is nobody's password.
fn digestible(password: &Password) -> Vec<u8> {
    let bytes = password.reveal().as_bytes();
    if bytes.len() <= MAX_BCRYPT_BYTES {
        return bytes.to_vec();
    }
    let digest = Sha256::new().chain_update(b"chat-auth long password\0").chain_update(bytes).finalize();
    let mut marked = vec![0xff];
    marked.extend(STANDARD_NO_PAD.encode(digest).into_bytes());
    marked
}

/// A well-formed hash of this cost that no password is known to have.
fn nobodys_hash(cost: BcryptCost) -> String {
    const SALT_AND_DIGEST_CHARS: usize = 22 + 31;
    format!("$2b${:02}${}", cost.get(), ".".repeat(SALT_AND_DIGEST_CHARS))
}

#[cfg(test)]
mod tests;
