//! File descriptors: how many there are, and who may have how many.
//!
//! Connections are other people's doing, our own files are not: a journal that cannot begin its
//! next file stops every write. So the limit is raised as far as it may be, and connections get
//! what is left once our own files have theirs.

use anyhow::{Context as _, Result, bail};
use hansard_types::limits::{
    CONNECTIONS_MAX, DESCRIPTORS_MAX, DESCRIPTORS_MIN, OWN_FILES_OPEN_MAX, TABLE_FILES_OPEN_MAX,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Who may have how many of the process's descriptors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Descriptors {
    /// All of them.
    pub(crate) limit: u64,
    /// Connections of callers.
    pub(crate) connections: u64,
    /// Table files of the read models.
    pub(crate) tables: u64,
}

impl Descriptors {
    /// Raises the limit as far as this process may, and shares out what there is then.
    pub(crate) fn raise() -> Result<Self> {
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let wanted = maximum.unwrap_or(u64::MAX).min(DESCRIPTORS_MAX);
        if current.is_some_and(|current| current < wanted) {
            let raised = Rlimit {
                current: Some(wanted),
                maximum,
            };
            setrlimit(Resource::Nofile, raised)
                .with_context(|| format!("the limit of file descriptors is not {wanted}"))?;
        }
        let shared = Self::of_process();
        if shared.limit < DESCRIPTORS_MIN {
            bail!(
                "only {} file descriptors may be open, {DESCRIPTORS_MIN} are needed: raise the \
                 limit (ulimit -n, or LimitNOFILE= of the service unit)",
                shared.limit
            );
        }
        Ok(shared)
    }

    /// Shares out what this process may have open now.
    pub(crate) fn of_process() -> Self {
        Self::of(getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX))
    }

    fn of(limit: u64) -> Self {
        let quarter = limit / 4;
        let tables = quarter.min(TABLE_FILES_OPEN_MAX);
        let own = quarter.min(OWN_FILES_OPEN_MAX);
        Self {
            limit,
            connections: (limit - tables - own).min(CONNECTIONS_MAX),
            tables,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_our_own_files_what_they_need() {
        let few = Descriptors::of(1024);
        assert_eq!((few.connections, few.tables), (512, 256));
        let many = Descriptors::of(1024 * 1024);
        assert_eq!((many.connections, many.tables), (CONNECTIONS_MAX, 1024));
        for limit in [0, 3, 256, 4096, 20_000, u64::MAX] {
            let Descriptors {
                limit,
                connections,
                tables,
            } = Descriptors::of(limit);
            assert!(connections <= limit - tables - tables, "{limit}");
        }
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_may_be() {
        let shared = Descriptors::raise().expect("raised");
        let limit = getrlimit(Resource::Nofile);
        let most = limit.maximum.unwrap_or(u64::MAX).min(DESCRIPTORS_MAX);
        assert!(limit.current.is_none_or(|current| current >= most));
        assert_eq!(shared, Descriptors::of_process());
    }
}
