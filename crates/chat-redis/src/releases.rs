//! What nodes of several releases know, stored with their leases.

use chat_domain::changes::{Feature, WritableFeatures};
use chat_protocol::node::Form;
use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

/// What a node knows. It is stored with the node's lease, where the other nodes read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knowledge {
    /// The newest form of packet that the node reads. It reads all earlier forms too.
    pub form: Form,
    /// The features that the node knows: kinds of change, and content of them.
    pub features: BTreeSet<Feature>,
}

impl Knowledge {
    /// What this release knows.
    pub fn of_this_release() -> Self {
        Self { form: Form::NEWEST, features: Feature::known().collect() }
    }

    /// The knowledge of a node whose lease does not state it, because its release has no such field.
    pub fn baseline() -> Self {
        Self { form: Form::default(), features: Feature::baseline().collect() }
    }

    /// What both nodes know.
    fn and(&self, other: &Self) -> Self {
        Self { form: self.form.min(other.form), features: &self.features & &other.features }
    }

    /// A form's number and the features, separated by spaces.
    pub(crate) fn to_text(&self) -> String {
        let features = self.features.iter().map(Feature::as_str);
        std::iter::once(&*self.form.number().to_string()).chain(features).collect::<Vec<_>>().join(" ")
    }

    /// An empty text is the baseline. A form that only a later release knows counts as the newest known form.
    fn from_text(text: &str) -> Self {
        let mut words = text.split(' ');
        match words.next().and_then(|form| form.parse().ok()) {
            Some(form) => Self { form: Form::up_to(form), features: words.map(Feature::from_stored).collect() },
            None => Self::baseline(),
        }
    }
}

/// What this node knows, and what every live node knows. The latter is read when the lease is renewed, three times per
/// lease; no method here queries Redis.
///
/// While Redis is unreachable, the latest answer counts. Until the second answer after a start, only the features of
/// the baseline may be written. For one lease after Redis was emptied or unreachable, leases of live nodes may be
/// missing; during that time features are only removed from what every node knows.
#[derive(Debug)]
pub struct Releases {
    own: Knowledge,
    /// The features that are written whatever the other nodes know.
    unasked: BTreeSet<Feature>,
    shared: RwLock<Knowledge>,
}

impl Default for Releases {
    /// The state of a node that knows what this release knows.
    fn default() -> Self {
        Self::new(Knowledge::of_this_release(), Feature::baseline().collect())
    }
}

impl Releases {
    /// Creates the state of a node with this knowledge, which writes the features in `unasked` whatever the other
    /// nodes know.
    pub fn new(own: Knowledge, unasked: BTreeSet<Feature>) -> Self {
        let features = unasked.clone();
        Self { own, unasked, shared: RwLock::new(Knowledge { features, ..Knowledge::baseline() }) }
    }

    /// What this node knows.
    pub const fn own(&self) -> &Knowledge {
        &self.own
    }

    /// What every live node knows.
    pub fn shared(&self) -> Knowledge {
        self.shared.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the knowledge of all live nodes, this one included. If nodes may be missing from the list, the shared
    /// knowledge can only shrink.
    pub(crate) fn note(&self, nodes: &[String], may_miss_some: bool) {
        let known = nodes.iter().fold(self.own.clone(), |known, text| known.and(&Knowledge::from_text(text)));
        let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
        let known = if may_miss_some { known.and(&shared) } else { known };
        if *shared != known {
            let features = known.features.len();
            tracing::info!(form = known.form.number(), features, "the features known to all live nodes have changed");
            *shared = known;
        }
    }
}

impl WritableFeatures for Releases {
    fn may_write(&self, feature: &Feature) -> bool {
        self.unasked.contains(feature)
            || self.shared.read().unwrap_or_else(PoisonError::into_inner).features.contains(feature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature(name: &str) -> Feature {
        Feature::from_stored(name)
    }

    fn knowing(form: Form, more: &[&str]) -> Knowledge {
        let more = more.iter().map(|name| feature(name));
        Knowledge { form, features: Feature::baseline().chain(more).collect() }
    }

    fn releases() -> Releases {
        Releases::new(knowing(Form::Records, &["message:waves"]), Feature::baseline().collect())
    }

    #[test]
    fn knowledge_is_read_as_it_was_written_and_a_lease_without_it_is_of_an_earlier_release() {
        for known in [Knowledge::of_this_release(), knowing(Form::Events, &["waved", "message:waves"])] {
            assert_eq!(Knowledge::from_text(&known.to_text()), known);
        }
        assert_eq!(Knowledge::from_text(""), Knowledge::baseline());
        let newer = Knowledge::from_text("9 updated some:day");
        assert_eq!((newer.form, newer.features), (Form::NEWEST, [feature("updated"), feature("some:day")].into()));
    }

    #[test]
    fn a_new_feature_may_be_written_once_every_node_knows_it_and_no_longer_when_one_does_not() {
        let (releases, waved) = (releases(), feature("message:waves"));
        let whole = releases.own().to_text();
        assert!(!releases.may_write(&waved), "no lease was read yet");
        assert!(Feature::baseline().all(|feature| releases.may_write(&feature)));
        releases.note(&[whole.clone(), String::new()], false);
        assert!(!releases.may_write(&waved), "a node of the previous release states nothing");
        assert_eq!(releases.shared().form, Form::Events);
        releases.note(&[whole.clone(), whole.clone()], false);
        assert!(releases.may_write(&waved));
        assert_eq!(releases.shared().form, Form::Records);
        releases.note(&[whole, String::new()], false);
        assert!(!releases.may_write(&waved));
        assert!(Feature::baseline().all(|feature| releases.may_write(&feature)));
    }

    #[test]
    fn while_nodes_may_be_missing_what_is_shared_only_becomes_less() {
        let (releases, waved) = (releases(), feature("message:waves"));
        let whole = releases.own().to_text();
        releases.note(&[whole.clone(), String::new()], false);
        releases.note(std::slice::from_ref(&whole), true);
        assert!(!releases.may_write(&waved), "the other node may be alive without having renewed its lease");
        releases.note(std::slice::from_ref(&whole), false);
        assert!(releases.may_write(&waved));
        releases.note(&[whole, String::new()], true);
        assert!(!releases.may_write(&waved));
    }
}
