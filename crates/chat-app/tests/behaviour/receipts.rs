use crate::world::{World, nobody, nowhere};
use chat_app::{App, Settings};
use chat_domain::auth::{Actor, SessionStore};
use chat_domain::conversations::{ConversationKind, ConversationStore, GroupStore};
use chat_domain::messages::MessageStore;
use chat_domain::receipts::{AdvancePositions, Advanced, Positions, ReceiptStore, ReceiptTarget, Unread};
use chat_domain::threads::ThreadStore;
use chat_domain::users::UserStore;
use chat_domain::{
    ActionError, Audience, ChangeLog, CommittedSink, ConversationId, ErrorCode, MessageId, Seq, Store, StoreError,
    UserId,
};
use std::sync::{Arc, Weak};

const READ_ALL: AdvancePositions = AdvancePositions::Read(ReceiptTarget::Latest);

async fn read(app: &App, actor: Actor, conversation: ConversationId, seq: u64) -> Result<Advanced, ActionError> {
    app.receipts.advance(actor, conversation, AdvancePositions::Read(ReceiptTarget::Seq(Seq::new(seq)))).await
}

#[tokio::test]
async fn reading_moves_the_positions_forward_and_tells_the_conversation_once() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let chat = world.direct(ann, bob).await.details.conversation.id;
    for text in ["one", "two", "three"] {
        world.send(ann, chat, text).await;
    }
    world.bus.take();
    let moved = read(&world.app, bob, chat, 2).await.expect("moved");
    assert_eq!((moved.moved(), moved.positions.read, moved.positions.delivered), (true, Seq::new(2), Seq::new(2)));
    let published = world.bus.take();
    assert_eq!(published.len(), 1);
    assert_eq!((&published[0].audience, published[0].except), (&Audience::Conversation(chat), None));

    assert!(!read(&world.app, bob, chat, 1).await.expect("an answer").moved(), "never back");
    assert!(!read(&world.app, bob, chat, 2).await.expect("an answer").moved());
    assert!(world.bus.take().is_empty());
    let all = world.app.receipts.advance(bob, chat, READ_ALL).await.expect("moved");
    assert_eq!(all.positions.unread(all.last_seq), 0);
    assert_eq!(world.published(), ["read 3"]);
}

#[tokio::test]
async fn only_participants_move_positions_and_only_to_messages_that_are_there() {
    let world = World::new();
    let (ann, bob, eve) = (world.user("ann").await, world.user("bob").await, world.user("eve").await);
    let chat = world.direct(ann, bob).await.details.conversation.id;
    world.bus.take();
    let code = |answer: Result<Advanced, ActionError>| answer.err().map(|fault| fault.code());
    assert_eq!(code(read(&world.app, eve, chat, 1).await), Some(ErrorCode::NotAParticipant));
    assert_eq!(code(read(&world.app, ann, nowhere(), 1).await), Some(ErrorCode::ConversationNotFound));
    let missing = AdvancePositions::Delivered(ReceiptTarget::Message(MessageId::new(nobody().as_uuid())));
    assert_eq!(code(world.app.receipts.advance(ann, chat, missing).await), Some(ErrorCode::MessageNotFound));
    assert!(world.bus.take().is_empty());
}

/// A store that reports that positions moved among this many participants.
struct Crowd {
    store: Arc<dyn Store>,
    participants: u32,
}

impl Store for Crowd {
    fn users(&self) -> &dyn UserStore {
        self.store.users()
    }

    fn sessions(&self) -> &dyn SessionStore {
        self.store.sessions()
    }

    fn conversations(&self) -> &dyn ConversationStore {
        self.store.conversations()
    }

    fn groups(&self) -> &dyn GroupStore {
        self.store.groups()
    }

    fn messages(&self) -> &dyn MessageStore {
        self.store.messages()
    }

    fn threads(&self) -> &dyn ThreadStore {
        self.store.threads()
    }

    fn receipts(&self) -> &dyn ReceiptStore {
        self
    }

    fn changes(&self) -> &dyn ChangeLog {
        self.store.changes()
    }

    fn publish_to(&self, sink: Weak<dyn CommittedSink>) {
        self.store.publish_to(sink);
    }
}

#[async_trait::async_trait]
impl ReceiptStore for Crowd {
    async fn advance(&self, _: ConversationId, _: UserId, _: AdvancePositions) -> Result<Advanced, ActionError> {
        let positions = Positions::joining_at(Seq::new(1));
        let (kind, before) = (ConversationKind::Group, Positions::default());
        Ok(Advanced {
            kind,
            before,
            positions,
            covers: None,
            last_seq: Seq::new(1),
            participant_count: self.participants,
        })
    }

    async fn count_unread(&self, user: UserId, most: u32) -> Result<Unread, StoreError> {
        self.store.receipts().count_unread(user, most).await
    }
}

#[tokio::test]
async fn positions_are_told_to_a_hundred_and_not_to_more() {
    for (participants, told) in [(100, 1), (101, 0)] {
        let world = World::with(Settings::default(), |ports| {
            ports.store = Arc::new(Crowd { store: ports.store.clone(), participants });
        });
        let ann = world.user("ann").await;
        world.app.receipts.advance(ann, nowhere(), READ_ALL).await.expect("moved");
        assert_eq!(world.bus.take().len(), told, "{participants} participants");
    }
}
