use super::ChangeTag;

/// Decides which kinds of change this node may write now. While nodes of several releases run, a kind is written only
/// if every live node knows it: clients of a node that does not know it would receive only its `pos`.
pub trait WritableKinds: Send + Sync {
    /// Returns whether changes of this kind may be written now. Answers from memory, without waiting.
    fn may_write(&self, kind: &ChangeTag) -> bool;
}

/// Allows every kind, for a node that shares its store with no other.
#[derive(Debug, Clone, Copy, Default)]
pub struct AllKinds;

impl WritableKinds for AllKinds {
    fn may_write(&self, _: &ChangeTag) -> bool {
        true
    }
}
