use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

/// An open transaction, which is rolled back on drop.
pub struct OpenTransaction {
    session: Child,
    answers: Lines<BufReader<ChildStdout>>,
}

impl OpenTransaction {
    /// Begins a transaction in a `psql` that waits for more input, and runs SQL in it.
    pub(super) fn begin(psql: &mut Command, sql: &str) -> Self {
        let mut session = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("psql");
        let input = session.stdin.as_mut().expect("piped");
        writeln!(input, "BEGIN;\n{sql};\nSELECT 'held';").expect("psql reads");
        let answers = BufReader::new(session.stdout.take().expect("piped")).lines();
        let mut transaction = Self { session, answers };
        transaction.answered("held");
        transaction
    }

    /// Commits the transaction.
    pub fn commit(mut self) {
        let input = self.session.stdin.as_mut().expect("piped");
        writeln!(input, "COMMIT;\nSELECT 'committed';").expect("psql reads");
        self.answered("committed");
    }

    /// Runs more SQL in the transaction, and waits until it is done.
    pub fn run(&mut self, sql: &str) {
        let input = self.session.stdin.as_mut().expect("piped");
        writeln!(input, "{sql};\nSELECT 'done';").expect("psql reads");
        self.answered("done");
    }

    /// Waits for this output. A failed transaction prints nothing.
    fn answered(&mut self, expected: &str) {
        let found = self.answers.by_ref().any(|line| line.expect("psql answers") == expected);
        assert!(found, "psql ended before it printed {expected}");
    }
}

impl Drop for OpenTransaction {
    fn drop(&mut self) {
        // At the end of its input psql exits, and the server rolls back.
        drop(self.session.stdin.take());
        let _ = self.session.wait();
    }
}
