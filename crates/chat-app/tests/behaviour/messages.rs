use crate::world::{World, code, message, nowhere};
use chat_domain::messages::{
    Anchor, Appended, ForwardOf, HistoryRequest, Message, MessageBody, MessageContent, SendMessage,
};
use chat_domain::{Audience, ClientMessageId, ErrorCode, MessageId, PageLimit, Seq};

const LIMIT: PageLimit = PageLimit::HISTORY_DEFAULT;

#[tokio::test]
async fn a_message_is_stored_and_then_told_to_the_conversation() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let chat = world.direct(ann, bob).await.details.conversation.id;
    world.bus.take();
    let sent = world.app.messages.send(ann, message(chat, " hello ", Some("k1"))).await.expect("sent");
    let Appended::First(sent) = sent else { panic!("not new: {sent:?}") };
    assert_eq!((sent.body.as_str(), sent.seq, sent.pos.get()), ("hello", Seq::new(1), 2));
    assert_eq!(sent.sender.id, ann.user_id);
    let published = world.bus.take();
    assert_eq!(published.len(), 1);
    assert_eq!((&published[0].audience, published[0].except), (&Audience::Conversation(chat), None));
    let history = world.app.messages.history(bob, chat, HistoryRequest::Latest(LIMIT)).await.expect("a page");
    assert_eq!(history.messages, [sent]);
}

#[tokio::test]
async fn sending_twice_with_one_key_makes_one_message_and_tells_it_again() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let chat = world.direct(ann, bob).await.details.conversation.id;
    world.bus.take();
    let first = world.app.messages.send(ann, message(chat, "hello", Some("k1"))).await.expect("sent");
    let again = world.app.messages.send(ann, message(chat, "hello ", Some("k1"))).await.expect("sent");
    let (Appended::First(first), Appended::Replayed(again)) = (first, again) else { panic!("not a replay") };
    assert_eq!(first.id, again.id);
    assert_eq!(world.published(), ["2 sent hello", "2 sent hello"], "the first publication may have failed");
    let history = world.app.messages.history(bob, chat, HistoryRequest::Latest(LIMIT)).await.expect("a page");
    assert_eq!(history.messages.len(), 1);
}

#[tokio::test]
async fn another_message_under_the_same_key_is_refused() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let chat = world.direct(ann, bob).await.details.conversation.id;
    world.app.messages.send(ann, message(chat, "hello", Some("k1"))).await.expect("sent");
    world.bus.take();
    let refused = world.app.messages.send(ann, message(chat, "other", Some("k1"))).await;
    assert_eq!(code(refused), Some(ErrorCode::IdempotencyKeyReused));
    assert!(world.bus.take().is_empty());
    assert!(world.app.messages.send(bob, message(chat, "mine", Some("k1"))).await.is_ok(), "keys are per sender");
}

#[tokio::test]
async fn only_participants_send_and_read() {
    let world = World::new();
    let (ann, bob, eve) = (world.user("ann").await, world.user("bob").await, world.user("eve").await);
    let chat = world.direct(ann, bob).await.details.conversation.id;
    world.bus.take();
    let messages = &world.app.messages;
    let latest = HistoryRequest::Latest(LIMIT);
    assert_eq!(code(messages.send(eve, message(chat, "psst", None)).await), Some(ErrorCode::NotAParticipant));
    assert_eq!(code(messages.history(eve, chat, latest).await), Some(ErrorCode::NotAParticipant));
    let unknown = message(nowhere(), "echo", None);
    assert_eq!(code(messages.send(ann, unknown).await), Some(ErrorCode::ConversationNotFound));
    assert_eq!(code(messages.history(ann, nowhere(), latest).await), Some(ErrorCode::ConversationNotFound));
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn whoever_was_removed_neither_sends_nor_reads() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let group = world.group(ann, &[bob]).await;
    world.app.messages.send(bob, message(group, "mine", Some("k1"))).await.expect("sent");
    world.app.conversations.remove_participant(ann, group, bob.user_id).await.expect("removed");
    assert_eq!(
        code(world.app.messages.send(bob, message(group, "more", None)).await),
        Some(ErrorCode::NotAParticipant)
    );
    let latest = HistoryRequest::Latest(LIMIT);
    assert_eq!(code(world.app.messages.history(bob, group, latest).await), Some(ErrorCode::NotAParticipant));
    let replay = world.app.messages.send(bob, message(group, "mine", Some("k1"))).await;
    assert!(matches!(replay, Ok(Appended::Replayed(_))), "a replay still gets the stored message");
}

#[tokio::test]
async fn an_answer_names_a_message_of_the_same_conversation() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let (chat, other) = (world.group(ann, &[bob]).await, world.group(ann, &[bob]).await);
    let (here, there) = (world.send(ann, chat, "here").await, world.send(ann, other, "there").await);
    let answer = |to: MessageId| {
        let mut reply = message(chat, "indeed", None);
        reply.content.reply_to = Some(to);
        reply
    };
    assert!(world.app.messages.send(bob, answer(here.id)).await.is_ok());
    assert_eq!(code(world.app.messages.send(bob, answer(there.id)).await), Some(ErrorCode::MessageNotFound));
    let around = HistoryRequest::Around(Anchor::Message(there.id), LIMIT);
    assert_eq!(code(world.app.messages.history(bob, chat, around).await), Some(ErrorCode::MessageNotFound));
}

