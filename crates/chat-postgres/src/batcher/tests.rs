use super::*;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, yield_now};

/// Keys that make a query fail, or panic.
const POISON: u32 = 666;
const PANIC: u32 = 667;

/// Records queries, and lets them continue when the test says so.
struct Desk {
    batcher: Batcher<u32, u32>,
    asked: Mutex<Vec<Vec<u32>>>,
    gate: Semaphore,
}

type Values = HashMap<u32, u32>;

const LIMITS: Limits<u32> =
    Limits { waiting: 1_000, patience: Duration::from_hours(1), weight: |_| 1, max_weight: 1_000 };

impl Desk {
    /// A desk whose queries answer a key below a thousand with ten times its value, each when the test lets it.
    fn with(limits: Limits<u32>) -> Arc<Self> {
        Self::answering(limits, Ok)
    }

    fn answering(limits: Limits<u32>, answer: fn(Values) -> Result<Values, StoreError>) -> Arc<Self> {
        Arc::new_cyclic(|desk: &std::sync::Weak<Self>| {
            let desk = desk.clone();
            let batcher = Batcher::new(limits, move |mut keys: Vec<u32>| {
                let desk = desk.upgrade().expect("a desk");
                async move {
                    keys.sort_unstable();
                    desk.asked.lock().expect("asked").push(keys.clone());
                    desk.gate.acquire().await.expect("open").forget();
                    assert!(!keys.contains(&PANIC), "asked to");
                    if keys.contains(&POISON) {
                        return Err(StoreError::Failed(BoxError::from("a row that is not valid")));
                    }
                    answer(keys.into_iter().filter(|key| *key < 1_000).map(|key| (key, key * 10)).collect())
                }
                .boxed()
            });
            Self { batcher, asked: Mutex::default(), gate: Semaphore::new(0) }
        })
    }

    fn asked(&self) -> Vec<Vec<u32>> {
        self.asked.lock().expect("asked").clone()
    }

    fn call(self: &Arc<Self>, keys: impl IntoIterator<Item = u32>) -> JoinHandle<Result<Vec<u32>, StoreError>> {
        let (desk, keys) = (self.clone(), keys.into_iter().collect());
        tokio::spawn(async move { desk.batcher.call(keys).await })
    }

    /// Starts as many queries as may run at once, so that further calls wait.
    async fn occupy(self: &Arc<Self>) {
        for number in 0..MAX_RUNNING {
            drop(self.call([900 + u32::try_from(number).expect("small")]));
            self.until_asked(number + 1).await;
        }
    }

    async fn until_asked(&self, count: usize) {
        while self.asked().len() < count {
            yield_now().await;
        }
    }

    async fn until_waiting(&self, count: usize) {
        while self.batcher.status().waiting != count {
            yield_now().await;
        }
    }

    fn let_go(&self) {
        self.gate.add_permits(1_000);
    }

    /// The keys asked for since the desk was occupied.
    fn asked_since(&self) -> Vec<Vec<u32>> {
        self.asked().split_off(MAX_RUNNING)
    }
}

async fn answer(call: JoinHandle<Result<Vec<u32>, StoreError>>) -> Result<Vec<u32>, StoreError> {
    call.await.expect("no panic")
}

#[tokio::test]
async fn a_call_that_meets_nobody_goes_out_at_once_and_alone() {
    let desk = Desk::with(LIMITS);
    desk.let_go();
    assert_eq!(answer(desk.call([3, 1, 2_000, 3])).await.expect("values"), [30, 10, 30], "in the order of the keys");
    assert_eq!(answer(desk.call([])).await.expect("values"), Vec::<u32>::new());
    assert_eq!(desk.asked(), [[1, 3, 2_000]]);
}

#[tokio::test]
async fn calls_that_wait_together_share_a_query_and_each_gets_its_own() {
    let desk = Desk::with(LIMITS);
    desk.occupy().await;
    let calls: Vec<_> = (0..50).map(|number| desk.call([number + 1, number])).collect();
    desk.until_waiting(50).await;
    assert!(desk.asked_since().is_empty());
    desk.let_go();
    for (number, call) in (0..).zip(calls) {
        assert_eq!(answer(call).await.expect("values"), [number * 10 + 10, number * 10]);
    }
    assert_eq!(desk.asked_since(), [(0..=50).collect::<Vec<_>>()], "each key once");
    let status = desk.batcher.status();
    assert_eq!((status.waiting, status.calls, status.batches, status.failed_batches), (0, 52, 3, 0));
}

#[tokio::test]
async fn a_caller_that_goes_away_hurts_nobody() {
    let desk = Desk::with(LIMITS);
    let (first, second) = (desk.call([1]), desk.call([2]));
    desk.until_asked(1).await;
    assert_eq!(desk.asked(), [[1, 2]]);
    drop(desk.call([900]));
    desk.until_asked(MAX_RUNNING).await;
    let (third, fourth) = (desk.call([3]), desk.call([4]));
    desk.until_waiting(2).await;
    first.abort();
    third.abort();
    assert!(first.await.is_err() && third.await.is_err());
    desk.let_go();
    assert_eq!(answer(second).await.expect("values"), [20]);
    assert_eq!(answer(fourth).await.expect("values"), [40]);
    assert_eq!(desk.asked_since(), [[4]], "no query for a caller that is gone");
}

