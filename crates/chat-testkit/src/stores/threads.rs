//! Threads: who may read and write them, who follows them, and where they are not.

use super::races::{RACERS, race};
use super::scene::{limit, page};
use super::{Scene, Stores};
use chat_domain::changes::ChangeTag;
use chat_domain::conversations::{
    AddParticipant, ConversationFilter, ConversationKind, ListCursor, NewConversation, RemoveParticipant,
};
use chat_domain::messages::{Appended, Draft, EditHistory, ExpectedKind, HistoryRequest, Message};
use chat_domain::presence::{ContactsWanted, PresenceAudience};
use chat_domain::receipts::{AdvancePositions, ReceiptTarget};
use chat_domain::threads::{OpenThread, OpenedThread, ThreadOverview};
use chat_domain::{ActionError, ChangeRange, ConversationId, MessageId, Pos, Refusal, Seq, UserId};
use std::collections::HashSet;
use uuid::Uuid;

impl Scene {
    async fn try_open(&self, root: &Message, actor: UserId) -> Result<OpenedThread, ActionError> {
        let (id, at) = (ConversationId::new(Uuid::now_v7()), self.now());
        let (conversation_id, message_id) = (root.conversation_id, root.id);
        self.threads.open_thread(OpenThread { id, conversation_id, message_id, actor, at }).await
    }

    /// Opens the thread of this message.
    pub async fn open(&self, root: &Message, actor: UserId) -> ConversationId {
        self.try_open(root, actor).await.expect("a thread").overview.thread.id
    }

    async fn thread(&self, id: ConversationId, viewer: UserId) -> ThreadOverview {
        self.threads.find_thread(id, viewer).await.expect("a thread")
    }

    async fn followed(&self, user: UserId, unread: bool) -> Vec<ConversationId> {
        let listed = self.threads.list_followed_threads(user, unread, ListCursor::Newest, limit(100)).await;
        listed.expect("threads").items.into_iter().map(|one| one.thread.id).collect()
    }

    /// The unread messages of a follower; `None` if the user does not follow the thread.
    async fn unread(&self, id: ConversationId, user: UserId) -> Option<u64> {
        let thread = self.thread(id, user).await;
        thread.own.map(|_| thread.unread_count())
    }
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, ActionError>) -> Refusal {
    match outcome {
        Err(ActionError::Refused(refusal)) => refusal,
        other => panic!("{other:?} was not refused"),
    }
}

pub async fn a_message_has_one_thread_whoever_opens_it(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let [root, other] = [scene.say(group, bob, "root").await, scene.say(group, bob, "other").await];
    let opened = race(|number| {
        let (scene, root) = (scene.clone(), root.clone());
        async move { scene.try_open(&root, if number % 2 == 0 { ann } else { bob }).await.expect("a thread") }
    })
    .await;
    let ids: HashSet<_> = opened.iter().map(|one| one.overview.thread.id).collect();
    assert_eq!((ids.len(), opened.iter().filter(|one| one.is_new).count()), (1, 1));
    let id = opened[0].overview.thread.id;
    let ThreadOverview { thread, followers, last_message, own } = scene.thread(id, ann).await;
    assert_eq!((thread.parent, thread.root, thread.root_seq), (group, root.id, root.seq));
    assert_eq!((thread.is_active, thread.last_seq, thread.last_pos), (true, Seq::ZERO, Pos::ZERO));
    assert_eq!((thread.reply_count(), thread.last_reply_at(), last_message, own), (0, None, None, None));
    assert_eq!(followers.iter().map(|user| user.id).collect::<Vec<_>>(), [bob], "the author of the root");
    assert_ne!(scene.open(&other, ann).await, id);
    assert_eq!(scene.all_changes(group).await.len(), 3, "opening changes nothing in the parent");
}

