use crate::body::check;
use crate::realtime::{ClientEpoch, Resume};
use crate::{Body, InvalidBody, Optional, Required, valid};
use chat_domain::changes::MissedLimit;
use garde::Validate;
use serde::Deserialize;

/// The body of `POST /sync`.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct SyncBody {
    /// The client's resume position in each conversation.
    #[garde(custom(valid))]
    positions: Required<Resume>,
    /// The epoch of these positions, from the last answer or `resumed`.
    #[garde(custom(valid))]
    #[serde(default)]
    epoch: Optional<ClientEpoch>,
    /// The maximum number of missed changes in the answer: 1 to 1,000, 1,000 by default. Conversations beyond it are in
    /// `limited`.
    #[garde(custom(valid))]
    #[serde(default)]
    limit: Optional<MissedLimit>,
}

impl Body for SyncBody {}

impl SyncBody {
    /// Returns the positions and the limit.
    pub fn parse(self) -> Result<(Resume, MissedLimit), InvalidBody> {
        check(&self, &())?;
        let positions = self.positions.take("positions")?.of_epoch(self.epoch.take());
        Ok((positions, self.limit.take().unwrap_or(MissedLimit::GREATEST)))
    }
}
