//! The words every crate shares: ids, positions, limits and reason codes.
//!
//! No I/O, no async, no clock. Every id is checked once, when it is made, so a value of one of
//! these types is valid wherever it is met.
//!
//! ```
//! use hansard_types::{ConversationId, UserId};
//! let alice = UserId::new("alice")?;
//! let bob = UserId::new("bob")?;
//! let conversation = ConversationId::c2c(&bob, &alice);
//! assert_eq!(conversation.to_string(), "c2c:alice:bob");
//! # Ok::<(), hansard_types::IdError>(())
//! ```

mod actor;
mod code;
mod conversation;
mod error_chain;
mod id;
mod lack;
pub mod limits;
mod merged_key;
mod position;
pub mod profile;

pub use actor::Actor;
pub use code::Reason;
pub use conversation::{ConversationId, ConversationIdError};
pub use error_chain::error_chain;
pub use id::{AppId, GroupId, IdError, TopicId, UserId};
pub use lack::Lack;
pub use merged_key::{MergedKey, MergedKeyError};
pub use position::{Checkpoint, LogId, Position, PositionError, Positions, Seq, Timestamp};
