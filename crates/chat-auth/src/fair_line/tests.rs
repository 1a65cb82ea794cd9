use super::*;
use std::num::NonZeroUsize;
use std::time::Duration;
use tokio::sync::mpsc;

fn line(waiting: usize, waiting_per_address: usize) -> FairLine {
    let wait = Duration::from_mins(1);
    FairLine::new(HashingLimits { parallel: NonZeroUsize::MIN, waiting, waiting_per_address, wait })
}

fn source(host: u8, account: &str) -> AttemptSource {
    AttemptSource::new(Some(&format!("192.0.2.{host}")), account)
}

/// Puts these into the queue one after the other, and returns the order in which they got their turns.
async fn served(line: &FairLine, sources: Vec<AttemptSource>) -> Vec<AttemptSource> {
    let busy = line.turn(&source(0, "nobody")).await.expect("the only turn");
    let (done, mut order) = mpsc::unbounded_channel();
    for (number, source) in sources.into_iter().enumerate() {
        let (own, done) = (line.clone(), done.clone());
        tokio::spawn(async move {
            let _turn = own.turn(&source).await.expect("a turn");
            done.send(source).expect("a listener");
        });
        while line.lock().waiting <= number {
            tokio::task::yield_now().await;
        }
    }
    drop((busy, done));
    let mut served = Vec::new();
    while let Some(source) = order.recv().await {
        served.push(source);
    }
    served
}

#[tokio::test]
async fn a_client_that_asks_for_many_hashes_waits_behind_its_own() {
    let line = line(100, 100);
    let mut sources = vec![source(1, "ann"); 20];
    sources.extend([source(2, "bob"), source(1, "cid")]);
    let served = served(&line, sources).await;
    assert_eq!(served.len(), 22);
    let place = |of: &AttemptSource| served.iter().position(|source| source == of).expect("served");
    assert!(place(&source(2, "bob")) <= 2, "another address waits for one hash of each: {served:?}");
    assert!(place(&source(1, "cid")) <= 3, "so does another account of the same address: {served:?}");
    let state = line.lock();
    assert_eq!((state.free, state.waiting), (1, 0));
}

#[tokio::test]
async fn many_accounts_of_one_address_are_still_one_address() {
    let line = line(100, 100);
    let mut sources: Vec<_> = (0..20).map(|number| source(1, &format!("guess{number}"))).collect();
    sources.push(source(2, "bob"));
    let served = served(&line, sources).await;
    let place = served.iter().position(|of| *of == source(2, "bob")).expect("served");
    assert!(place <= 2, "{served:?}");
}

#[tokio::test]
async fn one_address_cannot_take_all_the_places() {
    let line = line(4, 2);
    let busy = line.turn(&source(1, "ann")).await.expect("the only turn");
    let (one, other) = (source(1, "ann"), source(2, "bob"));
    let (mut first, mut second) = (Box::pin(line.turn(&one)), Box::pin(line.turn(&one)));
    assert!(futures_are_waiting(&mut first).await && futures_are_waiting(&mut second).await);
    assert!(matches!(line.turn(&one).await, Err(HashError::Overloaded)), "the address has no place left");
    let mut third = Box::pin(line.turn(&other));
    assert!(futures_are_waiting(&mut third).await, "another address has its own places");
    drop((first, second));
    assert_eq!(line.lock().waiting, 1, "callers that give up leave the queue");
    drop(busy);
    assert!(third.await.is_ok());
}

#[tokio::test]
async fn a_full_line_sends_the_newest_of_the_busiest_address_away_for_a_newcomer_of_another() {
    let line = line(3, 100);
    let busy = line.turn(&source(1, "ann")).await.expect("the only turn");
    let (ann, cid, other) = (source(1, "ann"), source(1, "cid"), source(2, "bob"));
    let mut first = Box::pin(line.turn(&ann));
    let mut second = Box::pin(line.turn(&ann));
    let mut third = Box::pin(line.turn(&cid));
    for waiter in [&mut first, &mut second, &mut third] {
        assert!(futures_are_waiting(waiter).await);
    }
    assert!(matches!(line.turn(&ann).await, Err(HashError::Overloaded)), "its own address is the busiest");
    let mut newcomer = Box::pin(line.turn(&other));
    assert!(futures_are_waiting(&mut newcomer).await);
    assert!(matches!(third.await, Err(HashError::Overloaded)), "the newest caller loses its place");
    assert_eq!(line.lock().waiting, 3);
    assert!(matches!(line.turn(&other).await, Err(HashError::Overloaded)), "removing a caller would not be fairer");
    drop(busy);
    drop(first.await.expect("a turn"));
    drop(newcomer.await.expect("a turn"));
    drop(second.await.expect("a turn"));
    let state = line.lock();
    assert_eq!((state.free, state.waiting, state.addresses.len()), (1, 0, 0));
}

async fn futures_are_waiting(future: &mut (impl Future<Output = Result<Turn, HashError>> + Unpin)) -> bool {
    tokio::select! { biased; _ = future => false, () = std::future::ready(()) => true }
}

#[tokio::test]
async fn of_many_who_wait_and_give_up_at_random_no_turn_is_lost() {
    let line = FairLine::new(HashingLimits {
        parallel: NonZeroUsize::new(3).expect("three"),
        waiting: 1_000,
        waiting_per_address: 1_000,
        wait: Duration::from_micros(200),
    });
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..500_u32 {
        let line = line.clone();
        tasks.spawn(async move {
            let source = source(u8::try_from(number % 7).expect("a byte"), &format!("{}", number % 3));
            let turn = line.turn(&source).await;
            for _ in 0..number % 5 {
                tokio::task::yield_now().await;
            }
            drop(turn);
        });
    }
    tasks.join_all().await;
    let state = line.lock();
    assert_eq!((state.free, state.waiting, state.addresses.len()), (3, 0, 0));
}
