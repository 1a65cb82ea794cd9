//! The calls that every client causes when it connects or disconnects. When ten thousand reconnect at once, these calls
//! share queries: see [`crate::batcher`].

use crate::PostgresConfig;
use crate::batcher::{Batcher, Limits};
use crate::changes::{Span, list_missed_spans, list_spans};
use crate::conversations::{
    AudienceWanted, Head, Wanted, list_audiences, list_contacts, list_heads, list_memberships, list_positions,
};
use crate::database::Database;
use crate::fault::{Fault, Stored};
use crate::messages::{Place, list_at};
use crate::status::BatchStatus;
use crate::users::{list_users, touch_last_seen};
use chat_domain::conversations::Membership;
use chat_domain::messages::MessagePlace;
use chat_domain::presence::{Contact, ContactsWanted};
use chat_domain::receipts::PositionsMoved;
use chat_domain::users::User;
use chat_domain::{Change, ConversationId, StoreError, Timestamp, UserId};
use diesel_async::AsyncPgConnection;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::collections::HashMap;
use std::hash::Hash;

/// The number of memberships that most users stay below. Users with more are read in a second query, for fewer users.
const FEW_MEMBERSHIPS: u32 = 256;

/// The most memberships that a query lists, unless one user has more: 512 users with few memberships.
const MAX_MEMBERSHIPS: usize = 131_072;

/// The most users that a query reads or moves.
const MAX_USERS: usize = 1_024;

/// The most conversations in which a query looks for contacts: those of 128 users.
const MAX_LOOKED_AT: usize = 32_768;

/// The most conversations whose positions a query lists; each has up to a hundred participants whose positions are
/// asked for.
const MAX_POSITIONS: usize = 1_024;

/// The most places that a query looks up.
const MAX_PLACES: usize = 8_192;

/// The most conversations whose heads a query reads.
const MAX_HEADS: usize = 8_192;

/// The most changes that a query reads. A message may have 8 kB, and a change of participants may show a hundred users.
const MAX_CHANGES: usize = 2_048;

/// One queue for each kind of call.
pub(crate) struct Batches {
    memberships: Batcher<Wanted, Vec<Membership>>,
    many_memberships: Batcher<Wanted, Vec<Membership>>,
    audiences: Batcher<AudienceWanted, Vec<ConversationId>>,
    many_audiences: Batcher<AudienceWanted, Vec<ConversationId>>,
    pub(crate) contacts: Batcher<ContactsWanted, Vec<Contact>>,
    pub(crate) positions: Batcher<ConversationId, Vec<PositionsMoved>>,
    pub(crate) places: Batcher<Place, MessagePlace>,
    pub(crate) heads: Batcher<ConversationId, Head>,
    pub(crate) changes: Batcher<Span, Vec<Change>>,
    pub(crate) missed: Batcher<Span, Vec<Change>>,
    pub(crate) users: Batcher<UserId, User>,
    pub(crate) seen: Batcher<(UserId, Timestamp), ()>,
}

/// Finds the values of these keys.
type Query<K, V> = for<'c> fn(&'c mut AsyncPgConnection, Vec<K>) -> BoxFuture<'c, Stored<HashMap<K, V>>>;

