use std::time::Duration;

/// The number of steps of a worker's wheel since its start.
pub(crate) type Tick = u32;

/// The length of one step: the maximum delay of a timer.
pub(crate) const TICK: Duration = Duration::from_millis(50);

/// The number of steps per turn. An entry that is due later than one turn from now waits in its slot for another turn.
const SLOTS: usize = 512;

/// The number of steps of this duration, at least one.
pub(crate) fn ticks(duration: Duration) -> Tick {
    Tick::try_from(duration.as_millis().div_ceil(TICK.as_millis())).unwrap_or(Tick::MAX / 2).clamp(1, Tick::MAX / 2)
}

/// A timing wheel: one timer per thread for any number of connections. An entry takes a few bytes, and costs nothing
/// while it waits.
#[derive(Debug)]
pub(crate) struct Wheel<T> {
    slots: Vec<Vec<(Tick, T)>>,
    now: Tick,
}

impl<T> Wheel<T> {
    pub(crate) fn new() -> Self {
        // Tick zero means "never" in deadlines.
        Self { slots: (0..SLOTS).map(|_| Vec::new()).collect(), now: 1 }
    }

    pub(crate) const fn now(&self) -> Tick {
        self.now
    }

    /// Stores `item` until `at`; an item that is already due is returned by the next step.
    pub(crate) fn insert(&mut self, at: Tick, item: T) {
        let at = at.max(self.now.saturating_add(1));
        self.slots[at as usize % SLOTS].push((at, item));
    }

    /// Advances to `to` and moves the items that are due by then into `due`.
    pub(crate) fn advance(&mut self, to: Tick, due: &mut Vec<(Tick, T)>) {
        while self.now < to {
            self.now += 1;
            let (now, slot) = (self.now, &mut self.slots[self.now as usize % SLOTS]);
            if slot.iter().any(|(at, _)| *at <= now) {
                due.extend(slot.extract_if(.., |(at, _)| *at <= now));
                slot.shrink_to(slot.len() * 2);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn everything_comes_once_and_neither_early_nor_late(
            delays in proptest::collection::vec(0_u32..2_000, 0..60),
            steps in proptest::collection::vec(1_u32..400, 1..30)
        ) {
            let mut wheel = Wheel::new();
            let start = wheel.now();
            for (index, delay) in delays.iter().enumerate() { wheel.insert(start + delay, index); }
            let mut came = vec![None; delays.len()];
            for step in steps {
                let mut due = Vec::new();
                let before = wheel.now();
                wheel.advance(before + step, &mut due);
                for (at, index) in due {
                    prop_assert!(came[index].replace(at).is_none());
                    prop_assert_eq!(at, start + delays[index].max(1));
                    prop_assert!(before < at && at <= before + step);
                }
            }
            let now = wheel.now();
            for (index, delay) in delays.iter().enumerate() {
                prop_assert_eq!(came[index].is_some(), start + delay.max(&1) <= now);
            }
        }
    }

    #[test]
    fn durations_become_at_least_one_step() {
        assert_eq!((ticks(Duration::ZERO), ticks(TICK), ticks(TICK * 3 / 2)), (1, 1, 2));
        assert_eq!(ticks(Duration::MAX), Tick::MAX / 2);
    }
}
