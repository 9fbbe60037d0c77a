//! Everything that waits to be uploaded: what the configuration of now keeps, and what those before
//! it have left.
//!
//! Must not know: uploads, policies.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use super::buffer::{BUFFER_BYTES_MAX, EventBuffer, SizeBuffer};
use super::chunk::{Chunk, ChunkMaker};
use super::counters::{Count, Counters};
use super::error::DecisionLogError;
use super::spill::{Spill, SpillOptions};
use crate::config::LogBuffer;

/// Most spill directories of earlier configurations that are still emptied; what is in others
/// stays there until they are configured again.
const RETIRED_MAX: usize = 4;

/// How events wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BacklogOptions {
    /// What is kept in memory, where nothing is spilled.
    pub(super) buffer: LogBuffer,
    /// Largest chunk, in bytes.
    pub(super) upload_bytes_max: usize,
    /// Where events are spilled to.
    pub(super) spill: Option<SpillOptions>,
}

/// Which chunks are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Any.
    Any,
    /// Full ones.
    Full,
}

/// What waits.
pub(super) struct Backlog {
    options: BacklogOptions,
    counters: Arc<Counters>,
    store: Store,
    /// What earlier configurations have left in memory.
    carried: VecDeque<Chunk>,
    carried_bytes: usize,
    /// What they have left on the disk.
    retired: VecDeque<Spill>,
    out: Option<Out>,
}

enum Store {
    Size(SizeBuffer),
    Events(EventBuffer),
    Spill(Box<Spill>),
}

/// Where the chunk that is out came from.
enum Out {
    Carried(Chunk),
    Retired,
    Store(Chunk),
    /// From a directory that is no longer at its place; it is delivered again.
    Gone,
}

impl Backlog {
    /// Returns a backlog; empty, or with what the spill directory holds.
    ///
    /// Errors: the spill directory cannot be used.
    pub(super) fn open(
        options: BacklogOptions,
        counters: Arc<Counters>,
    ) -> Result<Self, DecisionLogError> {
        let store = Store::open(&options, &counters)?;
        Ok(Self {
            options,
            counters,
            store,
            carried: VecDeque::new(),
            carried_bytes: 0,
            retired: VecDeque::new(),
            out: None,
        })
    }

    /// Takes over other options; what waits goes on waiting.
    ///
    /// Errors: the spill directory cannot be used; everything is as it was.
    pub(super) fn reconfigure(&mut self, options: BacklogOptions) -> Result<(), DecisionLogError> {
        if options == self.options {
            return Ok(());
        }
        if let (Store::Spill(spill), Some(new)) = (&mut self.store, &options.spill)
            && spill.directory() == new.directory
        {
            let maker = ChunkMaker::new(options.upload_bytes_max, Arc::clone(&self.counters));
            spill.reconfigure(new.limit, maker);
            self.options = options;
            return Ok(());
        }
        let retired = self.retired.iter().position(|spill| {
            options.spill.as_ref().is_some_and(|new| new.directory == spill.directory())
        });
        let again = retired.and_then(|place| self.retired.remove(place));
        if again.is_some() && matches!(self.out, Some(Out::Retired)) {
            self.out = Some(Out::Gone);
        }
        drop(again); // gives the lock of the directory back
        let store = Store::open(&options, &self.counters)?;
        self.options = options;
        let old = std::mem::replace(&mut self.store, store);
        self.retire(old);
        Ok(())
    }

    fn retire(&mut self, old: Store) {
        let is_out = matches!(self.out, Some(Out::Store(_)));
        match (old, self.out.take()) {
            (Store::Spill(mut spill), out) => {
                spill.sync();
                spill.put_back();
                self.out = if is_out { Some(Out::Gone) } else { out };
                self.retired.push_back(*spill);
                if self.retired.len() > RETIRED_MAX
                    && let Some(spill) = self.retired.pop_front()
                {
                    let directory = spill.directory().display();
                    tracing::warn!(%directory, "decisions stay there until it is configured again");
                }
            }
            (mut old, out) => {
                self.out = match out {
                    Some(Out::Store(chunk)) => Some(Out::Carried(chunk)),
                    other => other,
                };
                // Each turn takes events out of a store that gets no new ones.
                while let Some(chunk) = old.take() {
                    self.carry(chunk, End::Newest);
                }
            }
        }
    }

    /// Puts an event in. Returns whether a chunk is full.
    pub(super) fn push(&mut self, event: Bytes) -> bool {
        match &mut self.store {
            Store::Size(buffer) => buffer.push(event),
            Store::Events(buffer) => buffer.push(event),
            Store::Spill(spill) => spill.push(event),
        }
    }

