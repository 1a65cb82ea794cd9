//! The log, on standard output.

use crate::config::LogFormat;
use anyhow::anyhow;
use std::io::IsTerminal as _;
use tracing_subscriber::{EnvFilter, fmt};

/// The start of the HTTP workers, in as many lines as there are workers, is nobody's business; naming the target in `RUST_LOG` brings
/// them back.
const QUIET: &str = "actix_server=warn";

/// Starts logging for the whole process; once.
pub(crate) fn start(format: LogFormat, filter: &str) -> anyhow::Result<()> {
    let builder = fmt().with_env_filter(EnvFilter::try_new(format!("{QUIET},{filter}"))?).with_writer(std::io::stdout);
    let started = match format {
        LogFormat::Pretty => builder.with_ansi(std::io::stdout().is_terminal()).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    started.map_err(|error| anyhow!("cannot start the log: {error}"))
}
