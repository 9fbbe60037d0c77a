//! Decision logs: what was decided, on the console and uploaded in chunks.
//!
//! [`DecisionLogger`] is the log of a server, with OPA's events; [`DecisionLog`] a plain queue and
//! writer, for a surface with lines of its own.
//!
//! Must not know: any surface's wire format.
//!
//! Read first: `event.rs`, then `logger.rs`, `worker.rs`, `backlog.rs`, `uploader.rs`.

mod backlog;
mod buffer;
mod chunk;
mod counters;
mod error;
mod event;
mod logger;
mod mask;
mod policy;
mod queue;
mod remote;
mod spill;
mod tree;
mod upload;
mod uploader;
mod worker;

pub use self::buffer::BUFFER_BYTES_MAX;
pub use self::counters::{Count, Counters};
pub use self::error::{DecisionLogError, UploadError};
pub use self::event::Event;
pub use self::logger::{DecisionLogOptions, DecisionLogger, EventSink};
pub use self::mask::{MASK_PATH_SEGMENTS_MAX, MASK_RULES_MAX};
pub use self::queue::{DRAIN_TIMEOUT, DecisionLog, Encode, QUEUE_BYTES_MAX, QUEUE_EVENTS_MAX};
pub use self::remote::ServiceUpload;
pub use self::upload::{Upload, Uploading};
pub use self::uploader::UPLOAD_TIMEOUT;
pub use self::worker::{SYNC_DELAY, WAITING_BYTES_MAX, WAITING_EVENTS_MAX};
