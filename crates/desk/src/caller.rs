use std::sync::Arc;

use hansard_types::{Actor, AppId, UserId};

use crate::usersig::SignatureFault;

/// The secret keys of the apps. They never leave the process that asks.
pub trait Secrets: Send + Sync + 'static {
    /// `None` when there is no such app.
    fn secret(&self, app: AppId) -> Option<Arc<str>>;
}

/// As what someone comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Of the app: may act in anyone's name.
    Administrator,
    /// An account that there is, for what is its own.
    Account,
}

/// A documented rate of calls of one app.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    pub command: &'static str,
    pub per_second: u32,
}

/// Someone at the door, and what they show.
pub struct Visitor<'a> {
    pub app: AppId,
    /// Absent: whoever the signature names.
    pub identifier: Option<&'a str>,
    /// A UserSig.
    pub signature: &'a str,
    pub role: Role,
    /// Absent: calls of this kind have no rate.
    pub rate: Option<Rate>,
    /// What the request is called in our logs and in the events that it causes.
    pub request_id: String,
}

/// Who has been admitted, and for what request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub app: AppId,
    pub user: UserId,
    pub role: Role,
    pub request_id: String,
}

impl Caller {
    /// As whom it acts.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self.role {
            Role::Administrator => Actor::Administrator(self.user.clone()),
            Role::Account => Actor::Account(self.user.clone()),
        }
    }
}

/// Why someone was not admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error(transparent)]
    Signature(#[from] SignatureFault),
    #[error("identifier is not a UserID")]
    NotAUserId,
    #[error("the identifier is not an administrator of the app")]
    NotAnAdministrator,
    #[error("the account does not exist; import it first")]
    AccountUnknown,
    #[error("more calls than this command takes in a second")]
    TooManyCalls,
    /// Something of ours broke, and this is what.
    #[error("{0}")]
    Broken(String),
}
