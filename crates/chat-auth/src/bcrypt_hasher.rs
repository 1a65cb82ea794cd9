use crate::fair_line::FairLine;
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use bcrypt::BcryptError;
use chat_domain::auth::{AttemptSource, Comparison, HashError, Password, PasswordHash, PasswordHasher};
use sha2::{Digest, Sha256};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use thiserror::Error;

/// A bcrypt cost outside the accepted range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the bcrypt cost must be between {} and {}", BcryptCost::MIN, BcryptCost::MAX)]
pub struct InvalidBcryptCost;

/// The cost of a hash: each step doubles the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BcryptCost(u32);

impl BcryptCost {
    /// The lowest cost, for tests.
    pub const MIN: u32 = 4;
    /// The highest cost: about two seconds per hash.
    pub const MAX: u32 = 15;
    /// The default: about a quarter of a second per hash (contract §3).
    pub const DEFAULT: Self = Self(12);

    /// Accepts a cost from [`Self::MIN`] to [`Self::MAX`].
    pub const fn new(cost: u32) -> Result<Self, InvalidBcryptCost> {
        if cost < Self::MIN || cost > Self::MAX { Err(InvalidBcryptCost) } else { Ok(Self(cost)) }
    }

    /// The cost: the binary logarithm of the number of rounds.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// Limits on concurrent and waiting hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingLimits {
    /// How many hashes run at once, each on a blocking thread.
    pub parallel: NonZeroUsize,
    /// How many more may wait; further ones are refused at once.
    pub waiting: usize,
    /// How many of the waiting ones may come from one address.
    pub waiting_per_address: usize,
    /// The longest wait.
    pub wait: Duration,
}

impl Default for HashingLimits {
    /// One hash per core, 1,024 waiting, 256 of them from one address, for at most 10 s.
    fn default() -> Self {
        let parallel = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { parallel, waiting: 1_024, waiting_per_address: 256, wait: Duration::from_secs(10) }
    }
}

/// bcrypt on blocking threads, behind a fair queue. Every byte of a password counts: bcrypt reads only 71 bytes, so
/// longer passwords are hashed with SHA-256 first.
///
/// A failed check takes the same time whether the account has a hash or not, and whatever the cost of that hash: if the
/// hash is cheaper than new ones, the missing work is added. A hash from before the cost was lowered takes longer than
/// new ones; after one such check, every failed check of this process takes that long.
pub struct BcryptHasher {
    cost: BcryptCost,
    /// The cost of a failed check.
    failure_cost: Arc<AtomicU32>,
    line: FairLine,
}

impl BcryptHasher {
    /// Makes hashes of this cost. Existing hashes of another cost are checked at their own cost.
    pub fn new(cost: BcryptCost, limits: HashingLimits) -> Self {
        Self { cost, failure_cost: Arc::new(AtomicU32::new(cost.get())), line: FairLine::new(limits) }
    }

    /// Runs the work when the source gets its turn. The turn ends with the work, even if the caller no longer waits.
    async fn run<T: Send + 'static>(
        &self,
        source: &AttemptSource,
        work: impl FnOnce() -> Result<T, BcryptError> + Send + 'static,
    ) -> Result<T, HashError> {
        let turn = self.line.turn(source).await?;
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
    async fn hash(&self, password: Password, source: &AttemptSource) -> Result<PasswordHash, HashError> {
        let cost = self.cost.get();
        let work = move || bcrypt::non_truncating_hash(digestible(password.reveal()), cost);
        self.run(source, work).await.map(PasswordHash::new)
    }

    async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
        source: &AttemptSource,
    ) -> Result<Comparison, HashError> {
        let failure_cost = self.failure_cost.clone();
        self.run(source, move || compare(&password, hash.as_ref(), &failure_cost)).await
    }

    fn is_outdated(&self, hash: &PasswordHash) -> bool {
        cost_of(hash).is_ok_and(|cost| cost != self.cost.get())
    }
}

/// Compares each form of the password in turn. If none matches, the total work is that of `failure_cost`.
fn compare(
    password: &Password,
    hash: Option<&PasswordHash>,
    failure_cost: &AtomicU32,
) -> Result<Comparison, BcryptError> {
    let own_cost = hash.map(cost_of).transpose()?;
    if let Some(dearer) = own_cost.filter(|cost| *cost <= BcryptCost::MAX) {
        failure_cost.fetch_max(dearer, Ordering::Relaxed);
    }
    let failure_cost = failure_cost.load(Ordering::Relaxed);
    let typed = password.reveal_typed().map(|typed| (typed, Comparison::MatchesAsTyped));
    for (form, found) in [(password.reveal(), Comparison::Matches)].into_iter().chain(typed) {
        let bytes = digestible(form);
        if let Some(hash) = hash
            && bcrypt::non_truncating_verify(&bytes, hash.reveal())?
        {
            return Ok(found);
        }
        for cost in costs_to_add(own_cost, failure_cost) {
            bcrypt::non_truncating_verify(&bytes, &nobodys_hash(cost))?;
        }
    }
    Ok(Comparison::Differs)
}

/// The costs of the extra checks that make up for a missing or cheaper hash. Each step doubles the work, so checks at
/// costs 4, 4, 5 and 6 are together as much work as one at cost 7.
fn costs_to_add(own: Option<u32>, wanted: u32) -> std::ops::Range<u32> {
    match own {
        Some(own) => own.max(BcryptCost::MIN)..wanted,
        None => wanted..wanted + 1,
    }
}

fn cost_of(hash: &PasswordHash) -> Result<u32, BcryptError> {
    Ok(hash.reveal().parse::<bcrypt::HashParts>()?.get_cost())
}

/// The longest input that bcrypt reads, in bytes: 72 less the terminating NUL.
const MAX_BCRYPT_BYTES: usize = 71;

/// The input of bcrypt: the password, or a digest of a password that is too long. A byte that no text contains marks
/// the digest, so no password equals it.
fn digestible(password: &str) -> Vec<u8> {
    let bytes = password.as_bytes();
    if bytes.len() <= MAX_BCRYPT_BYTES {
        return bytes.to_vec();
    }
    let digest = Sha256::new().chain_update(b"chat-auth long password\0").chain_update(bytes).finalize();
    let mut marked = vec![0xff];
    marked.extend(STANDARD_NO_PAD.encode(digest).into_bytes());
    marked
}

/// A well-formed hash of this cost that matches no known password.
fn nobodys_hash(cost: u32) -> String {
    const SALT_AND_DIGEST_CHARS: usize = 22 + 31;
    format!("$2b${cost:02}${}", ".".repeat(SALT_AND_DIGEST_CHARS))
}

#[cfg(test)]
mod tests;
