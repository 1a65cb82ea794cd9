use crate::body::check;
use crate::{Body, InvalidBody, Optional, Required, valid};
use chat_domain::conversations::{ConversationChanges, ConversationDescription, ConversationName, Role};
use chat_domain::users::AvatarUrl;
use chat_domain::{Metadata, UserId};
use garde::Validate;
use serde::Deserialize;

/// The body of `POST /conversations`: a direct conversation if there is exactly one other participant and no name, else
/// a group.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct CreateConversationBody {
    #[garde(custom(valid))]
    participant_ids: Required<Vec<UserId>>,
    #[garde(custom(valid))]
    #[serde(default)]
    name: Optional<ConversationName>,
}

impl Body for CreateConversationBody {}

impl CreateConversationBody {
    /// Returns the other participants and the name.
    pub fn parse(self) -> Result<(Vec<UserId>, Option<ConversationName>), InvalidBody> {
        check(&self, &())?;
        Ok((self.participant_ids.take("participantIds")?, self.name.take()))
    }
}

/// The body of `POST /conversations/{id}/participants`: the user to add.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct AddParticipantBody {
    #[garde(custom(valid))]
    user_id: Required<UserId>,
}

impl Body for AddParticipantBody {}

impl AddParticipantBody {
    /// Returns the user to add.
    pub fn parse(self) -> Result<UserId, InvalidBody> {
        check(&self, &())?;
        self.user_id.take("userId")
    }
}

/// The body of `PATCH /conversations/{id}/participants/{userId}`: the participant's new role.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct ChangeRoleBody {
    #[garde(custom(valid))]
    role: Required<Role>,
}

impl Body for ChangeRoleBody {}

impl ChangeRoleBody {
    /// Returns the new role.
    pub fn parse(self) -> Result<Role, InvalidBody> {
        check(&self, &())?;
        self.role.take("role")
    }
}

/// The body of `PATCH /conversations/{id}`: omitted fields keep their value, `null` clears a field.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct UpdateConversationBody {
    #[garde(custom(valid))]
    #[serde(default)]
    name: Optional<ConversationName>,
    #[garde(custom(valid))]
    #[serde(default)]
    description: Optional<ConversationDescription>,
    #[garde(custom(valid))]
    #[serde(default)]
    avatar: Optional<AvatarUrl>,
    /// Any JSON object of up to 4,096 bytes, for the product.
    #[garde(custom(valid))]
    #[serde(default)]
    metadata: Optional<Metadata>,
}

impl Body for UpdateConversationBody {}

impl UpdateConversationBody {
    /// Parses the changes, which may be none.
    pub fn parse(self) -> Result<ConversationChanges, InvalidBody> {
        check(&self, &())?;
        Ok(ConversationChanges {
            name: self.name.take_change(),
            description: self.description.take_change(),
            avatar: self.avatar.take_change(),
            metadata: self.metadata.take_change(),
        })
    }
}
