//! How far it is: a bar on the terminal, and nothing where there is none.

use std::io::{IsTerminal as _, Write as _};

const WIDTH: usize = 30;

/// Steps that are counted. Dropped, the bar goes.
pub(crate) struct Progress {
    steps: usize,
    done: usize,
    is_shown: bool,
}

impl Progress {
    pub(crate) fn of(steps: usize) -> Self {
        Self { steps: steps.max(1), done: 0, is_shown: std::io::stderr().is_terminal() }
    }

    /// A step begins.
    pub(crate) fn begin(&self, what: &str) {
        if self.is_shown {
            // \x1b[K clears what a longer text left behind.
            write(&format!("\r{} {}/{} {what}\x1b[K", self.bar(), self.done, self.steps));
        }
    }

    /// The step that began is done.
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
    // A terminal that has gone does not matter.
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
