//! The log, on standard output. It never holds up the service: lines wait in a bounded buffer for a thread of their
//! own, and
//! are lost, and counted, where the output does not take them. What strangers can cause is written up to a budget.

mod budget;
mod noise;
mod writer;

pub(crate) use writer::{Flush, lost_lines};

use crate::config::LogFormat;
use anyhow::Context as _;
use budget::Budget;
use noise::Noise;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::IsTerminal as _;
use std::sync::OnceLock;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};
use writer::LogWriter;

/// The start of the HTTP workers, in as many lines as there are workers, tells operators nothing; naming the target in
/// `RUST_LOG` brings the lines back.
const QUIET: &str = "actix_server=warn";

static BUDGET: OnceLock<Budget> = OnceLock::new();

/// Starts logging for the whole process; once. Dropping the result waits a moment for the lines that are not written
/// yet.
pub(crate) fn start(format: LogFormat, filter: &str) -> anyhow::Result<Flush> {
    survive_full_files();
    let filter = EnvFilter::try_new(format!("{QUIET},{filter}"))?;
    let (writer, flush) = LogWriter::start().context("cannot start the log")?;
    let lines = fmt::layer().with_writer(writer).log_internal_errors(false);
    let lines = match format {
        LogFormat::Pretty => lines.with_ansi(std::io::stdout().is_terminal()).boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let budget = BUDGET.get_or_init(Budget::default);
    tracing_subscriber::registry()
        .with(filter)
        .with(Noise)
        .with(budget.clone())
        .with(lines)
        .try_init()
        .context("cannot start the log")?;
    log_panics();
    Ok(flush)
}

/// Tells how many lines were left out since this was last called, by what they said.
pub(crate) fn report_left_out() {
    if let Some(budget) = BUDGET.get() {
        budget.report();
    }
}

/// The standard library would print to standard error, and wait for a reader that does not read.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let backtrace = Backtrace::capture();
        let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
        tracing::error!(backtrace, "{panic}");
    }));
}

/// A file that reaches the limit of its size (`RLIMIT_FSIZE`) is to be an error of that write, of the log or the
/// database,
/// and not the end of the process, which the signal's default is.
fn survive_full_files() {
    // A signal that has a handler ends nothing, whether or not anybody waits for it.
    if let Err(error) = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())) {
        tracing::debug!(%error, "a file that grows too large ends the process");
    }
}