    /// Returns the body of the oldest chunk. It counts as out until [`Backlog::delivered`] or
    /// [`Backlog::put_back`] is called.
    pub(super) fn take(&mut self, wanted: Wanted) -> Option<Bytes> {
        self.put_back(); // one at a time: nobody waits for an earlier one
        if let Some(chunk) = self.carried.pop_front() {
            self.carried_bytes = self.carried_bytes.saturating_sub(chunk.body.len());
            let body = chunk.body.clone();
            self.out = Some(Out::Carried(chunk));
            return Some(body);
        }
        while let Some(spill) = self.retired.front_mut() {
            if let Some(chunk) = spill.take() {
                self.out = Some(Out::Retired);
                return Some(chunk.body);
            }
            self.retired.pop_front();
        }
        if wanted == Wanted::Full && !self.store.has_full() {
            return None;
        }
        let chunk = self.store.take()?;
        let body = chunk.body.clone();
        self.out = Some(Out::Store(chunk));
        Some(body)
    }

    /// Notes that the chunk that was taken is where it belongs.
    pub(super) fn delivered(&mut self) {
        match (self.out.take(), &mut self.store) {
            (Some(Out::Store(_)), Store::Events(buffer)) => buffer.delivered(),
            (Some(Out::Store(_)), Store::Spill(spill)) => spill.delivered(),
            (Some(Out::Retired), _) => {
                if let Some(spill) = self.retired.front_mut() {
                    spill.delivered();
                }
            }
            _ => {}
        }
    }

    /// Puts the chunk that was taken back, as the oldest.
    pub(super) fn put_back(&mut self) {
        match (self.out.take(), &mut self.store) {
            (Some(Out::Store(chunk)), Store::Size(buffer)) => buffer.put_back(chunk),
            (Some(Out::Store(_)), Store::Events(buffer)) => buffer.put_back(),
            (Some(Out::Store(_)), Store::Spill(spill)) => spill.put_back(),
            (Some(Out::Carried(chunk)), _) => self.carry(chunk, End::Oldest),
            (Some(Out::Retired), _) => {
                if let Some(spill) = self.retired.front_mut() {
                    spill.put_back();
                }
            }
            (Some(Out::Gone) | None, _) => {}
        }
    }

    /// Forces what is spilled to the disk.
    pub(super) fn sync(&mut self) {
        if let Store::Spill(spill) = &mut self.store {
            spill.sync();
        }
    }

    /// Whether something spilled was not forced to the disk yet.
    pub(super) fn is_dirty(&self) -> bool {
        matches!(&self.store, Store::Spill(spill) if spill.is_dirty())
    }

    fn carry(&mut self, chunk: Chunk, end: End) {
        self.carried_bytes = self.carried_bytes.saturating_add(chunk.body.len());
        match end {
            End::Oldest => self.carried.push_front(chunk),
            End::Newest => self.carried.push_back(chunk),
        }
        while self.carried_bytes > BUFFER_BYTES_MAX {
            let Some(chunk) = self.carried.pop_front() else { return };
            self.carried_bytes = self.carried_bytes.saturating_sub(chunk.body.len());
            self.counters.add(Count::BufferBytes, chunk.events as u64);
        }
    }
}

enum End {
    Oldest,
    Newest,
}

impl Store {
    fn open(options: &BacklogOptions, counters: &Arc<Counters>) -> Result<Self, DecisionLogError> {
        let maker = || ChunkMaker::new(options.upload_bytes_max, Arc::clone(counters));
        let counters = Arc::clone(counters);
        Ok(match (&options.spill, options.buffer) {
            (Some(spill), _) => {
                Self::Spill(Box::new(Spill::open(spill.clone(), [maker(), maker()], counters)?))
            }
            (None, LogBuffer::Size { limit_bytes }) => {
                Self::Size(SizeBuffer::new(maker(), limit_bytes, counters))
            }
            (None, LogBuffer::Events { limit }) => {
                Self::Events(EventBuffer::new(maker(), limit, counters))
            }
        })
    }

    fn take(&mut self) -> Option<Chunk> {
        match self {
            Self::Size(buffer) => buffer.take(),
            Self::Events(buffer) => buffer.take(),
            Self::Spill(spill) => spill.take(),
        }
    }

    fn has_full(&self) -> bool {
        match self {
            Self::Size(buffer) => buffer.has_full(),
            Self::Events(buffer) => buffer.has_full(),
            Self::Spill(spill) => spill.has_full(),
        }
    }
}
