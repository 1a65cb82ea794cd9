use super::ChangeTag;

/// Decides which kinds of change this node may write now. While nodes of several releases run, a kind is written only
/// if every live node knows it: clients of a node that does not know it would be told of its number alone.
pub trait WritableKinds: Send + Sync {
    /// Whether changes of this kind may be written now. Answers from memory, and never waits.
    fn may_write(&self, kind: &ChangeTag) -> bool;
}

/// Every kind may be written: for a node that shares its store with no other.
#[derive(Debug, Clone, Copy, Default)]
pub struct AllKinds;

impl WritableKinds for AllKinds {
    fn may_write(&self, _: &ChangeTag) -> bool {
        true
    }
}
