//! Only for tests of upgrades: a setting makes a debug build know less than it does, so that it acts as the previous
//! release. Release builds do not read it.
//!
//! `CHAT_TEST_UNKNOWN_KINDS` lists kinds of change, separated by commas, that this node does not know.
//! `CHAT_TEST_NEW_KINDS` lists kinds that count as new: written only once every live node knows them.

use super::reader::Reader;
use chat_domain::changes::{ChangeTag, Feature};
use chat_redis::{Knowledge, Releases};
use std::collections::BTreeSet;

const UNKNOWN_KINDS: &str = "CHAT_TEST_UNKNOWN_KINDS";
const NEW_KINDS: &str = "CHAT_TEST_NEW_KINDS";

/// The kinds of change by which this node knows less than its release. Empty in a release build.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Cut {
    /// Kinds that this node does not know.
    pub(crate) unknown: BTreeSet<ChangeTag>,
    /// Kinds that count as new.
    new: BTreeSet<ChangeTag>,
}

impl Cut {
    /// What this node then knows, and which kinds it writes without asking.
    pub(crate) fn releases(&self) -> Releases {
        let mut own = Knowledge::of_this_release();
        let features = |kinds: &BTreeSet<ChangeTag>| kinds.iter().cloned().map(Feature::from).collect::<BTreeSet<_>>();
        let (unknown, new) = (features(&self.unknown), features(&self.new));
        own.features.retain(|feature| !unknown.contains(feature));
        Releases::new(own, Feature::baseline().filter(|feature| !new.contains(feature)).collect())
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Cut> {
    if !cfg!(debug_assertions) {
        return Some(Cut::default());
    }
    Some(Cut { unknown: kinds(reader, UNKNOWN_KINDS)?, new: kinds(reader, NEW_KINDS)? })
}

fn kinds(reader: &mut Reader<'_>, name: &str) -> Option<BTreeSet<ChangeTag>> {
    let known = |text: &str| ChangeTag::KNOWN.iter().map(|(tag, _)| tag).find(|tag| tag.as_str() == text).cloned();
    reader.parsed(name, "kinds of change, separated by commas", |text| {
        text.split(',').map(str::trim).filter(|kind| !kind.is_empty()).map(known).collect()
    })
}
