//! Events about accounts.

use hansard_types::UserId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Sample;

/// `account.imported`: a present field overwrites, an absent one leaves what was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountImported {
    pub user_id: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nick: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub face_url: Option<String>,
}

impl Sample for AccountImported {
    fn sample() -> Self {
        Self {
            user_id: UserId::new("alice").expect("a valid id"),
            nick: Some("앨리스".to_owned()),
            face_url: Some("https://example.org/alice.png".to_owned()),
        }
    }

    fn bucket_key(&self) -> String {
        format!("account:{}", self.user_id)
    }
}