pub async fn a_thread_hangs_on_a_message_that_is_there(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let (group, other) = (scene.group(ann, &[bob]).await, scene.group(ann, &[eve]).await);
    let [root, gone, late] =
        [scene.say(group, bob, "root").await, scene.say(group, bob, "gone").await, scene.say(group, bob, "late").await];
    let at = |conversation_id, message: &Message| Message { conversation_id, ..message.clone() };
    let nowhere = ConversationId::new(Uuid::now_v7());
    assert_eq!(refusal(scene.try_open(&at(nowhere, &root), ann).await), Refusal::UnknownConversation);
    assert_eq!(refusal(scene.try_open(&root, eve).await), Refusal::NotAParticipant);
    assert_eq!(refusal(scene.try_open(&at(other, &root), ann).await), Refusal::UnknownMessage);
    scene.delete_message(&gone, bob).await;
    assert_eq!(refusal(scene.try_open(&gone, ann).await), Refusal::MessageDeleted);
    let thread = scene.open(&root, ann).await;
    let reply = scene.say(thread, ann, "a reply").await;
    assert_eq!(refusal(scene.try_open(&reply, ann).await), Refusal::NestedThread);
    scene.delete_message(&root, bob).await;
    assert_eq!(scene.open(&root, bob).await, thread, "the thread of a deleted message stays");
    scene.say(thread, bob, "still here").await;
    scene.deactivate(group, ann).await;
    assert_eq!(refusal(scene.try_open(&late, ann).await), Refusal::Inactive);
    assert_eq!(scene.open(&root, ann).await, thread, "it can be read");
}

pub async fn the_participants_of_the_parent_alone_read_and_write_a_thread(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid, eve] = scene.users_named(["ann", "bob", "cid", "eve"]).await;
    let group = scene.group(ann, &[bob, cid]).await;
    let root = scene.say(group, bob, "root").await;
    let thread = scene.open(&root, ann).await;
    let first = scene.say(thread, cid, "first").await;
    assert_eq!((first.kind, first.seq, first.pos), (ConversationKind::Thread(group), Seq::new(1), Pos::new(1)));
    let second = scene.say(thread, bob, "second").await;
    scene.edit(&second, "edited").await;
    let third = scene.say(thread, bob, "third").await;
    scene.delete_message(&third, ann).await;
    scene.remove(group, ann, cid).await;

    assert_eq!(scene.seqs(thread, ann, HistoryRequest::Latest(limit(10))).await, [3, 2, 1]);
    let found = scene.messages.find_many(thread, ann, &[first.id, root.id]).await.expect("found");
    assert_eq!(found.messages, std::slice::from_ref(&first), "the root is in the parent");
    let versions = scene.messages.list_versions(thread, ann, second.id, EditHistory::Participants).await;
    assert_eq!(versions.expect("versions").len(), 1);
    let (conversation, membership) =
        scene.conversations.find_membership(thread, ann).await.expect("an answer").expect("a conversation");
    assert_eq!((conversation.home(), conversation.is_active), (group, true));
    let membership = membership.expect("a membership");
    assert_eq!((membership.conversation_id, membership.last_pos), (thread, Pos::new(5)));
    let tags: Vec<_> = scene.all_changes(thread).await.iter().map(|change| change.kind.tag()).collect();
    let (sent, updated, deleted) = (ChangeTag::MESSAGE_SENT, ChangeTag::MESSAGE_UPDATED, ChangeTag::MESSAGE_DELETED);
    assert_eq!(tags, [sent.clone(), sent.clone(), updated, sent, deleted]);
    let missed = [ChangeRange { conversation_id: thread, after: Pos::ZERO, up_to: Pos::new(5) }];
    let missed = scene.changes.list_missed(&missed).await.expect("changes");
    assert_eq!(missed.iter().map(|change| change.pos.get()).collect::<Vec<_>>(), [1, 2, 4, 5]);
    let overview = scene.thread(thread, ann).await;
    assert_eq!((overview.thread.reply_count(), overview.thread.last_reply_at()), (2, Some(third.created_at)));
    assert_eq!(overview.last_message.map(|message| message.id), Some(third.id));

    let draft = |sender| scene.draft(thread, sender, "no");
    for stranger in [cid, eve] {
        assert_eq!(refusal(scene.messages.append(draft(stranger)).await), Refusal::NotAParticipant);
        let request = HistoryRequest::Latest(limit(1));
        assert_eq!(refusal(scene.messages.history(thread, stranger, request).await), Refusal::NotAParticipant);
        assert_eq!(refusal(scene.messages.find_many(thread, stranger, &[]).await), Refusal::NotAParticipant);
        let versions = scene.messages.list_versions(thread, stranger, second.id, EditHistory::Participants).await;
        assert_eq!(refusal(versions), Refusal::NotAParticipant);
        let edit = scene.messages.edit(scene.edit_of(&first, "no"), scene.editor(stranger)).await;
        assert_eq!(refusal(edit), Refusal::NotAParticipant);
        let delete = scene.messages.delete(thread, first.id, scene.editor(stranger)).await;
        assert_eq!(refusal(delete), Refusal::NotAParticipant);
        let read = AdvancePositions::Read(ReceiptTarget::Latest);
        assert_eq!(refusal(scene.receipts.advance(thread, stranger, read).await), Refusal::NotAParticipant);
        assert_eq!(refusal(scene.threads.find_thread(thread, stranger).await), Refusal::NotAParticipant);
        let follow = scene.threads.follow_thread(thread, stranger, scene.now()).await;
        assert_eq!(refusal(follow), Refusal::NotAParticipant);
        assert_eq!(refusal(scene.threads.unfollow_thread(thread, stranger).await), Refusal::NotAParticipant);
        let list = scene.threads.list_threads(group, stranger, None, limit(1)).await;
        assert_eq!(refusal(list), Refusal::NotAParticipant);
        let found = scene.conversations.find_membership(thread, stranger).await.expect("an answer");
        assert_eq!(found.expect("a conversation").1, None);
        assert_eq!(scene.followed(stranger, false).await, []);
    }
    let group_only = Draft { expects: ExpectedKind::Group, ..draft(ann) };
    assert_eq!(refusal(scene.messages.append(group_only).await), Refusal::UnknownConversation, "it is no group");
    let nowhere = ConversationId::new(Uuid::now_v7());
    for nothing in [nowhere, group] {
        assert_eq!(refusal(scene.threads.find_thread(nothing, ann).await), Refusal::UnknownThread);
        assert_eq!(refusal(scene.threads.follow_thread(nothing, ann, scene.now()).await), Refusal::UnknownThread);
        assert_eq!(refusal(scene.threads.unfollow_thread(nothing, ann).await), Refusal::UnknownThread);
    }
    let list = scene.threads.list_threads(nowhere, ann, None, limit(1)).await;
    assert_eq!(refusal(list), Refusal::UnknownConversation);
    scene.deactivate(group, ann).await;
    assert_eq!(refusal(scene.messages.append(draft(bob)).await), Refusal::Inactive);
    let edit = scene.messages.edit(scene.edit_of(&second, "no"), scene.editor(bob)).await;
    assert_eq!(refusal(edit), Refusal::Inactive);
    assert!(!scene.thread(thread, bob).await.thread.is_active);
    assert_eq!(scene.seqs(thread, bob, HistoryRequest::Latest(limit(1))).await, [3]);
}

