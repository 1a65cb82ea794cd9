//! What a store passes to its sink.

use super::{Scene, Stores};
use crate::fakes::RecordingSink;
use chat_domain::changes::ChangeTag;
use chat_domain::conversations::{InviteCode, NameRule, Role};
use chat_domain::messages::Appended;
use chat_domain::users::ProfileChanges;
use chat_domain::{ConversationId, MessageId, Pos, UserId};
use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::{Arc, Weak};
use tokio::task::JoinSet;
use uuid::Uuid;

/// How many sends run at once where order is at stake.
const MANY: usize = 300;

/// A scene whose changes are recorded.
struct Watched {
    scene: Scene,
    sink: Arc<RecordingSink>,
}

impl Deref for Watched {
    type Target = Scene;

    fn deref(&self) -> &Scene {
        &self.scene
    }
}

impl Watched {
    fn new(stores: Stores) -> Self {
        let sink = Arc::<RecordingSink>::default();
        let weak: Weak<RecordingSink> = Arc::downgrade(&sink);
        stores.committing.publish_to(weak);
        Self { scene: Scene::new(stores), sink }
    }

    /// The changes that were published since the last call, in order.
    fn published(&self) -> Vec<(ConversationId, u64, ChangeTag)> {
        let changes = self.sink.take().into_iter().flatten();
        changes.map(|change| (change.conversation_id, change.pos.get(), change.kind.tag())).collect()
    }

    async fn code(&self, group: ConversationId, member: UserId) -> InviteCode {
        self.overview(group, member).await.details.conversation.invite_code.expect("a code")
    }
}

pub async fn each_change_is_published_once_and_before_its_answer(stores: Stores) {
    let at = Watched::new(stores);
    let [ann, bob, cid, eve] = at.users_named(["ann", "bob", "cid", "eve"]).await;
    assert_eq!(at.published(), [], "an account is no change of a conversation");

    let direct = at.direct(ann, bob).await;
    assert_eq!(at.published(), [(direct, 1, ChangeTag::CREATED)]);
    assert_eq!(at.direct(bob, ann).await, direct);
    assert_eq!(at.published(), [], "the pair had its conversation");
    let said = at.say(direct, ann, "helo").await;
    assert_eq!(at.published(), [(direct, 2, ChangeTag::MESSAGE_SENT)]);
    at.edit(&said, "hello").await;
    assert_eq!(at.published(), [(direct, 3, ChangeTag::MESSAGE_UPDATED)]);
    at.delete_message(&said, ann).await;
    assert_eq!(at.published(), [(direct, 4, ChangeTag::MESSAGE_DELETED)]);

    let group = at.named_group(ann, &[bob], "Readers").await;
    assert_eq!(at.published(), [(group, 1, ChangeTag::CREATED)]);
    at.add(group, bob, cid).await;
    assert_eq!(at.published(), [(group, 2, ChangeTag::PARTICIPANT_ADDED)]);
    at.join(at.code(group, ann).await, eve).await.expect("joined");
    assert_eq!(at.published(), [(group, 3, ChangeTag::PARTICIPANT_ADDED)]);
    at.rename(group, ann, "Writers", NameRule::Reserved).await.expect("renamed");
    assert_eq!(at.published(), [(group, 4, ChangeTag::UPDATED)]);
    at.change_role(group, ann, eve, Role::Admin).await.expect("changed");
    assert_eq!(at.published(), [(group, 5, ChangeTag::PARTICIPANT_UPDATED)]);
    at.change_role(group, ann, eve, Role::Admin).await.expect("she is one already");
    at.change_role(group, ann, eve, Role::Member).await.expect("changed");
    assert_eq!(at.published(), [(group, 6, ChangeTag::PARTICIPANT_UPDATED)], "each change once");
    at.remove(group, ann, ann).await;
    let left = [(group, 7, ChangeTag::PARTICIPANT_REMOVED), (group, 8, ChangeTag::UPDATED)];
    assert_eq!(at.published(), left, "the last admin hands over in the same commit");

    let other = at.group(cid, &[ann, bob]).await;
    assert_eq!(at.published(), [(other, 1, ChangeTag::CREATED)]);
    at.users.delete(bob, at.now()).await.expect("an answer").expect("deleted");
    let mut deleted = at.published();
    deleted.sort_unstable_by_key(|(id, pos, _)| (*id != group, *pos));
    // Bob was the oldest member of the group, and so its admin.
    let removed = ChangeTag::PARTICIPANT_REMOVED;
    assert_eq!(deleted, [(group, 9, removed.clone()), (group, 10, ChangeTag::UPDATED), (other, 2, removed)]);
    at.deactivate(other, cid).await;
    assert_eq!(at.published(), [(other, 3, ChangeTag::UPDATED)]);
    for id in [direct, group, other] {
        at.assert_numbered_without_gaps(id, cid).await;
    }
}

