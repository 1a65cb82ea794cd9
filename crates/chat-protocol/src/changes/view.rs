use crate::realtime::{Dialect, Gateway, Variant, event_owner, event_text};
use crate::receipts::PositionsView;
use chat_domain::changes::MissedChanges;
use chat_domain::{Change, Epoch, Event, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use uuid::Uuid;

/// An event as a socket of the dialect `colon` would send it to this user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct EventView {
    /// The name of the event.
    pub event: String,
    /// The data of the event, as the `AsyncAPI` document describes it.
    pub data: Map<String, Value>,
}

impl EventView {
    /// Creates the views of changes for `viewer`.
    pub fn of_changes(changes: Vec<Change>, viewer: UserId) -> Vec<Self> {
        let view = |change| {
            let event = Event::Change(change);
            let is_own = event_owner(Dialect::Colon, &event) == Some(viewer);
            let variant = if is_own { Variant::Own } else { Variant::Others };
            let text = event_text(Dialect::Colon, Gateway::WebSocket, &event, variant)?;
            serde_json::from_str(&text).ok()
        };
        changes.into_iter().filter_map(view).collect()
    }
}

/// A part of what a client missed of one conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct MissedView {
    /// The epoch of the position. If it is not the one that the client has stored, the client drops everything.
    pub epoch: Uuid,
    /// Whether the client must drop what it has of this conversation, read it anew, and keep `asOfPos` as its position:
    /// it missed too much, or `after` is beyond the newest `pos`.
    pub reset: bool,
    /// The events, by `pos`. Empty with `reset`.
    pub events: Vec<EventView>,
}

impl MissedView {
    /// Creates the view for `viewer`.
    pub fn new(epoch: Epoch, missed: MissedChanges, viewer: UserId) -> Self {
        Self { epoch: epoch.as_uuid(), reset: missed.is_reset, events: EventView::of_changes(missed.changes, viewer) }
    }
}

/// What a client missed of all its conversations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct SyncView {
    /// The epoch of the positions. If it is not the one that the client has stored, the client drops everything.
    pub epoch: Uuid,
    /// The missed events, by `pos` within each conversation.
    pub events: Vec<EventView>,
    /// The newest `pos` of each of the user's 1,000 most recent conversations.
    pub positions: BTreeMap<Uuid, u64>,
    /// The conversations with more missed changes than the answer has room for, and those in which a missed event is a
    /// `change:skipped`. The client pages through their changes.
    pub limited: Vec<Uuid>,
    /// The conversations in which the client's position is void: the client drops what it has of them.
    pub reset: Vec<Uuid>,
    /// The read positions in the named conversations, as in `message:status`.
    pub read_positions: Vec<PositionsView>,
}
