//! The log, on standard output. It never delays the service: lines wait in a bounded buffer for a thread of their own.
//! If the output does not accept them, they are lost and counted. Lines that any client can cause have a budget.

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

/// Hides the start messages of the HTTP workers, one per worker. Naming the target in `RUST_LOG` shows them again.
const QUIET: &str = "actix_server=warn";

static BUDGET: OnceLock<Budget> = OnceLock::new();

/// Starts logging for the whole process; call it once. Dropping the result waits up to a second for lines that are not
/// written yet.
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

/// Logs how many lines were left out since the last call, by kind.
pub(crate) fn report_left_out() {
    if let Some(budget) = BUDGET.get() {
        budget.report();
    }
}

/// Logs panics. The standard library would print to standard error, and block if no one reads it.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let backtrace = Backtrace::capture();
        let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
        tracing::error!(backtrace, "{panic}");
    }));
}

/// Makes a write that would exceed the file size limit (`RLIMIT_FSIZE`), of the log or the database, fail with an
/// error. By default the signal ends the process.
fn survive_full_files() {
    // A signal with a handler does not end the process, even if nothing waits for it.
    if let Err(error) = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())) {
        tracing::debug!(%error, "cannot handle SIGXFSZ: a file over the size limit will end the process");
    }
}
