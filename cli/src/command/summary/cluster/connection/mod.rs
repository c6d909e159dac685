//! A connection between two processes of a run: who may have one, and how messages travel on it.
//!
//! - [`door`]: process 0 waits for the others to connect
//! - [`greeting`]: the two processes of a new connection prove to each other that they have the key of the run
//! - [`key`]: the key, and the proofs
//! - [`wire`]: messages in frames, each with a tag made with the key

mod door;
mod greeting;
mod key;
mod wire;

pub(super) use self::door::Door;
pub(super) use self::greeting::{GreetingError, ProvenConnection, call};
pub(super) use self::key::{KEY_VARIABLE, RunKey};
pub(super) use self::wire::{FrameReceiver, FrameSender, Received, UNEXPECTED};
