/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// Has no token.
    Anonymous,
    /// Has a token of the admin's own session, which was good until a minute ago.
    Expired,
    /// Was a member, and has deleted the account since; the token would be good for a while.
    Deleted,
    /// Has an account, and no part in the conversations of the scene.
    Stranger,
    /// Was a member of the group, and was removed.
    Former,
    /// A member of the group, and one of the pair.
    Member,
    /// Made the group, and is the other of the pair.
    Admin,
    /// A member of the group like any other, who has read everything. Has no column: what members may, the member
    /// shows.
    Bystander,
}

impl Role {
    /// In the order of the table's columns.
    pub(super) const ALL: [Self; 7] =
        [Self::Anonymous, Self::Expired, Self::Deleted, Self::Stranger, Self::Former, Self::Member, Self::Admin];

    /// Those without a good token.
    pub(super) const SHUT_OUT: [Self; 3] = [Self::Anonymous, Self::Expired, Self::Deleted];

    /// Those with one.
    pub(super) const KNOWN: [Self; 4] = [Self::Stranger, Self::Former, Self::Member, Self::Admin];
}
