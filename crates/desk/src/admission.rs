use std::sync::Arc;
use std::time::Instant;

use hansard_types::{Actor, AppId, UserId, error_chain};

use crate::Desk;
use crate::usersig::{Claim, SignatureFault};

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

impl Desk {
    /// Lets someone in, or says why not. Everything that is decided without a request's body.
    ///
    /// # Errors
    /// The first [`Denied`], in the order of its variants.
    pub fn admit(&self, visitor: Visitor<'_>) -> Result<Caller, Denied> {
        let Visitor {
            app,
            identifier,
            signature,
            role,
            rate,
            request_id,
        } = visitor;
        let claim = Claim {
            app,
            identifier,
            signature,
        };
        let secret = self.secrets.secret(app);
        let verified = self
            .verifier
            .verify(claim, secret.as_deref(), self.engine.now())?;
        let user = UserId::new(&verified.identifier).map_err(|_| Denied::NotAUserId)?;
        self.check_not_revoked(app, &user, verified.issued_at_seconds)?;
        self.check_role(app, &user, role)?;
        if let Some(Rate {
            command,
            per_second,
        }) = rate
            && self.options.rate_limits
            && !self.limiter.take(app, command, per_second, Instant::now())
        {
            return Err(Denied::TooManyCalls);
        }
        Ok(Caller {
            app,
            user,
            role,
            request_id,
        })
    }

    /// Whether a signature of the account was taken back after it had been issued. One look-up by
    /// key for every request, so that a kick holds from the moment it is answered.
    fn check_not_revoked(
        &self,
        app: AppId,
        user: &UserId,
        issued_at_seconds: u64,
    ) -> Result<(), Denied> {
        let revoked = self
            .engine
            .signatures_revoked_up_to(app, user)
            .map_err(|error| Denied::Broken(error_chain(&error)))?;
        if revoked.is_some_and(|up_to| issued_at_seconds <= up_to) {
            return Err(SignatureFault::Revoked.into());
        }
        Ok(())
    }

    fn check_role(&self, app: AppId, user: &UserId, role: Role) -> Result<(), Denied> {
        match role {
            Role::Administrator if self.engine.is_administrator(app, user.as_str()) => Ok(()),
            Role::Administrator => Err(Denied::NotAnAdministrator),
            Role::Account => {
                let account = self.engine.account(app, user);
                match account.map_err(|error| Denied::Broken(error_chain(&error)))? {
                    Some(_) => Ok(()),
                    None => Err(Denied::AccountUnknown),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
