//! What a projection is, and how one catches up with the log and follows it.
