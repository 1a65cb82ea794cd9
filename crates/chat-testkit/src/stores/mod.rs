//! The contract of the stores: what every adapter of the store ports must do, as one named test per clause.
//!
//! An adapter's test target writes
//!
//! ```ignore
//! async fn stores() -> Stores { ... } // an empty database each time
//! chat_testkit::store_contract!(stores);
//! ```
//!
//! to get them all. **To add a clause**: a `pub async fn` in the file of its subject, whose name says what holds, and
//! its name in the list of [`store_contract!`](crate::store_contract); a test here finds the forgotten ones.

// A clause's name is its documentation, and it panics on purpose.
#![allow(missing_docs, clippy::missing_panics_doc)]

pub mod accounts;
pub mod change_log;
pub mod contacts;
pub mod conversations;
pub mod deletion;
pub mod edits;
pub mod epochs;
pub mod group_search;
pub mod groups;
pub mod history;
pub mod invites;
mod list;
pub mod memberships;
pub mod messages;
pub mod missed;
pub mod newer_rows;
pub mod old_rows;
pub mod overviews;
pub mod own_conversations;
pub mod pairs;
pub mod participants;
pub mod pins;
pub mod published;
pub mod races;
pub mod reactions;
pub mod receipt_news;
pub mod receipts;
pub mod registration;
pub mod rotation;
mod scene;
pub mod search;
pub mod sessions;
pub mod threads;

pub use scene::Scene;

use chat_domain::auth::SessionStore;
use chat_domain::conversations::{ConversationStore, GroupStore};
use chat_domain::messages::MessageStore;
use chat_domain::receipts::ReceiptStore;
use chat_domain::threads::ThreadStore;
use chat_domain::users::UserStore;
use chat_domain::{ChangeLog, Committing, EpochStore, RealtimeStore};
use std::any::Any;
use std::sync::Arc;

/// Every store port of one adapter, on one initially empty database.
#[derive(Clone)]
pub struct Stores {
    pub users: Arc<dyn UserStore>,
    pub sessions: Arc<dyn SessionStore>,
    pub conversations: Arc<dyn ConversationStore>,
    pub groups: Arc<dyn GroupStore>,
    pub messages: Arc<dyn MessageStore>,
    pub threads: Arc<dyn ThreadStore>,
    pub receipts: Arc<dyn ReceiptStore>,
    pub changes: Arc<dyn ChangeLog>,
    pub realtime: Arc<dyn RealtimeStore>,
    pub committing: Arc<dyn Committing>,
    pub epochs: Arc<dyn EpochStore>,
    /// What must live as long as the stores: a temporary folder, a throw-away server.
    _keep: Arc<dyn Any + Send + Sync>,
}

impl Stores {
    /// One value that is every port; `keep` lives as long as any clone of the result.
    pub fn of<S>(store: Arc<S>, keep: impl Any + Send + Sync) -> Self
    where
        S: UserStore
            + SessionStore
            + ConversationStore
            + GroupStore
            + MessageStore
            + ThreadStore
            + ReceiptStore
            + RealtimeStore
            + Committing
            + EpochStore
            + 'static,
    {
        Self {
            users: store.clone(),
            sessions: store.clone(),
            conversations: store.clone(),
            groups: store.clone(),
            messages: store.clone(),
            threads: store.clone(),
            receipts: store.clone(),
            changes: store.clone(),
            realtime: store.clone(),
            committing: store.clone(),
            epochs: store,
            _keep: Arc::new(keep),
        }
    }
}
