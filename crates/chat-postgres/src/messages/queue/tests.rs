use super::*;
use futures_util::FutureExt as _;
use uuid::Uuid;

fn conversation(number: u128) -> ConversationId {
    ConversationId::new(Uuid::from_u128(number))
}

fn queue(items: &[(u128, u32)]) -> Arc<Queue<u32>> {
    let queue = Arc::new(Queue::new(100));
    for (of, item) in items {
        queue.push(conversation(*of), *item).expect("room");
    }
    queue
}

fn take(queue: &Arc<Queue<u32>>, most: usize) -> Option<Taken<u32>> {
    queue.take(most).now_or_never().flatten()
}

#[test]
fn all_that_waits_is_taken_in_order_within_its_conversation() {
    let queue = queue(&[(1, 10), (2, 20), (1, 11), (2, 21), (1, 12)]);
    let taken = take(&queue, 100).expect("something");
    assert_eq!(taken.items, [10, 11, 12, 20, 21]);
    assert_eq!(queue.waiting(), 0);
}

#[test]
fn nobody_else_gets_a_conversation_that_is_taken() {
    let queue = queue(&[(1, 10)]);
    let taken = take(&queue, 100).expect("something");
    queue.push(conversation(1), 11).expect("room");
    queue.push(conversation(2), 20).expect("room");
    let other = take(&queue, 100).expect("something");
    assert_eq!(other.items, [20]);
    assert!(take(&queue, 100).is_none());
    drop(taken);
    assert_eq!(take(&queue, 100).expect("something").items, [11]);
}

#[test]
fn what_does_not_fit_is_left_and_has_its_turn_after_the_others() {
    let queue = queue(&[(1, 10), (1, 11), (1, 12), (2, 20)]);
    let taken = take(&queue, 2).expect("something");
    assert_eq!(taken.items, [10, 11]);
    drop(taken);
    assert_eq!(take(&queue, 100).expect("something").items, [20, 12]);
}

#[test]
fn what_is_over_the_limit_is_refused_until_something_is_taken() {
    let queue = Arc::new(Queue::new(2));
    for item in 0..2 {
        queue.push(conversation(1), item).expect("room");
    }
    assert_eq!(queue.push(conversation(2), 2), Err(Refused::Full));
    let _taken = take(&queue, 100);
    assert_eq!(queue.push(conversation(2), 2), Ok(()));
}

#[test]
fn a_closed_queue_takes_nothing_in_and_gives_out_what_it_has() {
    let queue = queue(&[(1, 10)]);
    let taken = take(&queue, 100).expect("something");
    queue.push(conversation(1), 11).expect("room");
    queue.close();
    assert_eq!(queue.push(conversation(2), 20), Err(Refused::Closed));
    // The other items go to the holder of their conversation.
    assert!(queue.take(100).now_or_never().expect("an answer").is_none());
    drop(taken);
    assert_eq!(take(&queue, 100).expect("something").items, [11]);
    assert!(queue.take(100).now_or_never().expect("an answer").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_takers_get_everything_once_and_no_conversation_at_the_same_time() {
    const CONVERSATIONS: u32 = 7;
    const ITEMS: u32 = 20_000;
    let queue = Arc::new(Queue::new(usize::MAX));
    let busy: Arc<Vec<Mutex<Vec<u32>>>> = Arc::new((0..CONVERSATIONS).map(|_| Mutex::default()).collect());
    let takers: Vec<_> = (0..4)
        .map(|_| {
            let (queue, busy) = (queue.clone(), busy.clone());
            tokio::spawn(async move {
                while let Some(taken) = queue.take(16).await {
                    let mut held = HashMap::new();
                    for item in &taken.items {
                        let place = item % CONVERSATIONS;
                        let lock = || busy[place as usize].try_lock().expect("no other taker has this conversation");
                        held.entry(place).or_insert_with(lock).push(*item);
                    }
                }
            })
        })
        .collect();
    for item in 0..ITEMS {
        queue.push(conversation((item % CONVERSATIONS).into()), item).expect("room");
        if item % 64 == 0 {
            tokio::task::yield_now().await;
        }
    }
    queue.close();
    for taker in takers {
        taker.await.expect("the taker ends");
    }
    for (place, items) in busy.iter().enumerate() {
        let place = u32::try_from(place).expect("few");
        let expected: Vec<_> = (0..ITEMS).filter(|item| item % CONVERSATIONS == place).collect();
        assert_eq!(*items.lock().expect("no taker panicked"), expected, "each once, in order");
    }
}
