//! Events that wait on the disk to be uploaded, so that a crash does not lose them.
//!
//! A directory of segments, numbered in the order of their events. An event is written at once and
//! forced to the disk with those around it ([`Spill::sync`]); a segment goes when all of it was
//! delivered. After a crash some events may be delivered twice, but none is lost.
//!
//! Must not know: uploads, when to force to the disk.

mod position;
mod segment;

use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use self::position::{Position, PositionFile};
use self::segment::{MAGIC, record_bytes};
use super::buffer::EventBuffer;
use super::chunk::{Chunk, ChunkMaker};
use super::counters::{Count, Counters};
use super::error::DecisionLogError;

/// A segment is this part of the directory's limit, within bounds: what is dropped at once when
/// the directory is full.
const SEGMENT_SHARE: u64 = 8;
const SEGMENT_BYTES_MIN: u64 = 64 << 10;
const SEGMENT_BYTES_MAX: u64 = 8 << 20;

/// Most files in a directory, and how many segments a full one is to have at most.
const FILES_MAX: usize = 100_000;
const SEGMENTS_AIM: u64 = 10_000;

/// Most events that are kept in memory while the disk takes none.
const OVERFLOW_EVENTS_MAX: u64 = 10_000;

/// Where events are spilled to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SpillOptions {
    /// The directory; made where there is none.
    pub(super) directory: PathBuf,
    /// Most bytes of it.
    pub(super) limit: u64,
}

/// A directory of segments.
pub(super) struct Spill {
    options: SpillOptions,
    counters: Arc<Counters>,
    maker: ChunkMaker,
    segments: VecDeque<Segment>,
    /// The file of the last segment, while it is written to.
    active: Option<File>,
    is_dirty: bool,
    next: u64,
    bytes: u64,
    out: Option<Out>,
    /// Takes over while the disk takes nothing.
    overflow: EventBuffer,
    position: PositionFile,
    _lock: File,
}

struct Segment {
    number: u64,
    /// All of it.
    bytes: u64,
    /// How far it was delivered.
    delivered: u64,
    /// How many events were not.
    events: u64,
}

/// The chunk that is out.
enum Out {
    /// It ends here in this segment, and is so many events.
    Segment {
        number: u64,
        end: u64,
        events: u64,
    },
    Overflow,
}

impl Spill {
    /// Opens a directory. What a crash left in it is there to be taken; records that were not
    /// written to the end are cut off.
    ///
    /// Errors: the directory cannot be used, or another process does.
    pub(super) fn open(
        options: SpillOptions,
        makers: [ChunkMaker; 2],
        counters: Arc<Counters>,
    ) -> Result<Self, DecisionLogError> {
        let directory = options.directory.clone();
        let failed = |error| DecisionLogError::Spill(directory.clone(), error);
        DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(failed)?;
        let lock = private(OpenOptions::new().create(true).append(true))
            .open(directory.join("lock"))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DecisionLogError::SpillInUse(directory)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let numbers = list(&directory).map_err(failed)?;
        let numbers = numbers.ok_or_else(|| DecisionLogError::SpillFiles(directory.clone()))?;
        let (position, delivered) = PositionFile::open(&directory).map_err(failed)?;
        // A number must not come again: the position would be taken for one in the new segment.
        let known = delivered.map(|position| position.number);
        let next = numbers.last().copied().max(known).map_or(1, |last| last.saturating_add(1));
        let mut segments = VecDeque::new();
        for number in numbers {
            let offset = delivered.filter(|position| position.number == number);
            let offset = offset.map_or(0, |position| position.offset);
            segments.extend(recover(&directory, number, offset).map_err(failed)?);
        }
        let bytes = segments.iter().map(|segment| segment.bytes).sum();
        let [maker, other] = makers;
        let overflow = EventBuffer::new(other, OVERFLOW_EVENTS_MAX, Arc::clone(&counters));
        let mut spill = Self {
            options,
            counters,
            maker,
            segments,
            active: None,
            is_dirty: false,
            next,
            bytes,
            out: None,
            overflow,
            position,
            _lock: lock,
        };
        spill.trim();
        Ok(spill)
    }

    /// Returns where it is.
    pub(super) fn directory(&self) -> &Path {
        &self.options.directory
    }

    /// Takes over other options; the directory stays what it is.
    pub(super) fn reconfigure(&mut self, limit: u64, maker: ChunkMaker) {
        self.options.limit = limit;
        self.maker = maker;
        self.trim();
    }

    /// Writes an event. Returns whether there are enough for a chunk.
    pub(super) fn push(&mut self, event: Bytes) -> bool {
        let Some(event) = self.maker.fit(event) else { return false };
        if let Err(error) = self.append(&event) {
            self.counters.add(Count::SpillFailed, 1);
            let directory = self.options.directory.display();
            tracing::error!(%directory, %error, "a decision could not be spilled: kept in memory");
            return self.overflow.push(event);
        }
        self.trim();
        self.has_full()
    }

