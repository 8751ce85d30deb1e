use std::time::Instant;

use hansard_types::{AppId, UserId, error_chain};

use crate::Desk;
use crate::caller::{Caller, Denied, Rate, Role, Visitor};
use crate::usersig::{Claim, SignatureFault};

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
