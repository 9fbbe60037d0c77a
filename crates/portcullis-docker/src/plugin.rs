//! What serves the daemon's calls: a gate that decides, or a recorder that only listens.
//!
//! Must not know: sockets, policies.

use crate::wire::{Answer, Call};

/// Why a message could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The kind of fault, as metrics name it: one of a short list.
    pub cause: &'static str,
    /// The fault in words for the user.
    pub reason: String,
}

impl Unread {
    /// Returns a fault of this kind.
    pub fn new(cause: &'static str, reason: impl Into<String>) -> Self {
        Self { cause, reason: reason.into() }
    }
}

/// Answers the daemon's calls. Shared between threads; always answers, never panics on purpose.
pub trait Plugin: Send + Sync + 'static {
    /// Returns the answer to the bytes of a message. Takes them: bodies can be big, and each stage
    /// lets go of what the stage before it made.
    fn answer(&self, call: Call, bytes: Vec<u8>) -> Answer;

    /// Returns the answer to a message that could not be read at all.
    fn answer_unread(&self, call: Call, fault: Unread) -> Answer;

    /// Whether somebody looks at responses now: where nobody does their bytes are thrown away, and
    /// every one is released.
    fn wants_responses(&self) -> bool;
}
