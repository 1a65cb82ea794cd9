//! Presence: who is online, and who may see it.

mod announce;
mod connections;
mod status;
mod visibility;

use crate::core::Core;
use std::sync::Arc;

/// Presence. Cheap to clone.
#[derive(Clone)]
pub struct Presence(pub(crate) Arc<Core>);