    /// Whether there are enough events for a chunk.
    pub(super) fn has_full(&self) -> bool {
        let mut waiting = 0u64;
        self.segments.iter().any(|segment| {
            waiting = waiting.saturating_add(segment.bytes.saturating_sub(segment.delivered));
            waiting > self.maker.target_bytes() as u64
        })
    }

    /// Forces what was written to the disk.
    pub(super) fn sync(&mut self) {
        if !std::mem::take(&mut self.is_dirty) {
            return;
        }
        if let Some(Err(error)) = self.active.as_ref().map(File::sync_data) {
            let directory = self.options.directory.display();
            tracing::error!(%directory, %error, "decisions may be lost in a crash");
            self.active = None; // whether later calls would tell is up to the system
        }
    }

    /// Whether something was written that a crash of the system may take.
    pub(super) fn is_dirty(&self) -> bool {
        self.is_dirty
    }

    /// Returns a chunk of the oldest events; they stay until [`Spill::delivered`].
    pub(super) fn take(&mut self) -> Option<Chunk> {
        // Each turn goes on in a segment or to the next one.
        while let Some(segment) = self.segments.front() {
            let (number, offset) = (segment.number, segment.delivered);
            if offset >= segment.bytes {
                if self.active.is_some() && self.segments.len() == 1 {
                    break; // nothing in it that was not delivered
                }
                self.remove_first();
                continue;
            }
            match self.read_first(offset) {
                Ok((Some(chunk), end)) => {
                    self.out = Some(Out::Segment { number, end, events: chunk.events as u64 });
                    return Some(chunk);
                }
                Ok((None, end)) => self.pass(end, 0),
                Err(error) if is_damage(&error) => self.set_aside(&error),
                Err(error) => {
                    let directory = self.options.directory.display();
                    tracing::error!(%directory, %error, "cannot be read now: tried again later");
                    return None;
                }
            }
        }
        self.out = Some(Out::Overflow);
        self.overflow.take()
    }

    /// Reads a chunk from `offset` of the first segment; returns it and where it ends. Without a
    /// chunk: none of the events up to there may be uploaded.
    fn read_first(&mut self, offset: u64) -> io::Result<(Option<Chunk>, u64)> {
        let Some(segment) = self.segments.front() else { return Ok((None, offset)) };
        let mut file = File::open(path(&self.options.directory, segment.number))?;
        let records = segment::read(&mut file, offset, segment.bytes, self.maker.target_bytes())?;
        let (mut ends, mut events, mut at) = (Vec::new(), VecDeque::new(), offset);
        for record in records {
            at = at.saturating_add(record_bytes(&record));
            // The limit may have been larger when it was written.
            if let Some(event) = self.maker.fit(record) {
                events.push_back(event);
                ends.push(at);
            }
        }
        let Some(chunk) = self.maker.make(&events) else { return Ok((None, at)) };
        let is_all = chunk.events == events.len();
        let end = if is_all { None } else { ends.get(chunk.events.saturating_sub(1)).copied() };
        Ok((Some(chunk), end.unwrap_or(at)))
    }

    /// Notes that the chunk that was taken is where it belongs.
    pub(super) fn delivered(&mut self) {
        match self.out.take() {
            // The directory may have become too full for the segment in the meantime.
            Some(Out::Segment { number, end, events })
                if self.segments.front().is_some_and(|segment| segment.number == number) =>
            {
                self.pass(end, events);
            }
            Some(Out::Overflow) => self.overflow.delivered(),
            _ => {}
        }
    }

    /// Notes that it is not.
    pub(super) fn put_back(&mut self) {
        if let Some(Out::Overflow) = self.out.take() {
            self.overflow.put_back();
        }
    }

    /// Goes on to `end` of the first segment, and past it where that is all.
    fn pass(&mut self, end: u64, events: u64) {
        let Some(segment) = self.segments.front_mut() else { return };
        segment.delivered = end;
        segment.events = segment.events.saturating_sub(events);
        self.position.note(Position { number: segment.number, offset: end });
        if segment.delivered >= segment.bytes {
            self.remove_first();
        }
    }

    fn append(&mut self, event: &Bytes) -> io::Result<()> {
        if event.len() > segment::RECORD_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let more = record_bytes(event);
        let share =
            (self.options.limit / SEGMENT_SHARE).clamp(SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX);
        // In a very large directory there must not be too many of them.
        let most = share.max(self.options.limit / SEGMENTS_AIM);
        let is_full =
            self.segments.back().is_some_and(|last| last.bytes.saturating_add(more) > most);
        if is_full {
            self.close();
        }
        if self.active.is_none() {
            self.begin()?;
        }
        let (Some(file), Some(segment)) = (&mut self.active, self.segments.back_mut()) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        if let Err(error) = segment::write(file, event) {
            // A part of it would hide what comes after it.
            if file.set_len(segment.bytes).is_err() {
                self.active = None;
            }
            return Err(error);
        }
        segment.bytes = segment.bytes.saturating_add(more);
        segment.events = segment.events.saturating_add(1);
        self.bytes = self.bytes.saturating_add(more);
        self.is_dirty = true;
        Ok(())
    }

