//! The sends of one connection that are under way, in the order of their frames.

use std::collections::VecDeque;
use std::task::Poll;

/// The maximum number of sends of one connection that are under way.
pub(super) const MAX_SENDS: usize = 32;

/// The maximum size of their frames together, in bytes; a single frame may be larger.
pub(super) const MAX_SEND_BYTES: usize = 256 * 1024;

/// Work under way. It is begun in the order in which it is added, and its results are taken in the same order.
pub(super) struct Pipeline<K, W, T> {
    under_way: VecDeque<Entry<K, W, T>>,
    bytes: usize,
}

struct Entry<K, W, T> {
    ticket: K,
    bytes: usize,
    stage: Stage<W, T>,
}

enum Stage<W, T> {
    Running(W),
    Done(T),
}

impl<K, W, T> Pipeline<K, W, T> {
    pub(super) const fn new() -> Self {
        Self { under_way: VecDeque::new(), bytes: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Whether another frame may be read.
    pub(super) fn has_room(&self) -> bool {
        self.under_way.len() < MAX_SENDS && self.bytes < MAX_SEND_BYTES
    }

    /// Whether work of a frame of this size may begin.
    pub(super) fn fits(&self, bytes: usize) -> bool {
        self.is_empty() || (self.has_room() && self.bytes + bytes <= MAX_SEND_BYTES)
    }

    /// Adds work and begins it with a first `poll`.
    pub(super) fn add(&mut self, ticket: K, bytes: usize, mut work: W, poll: impl FnOnce(&mut W) -> Poll<T>) {
        let stage = match poll(&mut work) {
            Poll::Ready(result) => Stage::Done(result),
            Poll::Pending => Stage::Running(work),
        };
        self.bytes += bytes;
        self.under_way.push_back(Entry { ticket, bytes, stage });
    }

    /// Takes the oldest result. Only the oldest work is polled: no other result could be taken. `Pending` if there is
    /// nothing to take, also if there is no work.
    pub(super) fn poll_oldest(&mut self, poll: impl FnOnce(&mut W) -> Poll<T>) -> Poll<(K, T)> {
        let Some(Entry { ticket, bytes, stage }) = self.under_way.pop_front() else { return Poll::Pending };
        let polled = match stage {
            Stage::Done(result) => Ok(result),
            Stage::Running(mut work) => match poll(&mut work) {
                Poll::Ready(result) => Ok(result),
                Poll::Pending => Err(work),
            },
        };
        match polled {
            Ok(result) => {
                self.bytes -= bytes;
                Poll::Ready((ticket, result))
            }
            Err(work) => {
                self.under_way.push_front(Entry { ticket, bytes, stage: Stage::Running(work) });
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    /// Work that is done when it was told so, and notes when it was begun.
    struct World {
        done: RefCell<BTreeSet<usize>>,
        begun: RefCell<Vec<usize>>,
    }

    impl World {
        fn poll(&self, work: usize) -> Poll<usize> {
            let mut begun = self.begun.borrow_mut();
            if !begun.contains(&work) {
                begun.push(work);
            }
            if self.done.borrow().contains(&work) { Poll::Ready(work * 10) } else { Poll::Pending }
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Add(usize),
        Finish(usize),
        Take,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step =
            prop_oneof![(1_usize..40_000).prop_map(Step::Add), (0_usize..60).prop_map(Step::Finish), Just(Step::Take),];
        proptest::collection::vec(step, 0..300)
    }

    proptest! {
        #[test]
        fn work_is_begun_and_its_results_are_taken_in_the_order_of_its_frames_and_within_the_bounds(steps in steps()) {
            let world = World { done: RefCell::default(), begun: RefCell::default() };
            let mut pipeline = Pipeline::<usize, usize, usize>::new();
            let (mut sizes, mut taken) = (Vec::new(), 0);
            for step in steps {
                match step {
                    Step::Add(bytes) => {
                        if pipeline.fits(bytes) {
                            pipeline.add(sizes.len(), bytes, sizes.len(), |work| world.poll(*work));
                            sizes.push(bytes);
                        }
                    }
                    Step::Finish(work) => drop(world.done.borrow_mut().insert(work)),
                    Step::Take => {
                        if let Poll::Ready((ticket, result)) = pipeline.poll_oldest(|work| world.poll(*work)) {
                            prop_assert_eq!((ticket, result), (taken, taken * 10));
                            taken += 1;
                        } else {
                            prop_assert!(taken == sizes.len() || !world.done.borrow().contains(&taken));
                        }
                    }
                }
                let under_way = &sizes[taken..];
                prop_assert!(under_way.len() <= MAX_SENDS);
                prop_assert!(under_way.len() <= 1 || under_way.iter().sum::<usize>() <= MAX_SEND_BYTES);
                prop_assert_eq!(pipeline.is_empty(), under_way.is_empty());
                prop_assert!(world.begun.borrow().iter().copied().eq(0..sizes.len()), "each is begun when it is added");
            }
        }
    }

    #[test]
    fn a_frame_above_the_bound_goes_alone() {
        let mut pipeline = Pipeline::<(), (), ()>::new();
        assert!(pipeline.fits(2 * MAX_SEND_BYTES));
        pipeline.add((), 2 * MAX_SEND_BYTES, (), |()| Poll::Pending);
        assert!(!pipeline.has_room() && !pipeline.fits(1));
        assert!(pipeline.poll_oldest(|()| Poll::Ready(())).is_ready());
        assert!(pipeline.has_room() && pipeline.fits(MAX_SEND_BYTES) && pipeline.is_empty());
    }
}
