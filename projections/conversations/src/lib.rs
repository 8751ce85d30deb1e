//! Timelines, inboxes, read positions and deduplication.
