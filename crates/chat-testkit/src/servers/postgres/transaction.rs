use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A transaction that is open; dropped, it is undone.
pub struct OpenTransaction {
    session: Child,
    answers: Lines<BufReader<ChildStdout>>,
}

impl OpenTransaction {
    /// Begins it by a `psql` that waits for more, and runs some SQL in it.
    pub(super) fn begin(psql: &mut Command, sql: &str) -> Self {
        let mut session = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("psql");
        let input = session.stdin.as_mut().expect("piped");
        writeln!(input, "BEGIN;\n{sql};\nSELECT 'held';").expect("psql reads");
        let answers = BufReader::new(session.stdout.take().expect("piped")).lines();
        let mut transaction = Self { session, answers };
        transaction.answered("held");
        transaction
    }

    /// Commits it.
    pub fn commit(mut self) {
        let input = self.session.stdin.as_mut().expect("piped");
        writeln!(input, "COMMIT;\nSELECT 'committed';").expect("psql reads");
        self.answered("committed");
    }

    /// Runs more SQL in it, and waits until that is done.
    pub fn run(&mut self, sql: &str) {
        let input = self.session.stdin.as_mut().expect("piped");
        writeln!(input, "{sql};\nSELECT 'done';").expect("psql reads");
        self.answered("done");
    }

    /// Waits for this answer. A transaction that failed answers nothing.
    fn answered(&mut self, expected: &str) {
        let found = self.answers.by_ref().any(|line| line.expect("psql answers") == expected);
        assert!(found, "psql ended before it said {expected}");
    }
}

impl Drop for OpenTransaction {
    fn drop(&mut self) {
        // At the end of its input psql goes, and the server undoes its transaction.
        drop(self.session.stdin.take());
        let _ = self.session.wait();
    }
}