pub async fn what_is_refused_or_no_change_is_not_published(stores: Stores) {
    let at = Watched::new(stores);
    let [ann, bob, eve] = at.users_named(["ann", "bob", "eve"]).await;
    let (direct, group) = (at.direct(ann, bob).await, at.named_group(ann, &[bob], "Readers").await);
    let said = at.say(direct, ann, "hello").await;
    at.published();

    at.messages.append(at.draft(direct, eve, "let me in")).await.expect_err("no participant");
    at.rename(group, bob, "Writers", NameRule::Reserved).await.expect_err("no admin");
    at.messages.edit(at.edit_of(&said, "bye"), at.editor(bob)).await.expect_err("not the author");
    at.edit(&said, "hello").await;
    at.conversations.remove_participant(at.removal(group, eve, bob)).await.expect_err("no participant");
    at.groups.create_group(at.new_group(bob, &[ann], "readers")).await.expect_err("the name is taken");
    at.join(InviteCode::new(Uuid::new_v4()), eve).await.expect_err("no such code");
    at.users.delete(UserId::new(Uuid::now_v7()), at.now()).await.expect("an answer");
    assert_eq!(at.published(), [], "nothing of it was stored");

    at.read_up_to(direct, bob, 1).await;
    at.groups.replace_invite_code(group, ann, InviteCode::new(Uuid::new_v4())).await.expect("replaced");
    at.users.update_profile(ann, ProfileChanges::default(), at.now()).await.expect("updated");
    assert_eq!(at.published(), [], "positions, codes and profiles are no durable changes");
}

pub async fn a_repeated_send_is_published_again(stores: Stores) {
    let at = Watched::new(stores);
    let [ann, bob] = at.users_named(["ann", "bob"]).await;
    let direct = at.direct(ann, bob).await;
    let first = at.messages.append(at.keyed_draft(direct, ann, "hello", "key")).await.expect("sent");
    let again = at.messages.append(at.keyed_draft(direct, ann, "hello", "key")).await.expect("sent");
    assert!(matches!((first, again), (Appended::First(_), Appended::Replayed(_))));
    let sent = (direct, 2, ChangeTag::MESSAGE_SENT);
    assert_eq!(at.published(), [(direct, 1, ChangeTag::CREATED), sent.clone(), sent]);
}

pub async fn what_is_sent_at_once_is_published_in_order_and_before_each_answer(stores: Stores) {
    let at = Arc::new(Watched::new(stores));
    let [ann, bob, eve] = at.users_named(["ann", "bob", "eve"]).await;
    let groups = [at.group(ann, &[bob]).await, at.group(bob, &[ann]).await, at.group(ann, &[bob]).await];
    at.published();
    let mut sends = JoinSet::new();
    for number in 0..MANY {
        let at = Arc::clone(&at);
        let (group, sender) = (groups[number % 3], [ann, bob, eve][number % 7 % 3]);
        sends.spawn(async move {
            let sent = at.messages.append(at.draft(group, sender, &format!("message {number}"))).await;
            let id = sent.ok()?.message().id;
            assert!(at.sink.has_message(id), "answered before it was published");
            Some(id)
        });
    }
    let sent: BTreeSet<MessageId> = sends.join_all().await.into_iter().flatten().collect();
    let commits = at.sink.take();
    assert!(commits.iter().all(|changes| !changes.is_empty()));
    let changes: Vec<_> = commits.concat();
    assert_eq!(changes.len(), sent.len(), "each once, and nothing that was refused");
    for group in groups {
        let positions: Vec<_> =
            changes.iter().filter(|change| change.conversation_id == group).map(|change| change.pos).collect();
        let last = positions.len() as u64 + 1;
        assert_eq!(positions, (2..=last).map(Pos::new).collect::<Vec<_>>(), "in the order of the commits");
    }
}