pub async fn a_repeated_reply_is_one_reply_and_the_message_before_it_is_answered(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    let root = scene.say(direct, ann, "root").await;
    let thread = scene.open(&root, bob).await;
    let sent = scene.messages.append(scene.keyed_draft(thread, bob, "reply", "key")).await.expect("sent");
    let Appended::New(first) = sent else { panic!("{sent:?}: no first message of a pair") };
    let again = scene.messages.append(scene.keyed_draft(thread, bob, "reply", "key")).await.expect("a replay");
    assert_eq!(again, Appended::Replayed(first.clone()));
    assert_eq!(refusal(scene.messages.append(scene.keyed_draft(thread, bob, "x", "key")).await), Refusal::KeyReused);
    let mut quoting = scene.draft(thread, ann, "what?");
    quoting.content.reply_to = Some(first.id);
    assert_eq!(scene.messages.append(quoting).await.expect("sent").message().reply_to, Some(first.id));
    let mut of_the_root = scene.draft(thread, ann, "what?");
    of_the_root.content.reply_to = Some(root.id);
    assert_eq!(refusal(scene.messages.append(of_the_root).await), Refusal::UnknownMessage);
    assert_eq!(scene.overview(direct, bob).await.unread_count(), 1, "replies do not count in the parent");
}

