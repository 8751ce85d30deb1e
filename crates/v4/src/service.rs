use hansard_types::Reason;

use crate::codes;

/// A service of the server API, and what it calls what goes wrong.
#[derive(Debug)]
pub(crate) struct Service {
    /// Its part of the path.
    pub(crate) path: &'static str,
    /// A body that is no JSON object.
    pub(crate) json: u32,
    /// A field that is wrong and has no code of its own.
    pub(crate) parameter: u32,
    /// It is not the caller's fault.
    pub(crate) internal: u32,
    /// Whether its answers carry `ErrorDisplay`.
    pub(crate) has_error_display: bool,
    /// Whether its answers carry `ActionStatus`: the contract's samples of one service do not.
    pub(crate) has_action_status: bool,
    /// What it calls a refusal; others are called as [`codes::REFUSALS`] says.
    pub(crate) refusals: &'static [(Reason, u32)],
    /// What one of its endpoints calls a refusal instead.
    pub(crate) exceptions: &'static [(&'static str, Reason, u32)],
}

impl Service {
    /// What a refusal is called by one of its endpoints: the narrowest row holds.
    pub(crate) fn code_of(&self, reason: Reason, command: &str) -> u32 {
        let exception = self
            .exceptions
            .iter()
            .find(|(name, row, _)| *name == command && *row == reason)
            .map(|(_, _, code)| *code);
        exception
            .or_else(|| row(self.refusals, reason))
            .or_else(|| row(codes::REFUSALS, reason))
            .unwrap_or(self.internal)
    }
}

fn row(table: &[(Reason, u32)], reason: Reason) -> Option<u32> {
    let found = table.iter().find(|(row, _)| *row == reason);
    found.map(|(_, code)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoints;

    #[test]
    fn every_reason_has_a_code_where_it_can_be_given() {
        let services = || endpoints().map(|endpoint| endpoint.service);
        for reason in Reason::ALL {
            let is_known = row(codes::REFUSALS, *reason).is_some()
                || services().any(|service| row(service.refusals, *reason).is_some());
            assert!(is_known, "{}", reason.name());
        }
        for service in services() {
            for (index, (reason, _)) in service.refusals.iter().enumerate() {
                let again = row(&service.refusals[index + 1..], *reason);
                assert_eq!(again, None, "{} {}", service.path, reason.name());
            }
            for (command, ..) in service.exceptions {
                let path = format!("{}/{command}", service.path);
                assert!(crate::find(&path).is_some(), "{path}");
            }
        }
    }

    #[test]
    fn the_narrowest_row_holds() {
        let code = |path: &str, reason| {
            let (_, endpoint) = crate::find(path).expect("an endpoint");
            endpoint.service.code_of(reason, endpoint.command)
        };
        let sender = Reason::SenderUnknown;
        assert_eq!(code("openim/sendmsg", sender), 20003);
        assert_eq!(code("openim/admin_msgwithdraw", sender), 90008);
        assert_eq!(code("group_open_http_svc/send_group_msg", sender), 10019);
        let forbids = Reason::GroupTypeForbids;
        assert_eq!(code("group_open_http_svc/add_group_member", forbids), 10007);
        assert_eq!(
            code("group_open_http_svc/delete_group_member", forbids),
            10004
        );
        let too_long = Reason::ProfileValueTooLong;
        assert_eq!(code("im_open_login_svc/account_import", too_long), 40601);
    }
}
