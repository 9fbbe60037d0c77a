//! A line that says how far the tests are, where somebody looks.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// How often the line changes at most: a terminal is slower than tests.
const INTERVAL: Duration = Duration::from_millis(80);

/// Puts the cursor at the beginning of the line and takes what stands there away.
const CLEAR: &str = "\r\x1b[K";

/// The line, on the standard error. Where that is no terminal there is none.
pub(super) struct Progress {
    all: usize,
    done: usize,
    not_passed: usize,
    is_shown: bool,
    /// When it was last written; nothing where it is never to be.
    written: Option<Instant>,
}

impl Progress {
    /// Returns a line about so many tests.
    pub(super) fn new(all: usize) -> Self {
        let written = stderr().is_terminal().then(Instant::now);
        Self { all, done: 0, not_passed: 0, is_shown: false, written }
    }

    /// Notes that a test has come to an end.
    pub(super) fn done(&mut self, not_passed: bool) {
        self.done += 1;
        self.not_passed += usize::from(not_passed);
    }

    /// Shows how far they are, unless it was shown a moment ago.
    pub(super) fn show(&mut self) {
        if self.written.is_none_or(|written| written.elapsed() < INTERVAL) {
            return;
        }
        self.written = Some(Instant::now());
        self.is_shown = true;
        let others = match self.not_passed {
            0 => String::new(),
            some => format!(", {some} not passed"),
        };
        self.write(&format!("{CLEAR}{}/{} tests{others}", self.done, self.all));
    }

    /// Takes the line away, so that something else can be shown.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            self.write(CLEAR);
        }
    }

    /// A terminal that is gone is no reason to stop.
    fn write(&self, text: &str) {
        let mut err = stderr().lock();
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }
}