impl Batches {
    /// Batches that run on the caller's runtime.
    pub(crate) fn new(database: &Database, config: &PostgresConfig) -> Self {
        let site = Site { database, config };
        let rows = |(_, limit): &Wanted| usize::try_from(*limit).unwrap_or(usize::MAX);
        let audience = |wanted: &AudienceWanted| usize::try_from(wanted.limit).unwrap_or(usize::MAX);
        Self {
            memberships: site.batcher(rows, MAX_MEMBERSHIPS, |on, keys| list_memberships(on, keys).boxed()),
            many_memberships: site.batcher(rows, MAX_MEMBERSHIPS, |on, keys| list_memberships(on, keys).boxed()),
            audiences: site.batcher(audience, MAX_MEMBERSHIPS, |on, keys| list_audiences(on, keys).boxed()),
            many_audiences: site.batcher(audience, MAX_MEMBERSHIPS, |on, keys| list_audiences(on, keys).boxed()),
            contacts: site.batcher(
                |wanted| wanted.looked_at as usize,
                MAX_LOOKED_AT,
                |on, keys| list_contacts(on, keys).boxed(),
            ),
            positions: site.batcher(|_| 1, MAX_POSITIONS, |on, keys| list_positions(on, keys).boxed()),
            places: site.batcher(|_| 1, MAX_PLACES, |on, keys| list_at(on, keys).boxed()),
            heads: site.batcher(|_| 1, MAX_HEADS, |on, keys| list_heads(on, keys).boxed()),
            changes: site.batcher(Span::len, MAX_CHANGES, |on, keys| list_spans(on, keys).boxed()),
            missed: site.batcher(Span::len, MAX_CHANGES, |on, keys| list_missed_spans(on, keys).boxed()),
            users: site.batcher(|_| 1, MAX_USERS, |on, keys| list_users(on, keys).boxed()),
            seen: site.batcher(|_| 1, MAX_USERS, |on, keys| touch_last_seen(on, keys).boxed()),
        }
    }

    /// First reads the first few memberships, together with those of many users. If the user has more, reads them all,
    /// together with those of few users.
    pub(crate) async fn list_memberships(&self, user: UserId, limit: u32) -> Result<Vec<Membership>, StoreError> {
        let few = limit.min(FEW_MEMBERSHIPS);
        let first: Vec<_> = self.memberships.call(vec![(user, few)]).await?.into_iter().flatten().collect();
        if few == limit || first.len() < few as usize {
            return Ok(first);
        }
        Ok(self.many_memberships.call(vec![(user, limit)]).await?.into_iter().flatten().collect())
    }

    /// Works like [`Self::list_memberships`].
    pub(crate) async fn list_presence_audience(
        &self,
        wanted: AudienceWanted,
    ) -> Result<Vec<ConversationId>, StoreError> {
        let few = AudienceWanted { limit: wanted.limit.min(FEW_MEMBERSHIPS), ..wanted };
        let first: Vec<_> = self.audiences.call(vec![few]).await?.into_iter().flatten().collect();
        if few == wanted || first.len() < few.limit as usize {
            return Ok(first);
        }
        Ok(self.many_audiences.call(vec![wanted]).await?.into_iter().flatten().collect())
    }

    pub(crate) fn status(&self) -> BatchStatus {
        let kinds = [
            self.memberships.status(),
            self.many_memberships.status(),
            self.audiences.status(),
            self.many_audiences.status(),
            self.contacts.status(),
            self.positions.status(),
            self.places.status(),
            self.heads.status(),
            self.changes.status(),
            self.missed.status(),
            self.users.status(),
            self.seen.status(),
        ];
        kinds.into_iter().fold(BatchStatus::default(), |all, one| BatchStatus {
            waiting: all.waiting + one.waiting,
            calls: all.calls + one.calls,
            batches: all.batches + one.batches,
            failed_batches: all.failed_batches + one.failed_batches,
        })
    }
}

struct Site<'a> {
    database: &'a Database,
    config: &'a PostgresConfig,
}

impl Site<'_> {
    fn batcher<K, V>(&self, weight: fn(&K) -> usize, max_weight: usize, query: Query<K, V>) -> Batcher<K, V>
    where
        K: Copy + Eq + Hash + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        let waiting = self.config.batch_queue.max(1);
        let limits = Limits { waiting, patience: self.config.wait_timeout, weight, max_weight };
        let database = self.database.clone();
        Batcher::new(limits, move |keys| {
            let database = database.clone();
            async move {
                let again = keys.clone();
                match database.query_for_many(async |connection| query(connection, keys).await).await {
                    // Many callers depend on one connection, and all of these queries may be repeated.
                    Err(error) if has_broken(&error) => {
                        database.query_for_many(async |connection| query(connection, again).await).await
                    }
                    found => found,
                }
            }
            .boxed()
        })
    }
}

/// Whether a statement found its connection lost, so that another may succeed at once; not whether no connection is
/// available.
fn has_broken(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(cause) if cause.is::<Fault>())
}
