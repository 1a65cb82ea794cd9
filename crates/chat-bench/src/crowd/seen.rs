use std::collections::VecDeque;

/// The numbers that a member has received, in any order. Almost all are in order, so it keeps next to nothing.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// All up to this one.
    through: u64,
    /// Of the numbers from `through + 1`: whether each is there. The first is not.
    ahead: VecDeque<bool>,
}

impl Seen {
    /// Everything up to this number is there.
    pub(super) const fn through(number: u64) -> Self {
        Self { through: number, ahead: VecDeque::new() }
    }

    /// Adds a number; false if it was there already.
    pub(super) fn add(&mut self, number: u64) -> bool {
        let Some(place) = number.checked_sub(self.through + 1).and_then(|place| usize::try_from(place).ok()) else {
            return false;
        };
        if place == 0 && self.ahead.is_empty() {
            self.through = number;
            return true;
        }
        if place >= self.ahead.len() {
            self.ahead.resize(place + 1, false);
        }
        if std::mem::replace(&mut self.ahead[place], true) {
            return false;
        }
        while self.ahead.front() == Some(&true) {
            self.ahead.pop_front();
            self.through += 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Seen;

    #[test]
    fn each_number_counts_once_in_any_order() {
        let mut seen = Seen::default();
        for number in [1, 4, 2, 3, 5] {
            assert!(seen.add(number), "{number}");
        }
        for number in 1..=5 {
            assert!(!seen.add(number), "{number} again");
        }
        assert!(seen.ahead.is_empty(), "nothing is kept of what is complete");
        assert!(seen.add(7) && !seen.add(7));
        assert!(seen.add(6) && seen.add(8));
    }

    #[test]
    fn numbers_before_the_start_are_repeats() {
        let mut seen = Seen::through(10);
        assert!(!seen.add(10) && !seen.add(0));
        assert!(seen.add(11));
    }
}
