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
    /// The number of hashes at a time, each on a blocking thread and a core of its own.
    pub parallel: NonZeroUsize,
    /// How many more may wait for their turn; one more is refused at once.
    pub waiting: usize,
    /// How many of them may be of one address.
    pub waiting_per_address: usize,
    /// The longest that anything waits.
    pub wait: Duration,
}

impl Default for HashingLimits {
    /// One per core, 1,024 waiting, 256 of them of one address, for 10 s at most.
    fn default() -> Self {
        let parallel = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { parallel, waiting: 1_024, waiting_per_address: 256, wait: Duration::from_secs(10) }
    }
}

/// bcrypt, on blocking threads behind a fair line. Every byte of a password counts: bcrypt itself reads 71 of them,
/// longer passwords are digested first.
///
/// A check that fails costs the same whether there is a hash or not, and whatever the hash's own cost: the work that an
/// older, cheaper hash lacks is done on top. A hash that costs more than new ones do, from before the cost was lowered,
/// cannot be checked for less; once one was checked, all failed checks of this process cost as much.
pub struct BcryptHasher {
    cost: BcryptCost,
    /// What a failed check costs.
    failure_cost: Arc<AtomicU32>,
    line: FairLine,
}

impl BcryptHasher {
    /// A hasher of this cost. Hashes of another cost are compared at theirs.
    pub fn new(cost: BcryptCost, limits: HashingLimits) -> Self {
        Self { cost, failure_cost: Arc::new(AtomicU32::new(cost.get())), line: FairLine::new(limits) }
    }

    /// Runs work when it is the source's turn, which ends with the work, even if nobody waits for the answer any more.
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

/// Compares each form of the password in turn; a form that does not match has cost `failure_cost` in all.
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

/// The costs of the checks that make up for a hash that is missing or cheaper. Each step up doubles the work, so that
/// checks at costs 4, 4, 5 and 6 are as much work as one at cost 7.
fn costs_to_add(own: Option<u32>, wanted: u32) -> std::ops::Range<u32> {
    match own {
        Some(own) => own.max(BcryptCost::MIN)..wanted,
        None => wanted..wanted + 1,
    }
}

fn cost_of(hash: &PasswordHash) -> Result<u32, BcryptError> {
    Ok(hash.reveal().parse::<bcrypt::HashParts>()?.get_cost())
}

/// The longest that bcrypt reads, in bytes: 72 less the NUL behind it.
const MAX_BCRYPT_BYTES: usize = 71;

/// What bcrypt gets to read: the password, or a digest of one that is too long. The digest is marked by a byte that no
/// text holds, so that it is nobody's password.
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

/// A well-formed hash of this cost that no password is known to have.
fn nobodys_hash(cost: u32) -> String {
    const SALT_AND_DIGEST_CHARS: usize = 22 + 31;
    format!("$2b${cost:02}${}", ".".repeat(SALT_AND_DIGEST_CHARS))
}

#[cfg(test)]
mod tests;