pub async fn who_writes_in_a_thread_follows_it_and_others_by_their_own_act(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid, eve] = scene.users_named(["ann", "bob", "cid", "eve"]).await;
    let group = scene.group(ann, &[bob, cid]).await;
    let root = scene.say(group, bob, "root").await;
    let thread = scene.open(&root, ann).await;
    scene.say_many(thread, cid, 2).await;
    let unread = async || {
        let mut unread = Vec::new();
        for user in [ann, bob, cid] {
            unread.push(scene.unread(thread, user).await);
        }
        unread
    };
    assert_eq!(unread().await, [None, Some(2), Some(0)]);
    let read = AdvancePositions::Read(ReceiptTarget::Latest);
    let advanced = scene.receipts.advance(thread, ann, read).await.expect("nothing to move");
    assert!(!advanced.moved() && advanced.covers.is_none());
    assert_eq!(scene.unread(thread, ann).await, None, "to read is not to follow");
    assert_eq!(refusal(scene.receipts.advance(thread, eve, read).await), Refusal::NotAParticipant);
    let followed = scene.threads.follow_thread(thread, ann, scene.now()).await.expect("followed");
    assert_eq!((followed.own.is_some(), followed.unread_count()), (true, 0), "from the newest message on");
    scene.say(thread, cid, "third").await;
    assert_eq!(unread().await, [Some(1), Some(3), Some(0)]);
    let again = scene.threads.follow_thread(thread, ann, scene.now()).await.expect("followed already");
    assert_eq!(again.unread_count(), 1, "keeps what is unread");
    let advanced = scene.read_up_to(thread, bob, 2).await;
    assert_eq!((advanced.kind, advanced.participant_count), (ConversationKind::Thread(group), 3));
    assert_eq!(advanced.covers.map(|covers| covers.read_by), Some(vec![bob]));
    assert_eq!(unread().await, [Some(1), Some(1), Some(0)]);
    let history = scene.messages.history(thread, ann, HistoryRequest::Latest(limit(1))).await.expect("a history");
    assert_eq!(history.participants.len(), 3, "the followers");
    assert_eq!(scene.followed(bob, true).await, [thread]);
    assert_eq!(scene.followed(cid, true).await, []);
    assert_eq!(scene.followed(cid, false).await, [thread]);
    let left = scene.threads.unfollow_thread(thread, bob).await.expect("unfollowed");
    assert_eq!((left.own, left.unread_count()), (None, 0));
    assert_eq!(scene.threads.unfollow_thread(thread, bob).await.expect("not followed").own, None);
    assert_eq!(unread().await, [Some(1), None, Some(0)]);
    let by_name: Vec<_> = scene.thread(thread, bob).await.followers.iter().map(|user| user.id).collect();
    assert_eq!(by_name, [cid, ann], "those who have followed longest come first");
    assert_eq!(scene.all_changes(thread).await.len(), 3, "following is no change");
}

pub async fn who_rejoins_the_parent_follows_none_of_its_threads(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let group = scene.group(ann, &[bob, cid]).await;
    let thread = scene.open(&scene.say(group, bob, "root").await, ann).await;
    scene.say(thread, cid, "first").await;
    scene.remove(group, ann, bob).await;
    scene.remove(group, cid, cid).await;
    assert_eq!(scene.thread(thread, ann).await.followers, []);
    assert_eq!((scene.followed(bob, false).await, scene.followed(cid, false).await), (vec![], vec![]));
    scene.add(group, ann, bob).await;
    scene.add(group, ann, cid).await;
    assert_eq!((scene.unread(thread, bob).await, scene.unread(thread, cid).await), (None, None));
    scene.say(thread, ann, "second").await;
    assert_eq!(scene.unread(thread, ann).await, Some(0));
    let again = scene.threads.follow_thread(thread, bob, scene.now()).await.expect("followed");
    assert_eq!(again.own.map(|own| own.joined), Some(Seq::new(2)), "anew");
    scene.say(thread, cid, "third").await;
    let positions = scene.thread(thread, cid).await.own.expect("follows again");
    assert_eq!((positions.joined, positions.read), (Seq::new(3), Seq::new(3)));
    assert_eq!(scene.unread(thread, bob).await, Some(1));
}