    fn begin(&mut self) -> io::Result<()> {
        let number = self.next;
        self.next = number.saturating_add(1);
        let path = path(&self.options.directory, number);
        let mut file = private(OpenOptions::new().create_new(true).append(true)).open(&path)?;
        // The name must survive as well as what is in the file.
        let begun =
            file.write_all(MAGIC).and_then(|()| File::open(&self.options.directory)?.sync_all());
        if let Err(error) = begun {
            drop(fs::remove_file(&path)); // it holds nothing; the next start removes it, too
            return Err(error);
        }
        let bytes = MAGIC.len() as u64;
        self.segments.push_back(Segment { number, bytes, delivered: bytes, events: 0 });
        self.bytes = self.bytes.saturating_add(bytes);
        self.active = Some(file);
        Ok(())
    }

    fn close(&mut self) {
        self.sync();
        self.active = None;
    }

    /// Drops the oldest segments while the directory is too full.
    fn trim(&mut self) {
        while self.bytes > self.options.limit {
            let Some(segment) = self.segments.front() else { return };
            self.counters.add(Count::SpillFull, segment.events);
            self.remove_first();
        }
    }

    fn remove_first(&mut self) {
        let Some(segment) = self.segments.pop_front() else { return };
        if self.segments.is_empty() {
            self.active = None;
            self.is_dirty = false;
        }
        self.bytes = self.bytes.saturating_sub(segment.bytes);
        let path = path(&self.options.directory, segment.number);
        if let Err(error) = fs::remove_file(&path) {
            tracing::warn!(path = %path.display(), %error, "what was delivered may be delivered again");
        }
    }

    /// Puts a segment that cannot be read any more where it is in nobody's way.
    fn set_aside(&mut self, error: &io::Error) {
        let Some(segment) = self.segments.pop_front() else { return };
        if self.segments.is_empty() {
            self.active = None;
            self.is_dirty = false;
        }
        self.bytes = self.bytes.saturating_sub(segment.bytes);
        self.counters.add(Count::SpillFailed, segment.events);
        set_aside(&path(&self.options.directory, segment.number), error);
    }
}

fn path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("segment-{number:020}.log"))
}

/// Decisions are for nobody else to read.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

/// Returns the numbers of the segments, in order. None where there are too many files.
fn list(directory: &Path) -> io::Result<Option<Vec<u64>>> {
    let mut numbers = Vec::new();
    for (count, entry) in fs::read_dir(directory)?.enumerate() {
        if count >= FILES_MAX {
            return Ok(None);
        }
        let name = entry?.file_name();
        let number =
            name.to_str().and_then(|name| name.strip_prefix("segment-")?.strip_suffix(".log"));
        numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(Some(numbers))
}

/// Makes a segment whole that an earlier process left, and delivered up to `offset`. None where
/// nothing is in it that was not delivered.
fn recover(directory: &Path, number: u64, offset: u64) -> io::Result<Option<Segment>> {
    let path = path(directory, number);
    let mut file = OpenOptions::new().read(true).write(true).open(&path)?;
    let Some(scan) = segment::scan(&mut file, offset)? else {
        set_aside(&path, &io::Error::new(io::ErrorKind::InvalidData, "not a segment"));
        return Ok(None);
    };
    let length = file.metadata()?.len();
    if scan.records == 0 || scan.records_from == Some(0) {
        fs::remove_file(&path)?;
        return Ok(None);
    }
    if length > scan.valid_bytes {
        let bytes = length - scan.valid_bytes;
        tracing::warn!(path = %path.display(), bytes, "cut off what was not written to the end");
        file.set_len(scan.valid_bytes)?;
    }
    // A position that fits nowhere is none.
    let (delivered, events) = match scan.records_from {
        Some(events) => (offset, events),
        None => (MAGIC.len() as u64, scan.records),
    };
    Ok(Some(Segment { number, bytes: scan.valid_bytes, delivered, events }))
}

/// Whether reading again would end in the same way.
fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, NotFound, UnexpectedEof};
    matches!(error.kind(), InvalidData | NotFound | UnexpectedEof)
}

fn set_aside(path: &Path, error: &io::Error) {
    let aside = path.with_extension("unreadable");
    tracing::error!(path = %path.display(), %error, "cannot be read: kept as `.unreadable`");
    if let Err(error) = fs::rename(path, &aside) {
        tracing::error!(path = %path.display(), %error, "cannot be moved");
    }
}
