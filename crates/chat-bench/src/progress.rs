//! A progress bar, shown if stderr is a terminal.

use std::io::{IsTerminal as _, Write as _};

const WIDTH: usize = 30;

/// Counts steps. Dropping it clears the bar.
pub(crate) struct Progress {
    steps: usize,
    done: usize,
    is_shown: bool,
}

impl Progress {
    pub(crate) fn of(steps: usize) -> Self {
        Self { steps: steps.max(1), done: 0, is_shown: std::io::stderr().is_terminal() }
    }

    /// Shows that a step begins.
    pub(crate) fn begin(&self, what: &str) {
        if self.is_shown {
            // \x1b[K clears the rest of a longer text.
            write(&format!("\r{} {}/{} {what}\x1b[K", self.bar(), self.done, self.steps));
        }
    }

    /// Counts the current step as done.
    pub(crate) fn step(&mut self) {
        self.done += 1;
    }

    fn bar(&self) -> String {
        let full = WIDTH * self.done.min(self.steps) / self.steps;
        format!("[{}{}]", "#".repeat(full), "-".repeat(WIDTH - full))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            write("\r\x1b[K");
        }
    }
}

fn write(text: &str) {
    // A failed write is ignored: the terminal may be gone.
    let mut terminal = std::io::stderr();
    let _ = terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
}

#[cfg(test)]
mod tests {
    use super::{Progress, WIDTH};

    #[test]
    fn the_bar_is_full_in_the_end_and_not_before() {
        let mut progress = Progress { steps: 3, done: 0, is_shown: false };
        assert_eq!(progress.bar().matches('#').count(), 0);
        progress.step();
        assert_eq!(progress.bar().matches('#').count(), WIDTH / 3);
        for _ in 0..3 {
            progress.step();
        }
        assert_eq!(progress.bar().matches('#').count(), WIDTH);
    }
}