pub async fn who_leaves_and_rejoins_at_one_time_follows_no_thread_either(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let group = scene.group(ann, &[cid]).await;
    let thread = scene.open(&scene.say(group, ann, "root").await, ann).await;
    let at = scene.now();
    for _ in 0..3 {
        let add = AddParticipant { conversation_id: group, actor: ann, user: bob, at };
        scene.conversations.add_participant(add).await.expect("added");
        assert_eq!(scene.unread(thread, bob).await, None);
        scene.threads.follow_thread(thread, bob, at).await.expect("followed");
        let remove = RemoveParticipant { at, ..scene.removal(group, bob, bob) };
        scene.conversations.remove_participant(remove).await.expect("left");
    }
}

pub async fn threads_are_in_no_list_and_no_count_of_conversations(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.named_group(ann, &[bob], "the group").await;
    let talk = scene.talk(ann, bob).await;
    let root = scene.say(group, bob, "root").await;
    let thread = scene.open(&root, ann).await;
    scene.say_many(thread, bob, 3).await;
    scene.say(thread, ann, "fourth").await;

    let listed = async |user, filter| {
        let page = scene.conversations.list(user, filter, page(1, 10)).await.expect("a page");
        assert_eq!(page.total, page.items.len() as u64);
        page.items.into_iter().map(|one| one.details.conversation.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(ann, ConversationFilter::All).await, [group, talk]);
    assert_eq!(listed(bob, ConversationFilter::Groups).await, [group]);
    assert_eq!(listed(bob, ConversationFilter::DirectWithMessages).await, [talk]);
    let memberships = scene.realtime.list_memberships(bob, 100).await.expect("memberships");
    assert_eq!(memberships.iter().map(|one| one.conversation_id).collect::<Vec<_>>(), [group, talk]);
    let unread = scene.receipts.count_unread(ann, 100).await.expect("a count");
    assert_eq!((unread.total, unread.conversations), (2, 2));
    let audience = scene.conversations.list_presence_audience(bob, 100, 100).await.expect("an audience");
    assert_eq!(audience.into_iter().collect::<HashSet<_>>(), HashSet::from([group, talk]));
    let wanted = ContactsWanted {
        user: ann,
        audience: PresenceAudience::Everyone,
        most_participants: 100,
        looked_at: 100,
        conversations: 100,
        limit: 100,
    };
    let contacts = scene.realtime.list_newest_contacts(wanted).await.expect("contacts");
    assert_eq!(contacts.iter().map(|contact| contact.user_id).collect::<Vec<_>>(), [bob]);
    let before = scene.overview(group, ann).await;
    assert_eq!(before.last_message.map(|message| message.id), Some(root.id), "the parent is as before");

    // Ann has created two conversations, and opened any number of threads.
    let another = NewConversation { max_own: 2, ..scene.new_conversation(ann, &[bob], Some("another")) };
    assert_eq!(refusal(scene.conversations.create(another).await), Refusal::TooManyConversations { max: 2 });
    let another = NewConversation { max_own: 3, ..scene.new_conversation(ann, &[bob], Some("another")) };
    scene.conversations.create(another).await.expect("a third conversation");
}

pub async fn threads_are_listed_by_their_roots_and_by_their_activity(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let (group, other) = (scene.group(ann, &[bob]).await, scene.group(ann, &[bob]).await);
    let mut threads = Vec::new();
    for root in scene.say_many(group, bob, 4).await {
        threads.push(scene.open(&root, ann).await);
    }
    let elsewhere = scene.open(&scene.say(other, bob, "root").await, ann).await;
    for thread in [threads[2], elsewhere, threads[0]] {
        scene.say(thread, ann, "a reply").await;
    }
    let list = async |before, size| {
        let page = scene.threads.list_threads(group, bob, before, limit(size)).await.expect("a page");
        (page.items.iter().map(|one| one.thread.id).collect::<Vec<_>>(), page.next)
    };
    assert_eq!(list(None, 3).await, (vec![threads[3], threads[2], threads[1]], Some(Seq::new(2))));
    assert_eq!(list(Some(Seq::new(2)), 3).await, (vec![threads[0]], None));
    assert_eq!(list(Some(Seq::new(1)), 3).await, (vec![], None));

    // Bob wrote all roots, so he follows all threads; those without a reply were active when they were opened.
    let by_activity = [threads[0], elsewhere, threads[2], threads[3], threads[1]];
    let opened: Vec<_> = scene.followed(bob, false).await;
    assert_eq!(opened[..3], by_activity[..3]);
    assert_eq!(scene.followed(bob, true).await, by_activity[..3]);
    assert_eq!(scene.followed(ann, false).await, by_activity[..3]);
    let mut seen = Vec::new();
    let mut cursor = ListCursor::Newest;
    loop {
        let page = scene.threads.list_followed_threads(bob, false, cursor, limit(2)).await.expect("a page");
        seen.extend(page.items.iter().map(|one| one.thread.id));
        let Some(older) = page.older else { break };
        cursor = ListCursor::OlderThan(older);
    }
    assert_eq!(seen, opened);
    let first = scene.threads.list_followed_threads(bob, false, ListCursor::Newest, limit(1)).await.expect("a page");
    let from = ListCursor::NewerThan(first.older.expect("more"));
    let newer = scene.threads.list_followed_threads(bob, false, from, limit(1)).await.expect("a page");
    assert_eq!(newer.items, []);
    scene.say(threads[1], ann, "a reply").await;
    let newer = scene.threads.list_followed_threads(bob, false, from, limit(5)).await.expect("a page");
    assert_eq!(newer.items.iter().map(|one| one.thread.id).collect::<Vec<_>>(), [threads[1]]);
    scene.deactivate(other, ann).await;
    assert!(!scene.followed(bob, false).await.contains(&elsewhere), "like conversations that are inactive");
    scene.deactivate(group, ann).await;
    assert_eq!(scene.followed(bob, false).await, []);
    assert_eq!(list(None, 10).await.0.len(), 4);
}

pub async fn the_count_of_replies_is_that_of_the_messages_that_are_not_deleted(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let root = scene.say(group, bob, "root").await;
    let thread = scene.open(&root, ann).await;
    let doomed = scene.say_many(thread, bob, 20).await;
    race(|number| {
        let (scene, message) = (scene.clone(), doomed[number % 20].clone());
        async move {
            match number % 3 {
                0 => drop(scene.say(thread, ann, "in between").await),
                _ => drop(scene.messages.delete(thread, message.id, scene.editor(bob)).await.expect("deleted")),
            }
        }
    })
    .await;
    let count = async |scene: &Scene| {
        let mut count = 0;
        for page_number in 1.. {
            let request = HistoryRequest::Page(page(page_number, 100));
            let page = scene.messages.history(thread, ann, request).await.expect("a page");
            if page.messages.is_empty() {
                return count;
            }
            count += page.messages.iter().filter(|message| message.deleted_at.is_none()).count() as u64;
        }
        count
    };
    let overview = scene.thread(thread, ann).await;
    assert!(overview.thread.reply_count() < overview.thread.last_seq.get());
    assert_eq!(overview.thread.reply_count(), count(&scene).await);
}

pub async fn a_member_who_was_removed_from_the_parent_writes_nothing_in_its_threads(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let root = scene.say(group, bob, "root").await;
    let thread = scene.open(&root, ann).await;
    let first = scene.say(thread, bob, "first").await;
    let refused = |outcome: Result<(), ActionError>| match outcome {
        Ok(()) | Err(ActionError::Refused(Refusal::NotAParticipant | Refusal::TooManyEdits)) => {}
        Err(error) => panic!("{error:?}"),
    };
    let ends: Vec<Option<u64>> = race(|number| {
        let (scene, first) = (scene.clone(), first.clone());
        async move {
            match number {
                50 => {
                    scene.remove(group, ann, bob).await;
                    // Whatever bob writes was committed before the removal.
                    Some(scene.thread(thread, ann).await.thread.last_pos.get())
                }
                _ if number % 4 == 0 => {
                    let edit = scene.edit_of(&first, &format!("version {number}"));
                    refused(scene.messages.edit(edit, scene.editor(bob)).await.map(drop));
                    None
                }
                _ if number % 4 == 1 => {
                    refused(scene.messages.append(scene.draft(group, bob, "in the parent")).await.map(drop));
                    None
                }
                _ => {
                    refused(scene.messages.append(scene.draft(thread, bob, "in the thread")).await.map(drop));
                    None
                }
            }
        }
    })
    .await;
    let end = ends.into_iter().flatten().next().expect("the removal");
    assert_eq!(scene.thread(thread, ann).await.thread.last_pos.get(), end, "nothing after the removal");
    assert_eq!(refusal(scene.messages.append(scene.draft(thread, bob, "x")).await), Refusal::NotAParticipant);
    scene.assert_numbered_without_gaps(thread, ann).await;
    scene.assert_numbered_without_gaps(group, ann).await;
}

pub async fn nothing_is_written_in_threads_after_the_deactivation_of_their_group(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let thread = scene.open(&scene.say(group, bob, "root").await, ann).await;
    let first = scene.say(thread, bob, "first").await;
    let ends: Vec<Option<u64>> = race(|number| {
        let (scene, first) = (scene.clone(), first.clone());
        async move {
            if number == RACERS / 2 {
                scene.deactivate(group, ann).await;
                return Some(scene.thread(thread, ann).await.thread.last_pos.get());
            }
            let written = if number % 4 == 0 {
                let edit = scene.edit_of(&first, &format!("version {number}"));
                scene.messages.edit(edit, scene.editor(bob)).await.map(drop)
            } else {
                scene.messages.append(scene.draft(thread, bob, "in the thread")).await.map(drop)
            };
            match written {
                Ok(()) | Err(ActionError::Refused(Refusal::Inactive | Refusal::TooManyEdits)) => None,
                Err(error) => panic!("{error:?}"),
            }
        }
    })
    .await;
    let end = ends.into_iter().flatten().next().expect("the deactivation");
    assert_eq!(scene.thread(thread, ann).await.thread.last_pos.get(), end, "nothing after the deactivation");
    scene.assert_numbered_without_gaps(thread, ann).await;
}

pub async fn opening_a_thread_and_deleting_its_root_exclude_each_other(stores: Stores) {
    const ROOTS: usize = 20;
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let roots = scene.say_many(group, bob, ROOTS as u64).await;
    // Of every other message, the deletion is the first call, and of the others the last.
    let outcomes = race(|number| {
        let (scene, number, root) = (scene.clone(), number / ROOTS, number % ROOTS);
        let (message, last) = (roots[root].clone(), RACERS / ROOTS - 1);
        async move {
            if number == if root % 2 == 0 { 0 } else { last } {
                drop(scene.messages.delete(group, message.id, scene.editor(bob)).await.expect("deleted"));
                return None;
            }
            match scene.try_open(&message, ann).await {
                Ok(opened) => {
                    scene.say(opened.overview.thread.id, ann, "a reply").await;
                    Some((message.id, true))
                }
                Err(ActionError::Refused(Refusal::MessageDeleted)) => Some((message.id, false)),
                Err(error) => panic!("{error:?}"),
            }
        }
    })
    .await;
    let of = |wanted| -> HashSet<MessageId> {
        outcomes.iter().flatten().filter(|(_, opened)| *opened == wanted).map(|(root, _)| *root).collect()
    };
    let (opened, refused) = (of(true), of(false));
    assert!(!opened.is_empty() && !refused.is_empty(), "both happened");
    assert!(opened.is_disjoint(&refused), "what was opened stays open, and what was deleted before is never opened");
    let listed = scene.threads.list_threads(group, ann, None, limit(100)).await.expect("threads").items;
    assert_eq!(listed.iter().map(|one| one.thread.root).collect::<HashSet<_>>(), opened);
    assert!(listed.iter().all(|one| one.thread.reply_count() > 0));
    scene.assert_numbered_without_gaps(group, ann).await;
}

pub async fn many_write_in_many_threads_and_their_parent_at_once(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let group = scene.group(ann, &[bob, cid]).await;
    let mut places = vec![group];
    for root in scene.say_many(group, ann, 3).await {
        places.push(scene.open(&root, ann).await);
    }
    let sent: Vec<MessageId> = race(|number| {
        let (scene, place) = (scene.clone(), places[number % places.len()]);
        async move { scene.say(place, [ann, bob, cid][number % 3], "hello").await.id }
    })
    .await;
    assert_eq!(sent.iter().collect::<HashSet<_>>().len(), sent.len());
    for place in &places {
        scene.assert_numbered_without_gaps(*place, bob).await;
    }
    for thread in &places[1..] {
        let overview = scene.thread(*thread, bob).await;
        assert_eq!((overview.thread.reply_count(), overview.followers.len()), (50, 3));
    }
}
