//! Requests of one user, however many, and requests of other users.

use crate::tampered::{Bend, Tampered};
use crate::world::{World, code, page};
use chat_app::{CallLimits, Settings};
use chat_domain::conversations::ConversationFilter;
use chat_domain::{ErrorCode, TurnStatus};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::sync::Semaphore;

fn poll<F: Future>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn a_user_has_a_bounded_number_of_reads_and_others_take_turns_with_them() {
    let gate: &Semaphore = Box::leak(Box::new(Semaphore::new(0)));
    let settings =
        Settings { calls: CallLimits { reads_at_once: 3, per_user: 2, waiting_per_user: 4 }, ..Settings::default() };
    let world = World::with(settings, |ports| {
        let store = ports.store.clone();
        ports.store = Arc::new(Tampered { store, bend: Bend::Held(gate) });
    });
    let (greedy, other) = (world.user("ann").await, world.user("bob").await);
    let list = |actor| Box::pin(world.app.conversations.list(actor, ConversationFilter::All, page(1, 10)));
    let mut backlog: Vec<_> = (0..6).map(|_| list(greedy)).collect();
    for read in &mut backlog {
        assert!(poll(read).is_pending());
    }
    assert_eq!(world.app.call_status().reads, TurnStatus { running: 2, waiting: 4, refused: 0 });
    assert_eq!(code(list(greedy).await), Some(ErrorCode::RateLimited), "the queue of the user is full");
    let mut others = list(other);
    assert!(poll(&mut others).is_pending());
    assert_eq!(
        world.app.call_status().reads,
        TurnStatus { running: 3, waiting: 4, refused: 1 },
        "the other user's read runs at once"
    );
    assert_eq!(code(world.app.users.me(greedy).await), Some(ErrorCode::RateLimited), "every read counts");
    gate.add_permits(1_000);
    others.await.expect("a page");
    for read in backlog {
        read.await.expect("a page");
    }
    assert_eq!(world.app.call_status().reads, TurnStatus { running: 0, waiting: 0, refused: 2 });
}

/// The defaults of the embedded database: as many reads at once as one user may have.
#[tokio::test]
async fn one_user_never_has_all_reads_of_the_store() {
    let gate: &Semaphore = Box::leak(Box::new(Semaphore::new(0)));
    let settings = Settings { calls: CallLimits { reads_at_once: 4, ..CallLimits::default() }, ..Settings::default() };
    let world = World::with(settings, |ports| {
        let store = ports.store.clone();
        ports.store = Arc::new(Tampered { store, bend: Bend::Held(gate) });
    });
    let (greedy, other) = (world.user("ann").await, world.user("bob").await);
    let mut backlog: Vec<_> =
        (0..6).map(|_| Box::pin(world.app.conversations.list(greedy, ConversationFilter::All, page(1, 10)))).collect();
    for read in &mut backlog {
        assert!(poll(read).is_pending());
    }
    assert_eq!(world.app.call_status().reads, TurnStatus { running: 3, waiting: 3, refused: 0 });
    world.app.users.me(other).await.expect("an answer while the backlog waits");
    gate.add_permits(1_000);
    for read in backlog {
        read.await.expect("a page");
    }
}

#[tokio::test]
async fn the_first_message_to_a_user_does_not_wait_behind_the_reads_of_its_sender() {
    let gate: &Semaphore = Box::leak(Box::new(Semaphore::new(0)));
    let world = World::with(Settings::default(), |ports| {
        let store = ports.store.clone();
        ports.store = Arc::new(Tampered { store, bend: Bend::Held(gate) });
    });
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let chat = world.direct(ann, bob).await.details.conversation.id;
    world.send(bob, chat, "hello").await;
    let mut backlog: Vec<_> =
        (0..8).map(|_| Box::pin(world.app.conversations.list(ann, ConversationFilter::All, page(1, 10)))).collect();
    for read in &mut backlog {
        assert!(poll(read).is_pending());
    }
    world.send(ann, chat, "hello yourself").await;
    assert_eq!(world.app.call_status().reads, TurnStatus { running: 4, waiting: 4, refused: 0 });
    gate.add_permits(1_000);
    for read in backlog {
        read.await.expect("a page");
    }
}
