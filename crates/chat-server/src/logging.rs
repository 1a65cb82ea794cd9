//! The log, on standard output.

use crate::config::LogFormat;
use anyhow::anyhow;
use std::io::IsTerminal as _;
use tracing_subscriber::{EnvFilter, fmt};

/// Starts logging for the whole process; once.
pub(crate) fn start(format: LogFormat, filter: &str) -> anyhow::Result<()> {
    let builder = fmt().with_env_filter(EnvFilter::try_new(filter)?).with_writer(std::io::stdout);
    let started = match format {
        LogFormat::Pretty => builder.with_ansi(std::io::stdout().is_terminal()).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    started.map_err(|error| anyhow!("cannot start the log: {error}"))
}
