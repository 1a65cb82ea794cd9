//! The limit on conversations that a user has created or joined.

use super::races::{RACERS, race};
use super::{Scene, Stores};
use chat_domain::conversations::{
    ConversationFilter, CreatedConversation, InviteCode, JoinGroup, NewConversation, NewGroup,
};
use chat_domain::{ActionError, ConversationId, Refusal, UserId};
use uuid::Uuid;

/// A user with this limit.
struct Limited<'a> {
    scene: &'a Scene,
    user: UserId,
    max_own: u32,
}

impl Limited<'_> {
    async fn meets(&self, others: &[UserId], name: Option<&str>) -> Result<CreatedConversation, ActionError> {
        let new = self.scene.new_conversation(self.user, others, name);
        self.scene.conversations.create(NewConversation { max_own: self.max_own, ..new }).await
    }

    async fn founds(&self, name: &str) -> Result<CreatedConversation, ActionError> {
        let new = self.scene.new_group(self.user, &[], name);
        self.scene.groups.create_group(NewGroup { max_own: self.max_own, ..new }).await
    }

    async fn joins(&self, invite_code: InviteCode) -> Result<(), ActionError> {
        let join = JoinGroup { invite_code, user: self.user, max_own: self.max_own, at: self.scene.now() };
        self.scene.groups.join(join).await.map(drop)
    }

    /// The number of the user's conversations.
    async fn listed(&self) -> u64 {
        let page = super::scene::page(1, 1);
        let page = self.scene.conversations.list(self.user, ConversationFilter::All, page).await;
        page.expect("a page").total
    }

    /// Checks that no further conversation is possible in any way, and that nothing was stored.
    async fn assert_full(&self, stranger: UserId, code: InviteCode) {
        let before = self.listed().await;
        assert!(is_too_many(&self.meets(&[stranger], None).await, self.max_own), "a direct conversation");
        assert!(is_too_many(&self.meets(&[stranger], Some("friends")).await, self.max_own), "a group");
        assert!(is_too_many(&self.founds("One more").await, self.max_own), "a group of its own name");
        let joined = self.joins(code).await;
        let max = self.max_own;
        assert!(
            matches!(
                joined,
                Err(ActionError::Refused(Refusal::TooManyConversations { max: said })) if said == max
            ),
            "{joined:?}"
        );
        assert_eq!(self.listed().await, before, "nothing was stored");
    }
}

fn is_too_many(outcome: &Result<CreatedConversation, ActionError>, max: u32) -> bool {
    let refusal = Refusal::TooManyConversations { max };
    matches!(outcome, Err(ActionError::Refused(refused)) if *refused == refusal)
}

async fn open_group(scene: &Scene, creator: UserId, name: &str) -> (ConversationId, InviteCode) {
    let new = scene.new_group(creator, &[], name);
    let made = (new.id, new.invite_code);
    scene.groups.create_group(new).await.expect("a group");
    made
}