#[tokio::test]
async fn a_batch_that_fails_because_of_one_call_is_halved_until_that_is_alone() {
    for bad in [POISON, PANIC] {
        let desk = Desk::with(LIMITS);
        desk.occupy().await;
        let mut calls: Vec<_> = (0..16).map(|number| desk.call([number])).collect();
        calls.insert(5, desk.call([77, bad]));
        desk.until_waiting(17).await;
        desk.let_go();
        let refused = answer(calls.remove(5)).await;
        assert!(matches!(refused, Err(StoreError::Failed(_))), "{refused:?}");
        for (number, call) in (0..).zip(calls) {
            assert_eq!(answer(call).await.expect("values"), [number * 10]);
        }
        assert!(desk.asked_since().len() <= 11, "{:?}", desk.asked_since());
        assert_eq!(answer(desk.call([1])).await.expect("values"), [10], "and the next goes out");
    }
}

#[tokio::test]
async fn a_server_that_is_gone_or_slow_is_everybodys_trouble_at_once() {
    let gone = Desk::answering(LIMITS, |_| Err(StoreError::Unavailable(BoxError::from("gone"))));
    let slow = Desk::answering(LIMITS, |_| Err(StoreError::Overloaded));
    for desk in [&gone, &slow] {
        desk.occupy().await;
        let calls: Vec<_> = (0..8).map(|number| desk.call([number])).collect();
        desk.until_waiting(8).await;
        desk.let_go();
        for call in calls {
            match answer(call).await {
                Err(StoreError::Unavailable(error)) => assert_eq!(error.to_string(), "gone"),
                refused => assert!(matches!(refused, Err(StoreError::Overloaded)), "{refused:?}"),
            }
        }
        assert_eq!(desk.asked_since().len(), 1, "nothing is retried");
    }
}

#[tokio::test]
async fn a_full_list_refuses_and_has_room_again() {
    let desk = Desk::with(Limits { waiting: 3, ..LIMITS });
    desk.occupy().await;
    let calls: Vec<_> = (0..3).map(|number| desk.call([number])).collect();
    desk.until_waiting(3).await;
    assert!(matches!(answer(desk.call([4])).await, Err(StoreError::Overloaded)));
    desk.let_go();
    for call in calls {
        assert!(answer(call).await.is_ok());
    }
    assert_eq!(answer(desk.call([4])).await.expect("values"), [40]);
}

#[tokio::test]
async fn who_has_waited_for_too_long_is_refused() {
    let desk = Desk::with(Limits { patience: Duration::ZERO, ..LIMITS });
    assert!(matches!(answer(desk.call([1])).await, Err(StoreError::Overloaded)));
    assert!(desk.asked().is_empty());
}

#[tokio::test]
async fn what_a_query_costs_is_bounded_and_who_adds_nothing_to_it_comes_along() {
    let desk = Desk::with(Limits { max_weight: 10, ..LIMITS });
    desk.occupy().await;
    let mut calls = Vec::new();
    for keys in [1..5, 5..9, 9..13, 2..7, 100..200, 13..15] {
        calls.push(desk.call(keys));
        desk.until_waiting(calls.len()).await;
    }
    desk.let_go();
    for call in calls {
        assert!(!answer(call).await.expect("values").is_empty());
    }
    let mut asked = desk.asked_since();
    asked.sort_unstable();
    let full: Vec<u32> = (1..9).chain(13..15).collect();
    assert_eq!(asked, [full, (9..13).collect(), (100..200).collect()], "too much for one is asked alone");
}

#[tokio::test]
async fn many_more_calls_than_a_query_takes_are_answered_by_a_few() {
    let desk = Desk::with(Limits { waiting: 10_000, max_weight: 10_000, ..LIMITS });
    desk.occupy().await;
    let calls: Vec<_> = (0..5_000).map(|number| desk.call([number % 600])).collect();
    desk.until_waiting(5_000).await;
    desk.let_go();
    for (number, call) in (0..).zip(calls) {
        assert_eq!(answer(call).await.expect("values"), [number % 600 * 10]);
    }
    assert_eq!(desk.asked_since().len(), 5);
}

#[test]
fn where_the_runtime_has_ended_nobody_waits_for_it() {
    let own = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
    let other = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let desk = own.block_on(async { Desk::with(LIMITS) });
    other.block_on(async {
        desk.occupy().await;
        let calls: Vec<_> = (0..3).map(|number| desk.call([number])).collect();
        desk.until_waiting(3).await;
        own.shutdown_background();
        for call in calls {
            assert!(matches!(answer(call).await, Err(StoreError::Unavailable(_))));
        }
        assert!(matches!(answer(desk.call([9])).await, Err(StoreError::Unavailable(_))));
    });
}