#[tokio::test]
async fn what_a_user_may_read_can_be_forwarded_and_the_copy_stays() {
    let world = World::new();
    let (ann, bob, eve) = (world.user("ann").await, world.user("bob").await, world.user("eve").await);
    let (source, target) = (world.group(ann, &[bob]).await, world.group(bob, &[eve]).await);
    let original = world.send(ann, source, "news").await;
    let forward = |of: &Message, key: &str| {
        let forward_of = Some(ForwardOf { conversation_id: of.conversation_id, message_id: of.id });
        let content = MessageContent { forward_of, ..MessageBody::empty().into() };
        let client_message_id = ClientMessageId::parse(key).ok();
        SendMessage { conversation_id: target, content, client_message_id }
    };
    let copy = world.app.messages.send(bob, forward(&original, "k")).await.expect("sent").into_message();
    let origin = copy.forwarded_from.as_deref().expect("an origin");
    assert_eq!((copy.body.as_str(), copy.sender.id), ("news", bob.user_id));
    assert_eq!((origin.sender.id, origin.created_at), (ann.user_id, original.created_at));
    let again = world.app.messages.send(eve, forward(&copy, "k")).await.expect("sent").into_message();
    assert_eq!(again.forwarded_from, copy.forwarded_from, "a copy of a copy");
    let stranger = world.app.messages.send(eve, forward(&original, "l")).await;
    assert_eq!(code(stranger), Some(ErrorCode::MessageNotFound));

    world.app.messages.delete(ann, source, original.id).await.expect("deleted");
    let replayed = world.app.messages.send(bob, forward(&original, "k")).await;
    assert_eq!(replayed.expect("a replay"), Appended::Replayed(copy.clone()));
    assert_eq!(code(world.app.messages.send(bob, forward(&original, "l")).await), Some(ErrorCode::MessageDeleted));
    let latest = HistoryRequest::Latest(LIMIT);
    assert_eq!(world.app.messages.history(eve, target, latest).await.expect("a page").messages, [again, copy]);
}

#[tokio::test]
async fn messages_are_forwarded_out_of_threads_and_into_them() {
    let world = World::new();
    let [ann, bob, cid] = world.users(["ann", "bob", "cid"]).await;
    let (group, other) = (world.group(ann, &[bob, cid]).await, world.group(cid, &[bob]).await);
    let root = world.send(ann, group, "root").await;
    let thread = world.app.threads.open(ann, group, root.id).await.expect("a thread").overview.thread.id;
    let reply = world.send(ann, thread, "a reply").await;
    let forward = async |by, target, source| {
        let forward_of = Some(ForwardOf { conversation_id: source, message_id: reply.id });
        let content = MessageContent { forward_of, ..MessageBody::empty().into() };
        let send = SendMessage { conversation_id: target, content, client_message_id: None };
        world.app.messages.send(by, send).await
    };
    let copy = forward(bob, other, thread).await.expect("a member who does not follow the thread").into_message();
    assert_eq!(copy.body.as_str(), "a reply");
    assert!(forward(bob, thread, thread).await.is_ok(), "into a thread");
    assert_eq!(code(forward(bob, other, group).await), Some(ErrorCode::MessageNotFound), "it is not in the parent");
    world.app.conversations.remove_participant(ann, group, cid.user_id).await.expect("removed");
    assert_eq!(code(forward(cid, other, thread).await), Some(ErrorCode::MessageNotFound));
}

#[tokio::test]
async fn sending_ends_writing() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let chat = world.talk(ann, bob).await;
    world.app.typing.start(ann, chat).await.expect("writing");
    world.bus.take();
    world.send(ann, chat, "done").await;
    assert_eq!(world.published_at_least(2).await, ["4 sent done", "typing false"]);
}

#[tokio::test]
async fn a_message_is_sent_also_where_typing_is_broken() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let chat = world.direct(ann, bob).await.details.conversation.id;
    world.typing.set_broken(true);
    world.bus.take();
    world.send(ann, chat, "anyway").await;
    assert_eq!(world.published(), ["2 sent anyway"]);
}

#[tokio::test]
async fn messages_sent_at_once_are_numbered_without_a_gap() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let chat = world.direct(ann, bob).await.details.conversation.id;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40 {
        let (messages, sender) = (world.app.messages.clone(), if number % 2 == 0 { ann } else { bob });
        tasks.spawn(async move { messages.send(sender, message(chat, &format!("{number}"), None)).await.is_ok() });
    }
    assert!(tasks.join_all().await.into_iter().all(|sent| sent));
    let history = world.app.messages.history(ann, chat, HistoryRequest::Latest(LIMIT)).await.expect("a page");
    let numbers: Vec<_> = history.messages.iter().rev().map(|message| message.seq.get()).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
}
