use crate::OpenError;
use crate::connect::ConnectFault;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Tries at least once, until it succeeds, the time is over, or another attempt cannot help.
pub(crate) async fn wait_for<T, F>(patience: Duration, mut attempt: impl FnMut() -> F) -> Result<T, OpenError>
where
    F: Future<Output = Result<T, ConnectFault>>,
{
    let until = Instant::now() + patience;
    let mut pause = FIRST_PAUSE;
    loop {
        match attempt().await {
            Ok(value) => return Ok(value),
            Err(ConnectFault { is_permanent: true, source }) => return Err(OpenError::Refused(source)),
            Err(ConnectFault { source, .. }) if Instant::now() + pause >= until => {
                return Err(OpenError::Unreachable(source));
            }
            Err(ConnectFault { source, .. }) => {
                tracing::warn!(error = source, "waiting for the database");
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
