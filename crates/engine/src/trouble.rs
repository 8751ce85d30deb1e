/// What is in the way, and of what.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    pub(crate) reason: String,
    pub(crate) refuses_writes: bool,
}

/// What can be in the way of all partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hindrance {
    /// The disk is nearly full.
    Disk,
    /// nats-server does not take events.
    Log,
}
