//! The partition: mailbox, round, decide, append, project, answer, and recovery.
