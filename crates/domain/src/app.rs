//! Apps: decided on the control log.

use hansard_events::app::{AppCreated, AppSettingsChanged};
use hansard_types::{AppId, Reason, UserId};

use crate::{Decided, Decision, Reply, View};

/// Creates an app.
#[derive(Debug, Clone)]
pub struct CreateApp {
    pub app_id: AppId,
    pub administrators: Vec<UserId>,
    /// The first 16 hex digits of the secret's SHA-256.
    pub secret_fingerprint: String,
}

impl CreateApp {
    pub(crate) fn decide(&self, view: &dyn View) -> Decided {
        if view.app(self.app_id)?.is_some() {
            return Err(Reason::AppExists.into());
        }
        let event = AppCreated {
            app_id: self.app_id,
            administrators: self.administrators.clone(),
            secret_fingerprint: self.secret_fingerprint.clone(),
        };
        Ok(Decision::one(event, Reply::Done))
    }
}

/// Changes settings of an app: an absent one stays as it is.
#[derive(Debug, Clone)]
pub struct ChangeAppSettings {
    pub app_id: AppId,
    pub administrators: Option<Vec<UserId>>,
    pub secret_fingerprint: Option<String>,
}

impl ChangeAppSettings {
    pub(crate) fn decide(&self, view: &dyn View) -> Decided {
        let app = view.app(self.app_id)?.ok_or(Reason::AppUnknown)?;
        let event = AppSettingsChanged {
            app_id: self.app_id,
            administrators: self
                .administrators
                .clone()
                .filter(|new| *new != app.administrators),
            secret_fingerprint: self
                .secret_fingerprint
                .clone()
                .filter(|new| *new != app.secret_fingerprint),
        };
        if event.administrators.is_none() && event.secret_fingerprint.is_none() {
            return Ok(Decision::nothing(Reply::Done));
        }
        Ok(Decision::one(event, Reply::Done))
    }
}