pub async fn a_user_makes_and_joins_as_many_conversations_as_the_limit_says(stores: Stores) {
    let scene = Scene::new(stores);
    let [user, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let ann = Limited { scene: &scene, user, max_own: 4 };
    let (_, first) = open_group(&scene, bob, "First").await;
    let (_, second) = open_group(&scene, bob, "Second").await;
    let direct = ann.meets(&[bob], None).await.expect("room for one").overview.details.conversation.id;
    ann.meets(&[bob, cid], None).await.expect("room for a second one");
    ann.founds("Ann's own").await.expect("room for a third one");
    ann.joins(first).await.expect("room for a fourth one");
    ann.assert_full(cid, second).await;
    for asker in [(user, bob), (bob, user)] {
        let new = scene.new_conversation(asker.0, &[asker.1], None);
        let found =
            scene.conversations.create(NewConversation { max_own: 0, ..new }).await.expect("the existing conversation");
        assert_eq!((found.overview.details.conversation.id, found.change), (direct, None), "at any limit");
    }
    let lower = Limited { max_own: 2, ..ann };
    lower.assert_full(cid, second).await;
    let higher = Limited { max_own: 5, ..lower };
    higher.joins(second).await.expect("room again");
    higher.assert_full(cid, open_group(&scene, bob, "Third").await.1).await;
}

pub async fn what_others_make_or_add_a_user_to_takes_no_room(stores: Stores) {
    let scene = Scene::new(stores);
    let [user, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let ann = Limited { scene: &scene, user, max_own: 1 };
    scene.direct(bob, user).await;
    scene.direct(cid, user).await;
    for number in 0..5 {
        scene.group(bob, &[user, cid]).await;
        let named = scene.named_group(cid, &[user], &format!("Named {number}")).await;
        let added = scene.named_group(bob, &[], &format!("Added {number}")).await;
        scene.add(added, bob, user).await;
        // A user who was removed and added again did not join by their own act either.
        scene.remove(named, cid, user).await;
        scene.add(named, cid, user).await;
    }
    assert_eq!(ann.listed().await, 17);
    ann.founds("Ann's own").await.expect("conversations that others created do not count");
    ann.assert_full(scene.user("dora").await, open_group(&scene, bob, "Open").await.1).await;
}

pub async fn leaving_a_joined_group_or_deactivating_ones_own_makes_room(stores: Stores) {
    let scene = Scene::new(stores);
    let [user, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let ann = Limited { scene: &scene, user, max_own: 1 };
    let (group, code) = open_group(&scene, bob, "Open").await;
    let (_, other) = open_group(&scene, bob, "Another").await;
    ann.joins(code).await.expect("room for one");
    ann.assert_full(cid, other).await;
    scene.remove(group, user, user).await;
    ann.joins(other).await.expect("leaving made room");
    ann.assert_full(cid, code).await;
    scene.add(group, bob, user).await;
    let ann = Limited { max_own: 2, ..ann };
    let own = scene.named_group(user, &[cid], "Ann's own").await;
    let (_, third) = open_group(&scene, bob, "A third").await;
    ann.assert_full(bob, third).await;
    scene.remove(own, user, user).await;
    ann.assert_full(bob, third).await;
    let own_code = InviteCode::new(Uuid::new_v4());
    scene.groups.replace_invite_code(own, cid, own_code).await.expect("she is the admin now");
    ann.joins(own_code).await.expect("it already counts for its creator");
    ann.assert_full(bob, third).await;
    scene.deactivate(own, cid).await;
    ann.joins(third).await.expect("the user's own inactive group does not count");
    ann.assert_full(bob, open_group(&scene, bob, "A fourth").await.1).await;
}

/// How many of the concurrent calls may succeed.
const ROOM: u32 = 7;

pub async fn racing_to_exceed_the_limit_of_conversations_makes_exactly_as_many(stores: Stores) {
    let scene = Scene::new(stores);
    let [user, bob] = scene.users_named(["ann", "bob"]).await;
    let mut strangers = Vec::new();
    let mut codes = Vec::new();
    for number in 0..RACERS / 4 {
        strangers.push(scene.user(&format!("user{number}")).await);
        codes.push(open_group(&scene, bob, &format!("Open {number}")).await.1);
    }
    let made = race(|number| {
        let (scene, stranger, code) = (scene.clone(), strangers[number / 4], codes[number / 4]);
        async move {
            let ann = Limited { scene: &scene, user, max_own: ROOM };
            let outcome = match number % 4 {
                0 => ann.meets(&[stranger], None).await,
                1 => ann.meets(&[stranger], Some("friends")).await,
                2 => ann.founds(&format!("Named {number}")).await,
                _ => match ann.joins(code).await {
                    Ok(()) => return true,
                    Err(ActionError::Refused(refusal)) => Err(ActionError::Refused(refusal)),
                    Err(other) => panic!("{other:?}"),
                },
            };
            assert!(outcome.is_ok() || is_too_many(&outcome, ROOM), "{outcome:?}");
            outcome.is_ok()
        }
    })
    .await;
    assert_eq!(made.iter().filter(|made| **made).count(), ROOM as usize);
    let ann = Limited { scene: &scene, user, max_own: ROOM };
    assert_eq!(ann.listed().await, u64::from(ROOM));
}

/// Each call holds the other's row while it waits for its own turn.
pub async fn racing_conversations_of_two_users_with_each_other_all_succeed(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let outcomes = race(|number| {
        let scene = scene.clone();
        let (one, other) = if number % 2 == 0 { (ann, bob) } else { (bob, ann) };
        async move {
            let new = scene.new_conversation(one, &[other], (number % 4 > 1).then_some("friends"));
            scene.conversations.create(new).await.map(drop)
        }
    })
    .await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}
