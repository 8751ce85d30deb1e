//! Groups and their rosters.
