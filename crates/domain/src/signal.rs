use hansard_events::message::MessageSent;

/// What those who are there are told and nobody keeps: it is in no log and no read model.
#[derive(Debug, Clone, PartialEq)]
pub enum Signal {
    /// A message for those who are online only, as one that is stored would be; its seq is 0,
    /// which is no stored message's.
    Message(MessageSent),
}
