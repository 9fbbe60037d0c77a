//! Notices that the files of certificates have changed.
//!
//! The kernel tells about the directories in which they stand, which covers writing in place,
//! renames, and the link swap of a mounted volume; beside that the files are read in a slow rhythm,
//! for file systems where the kernel does not tell. Must not know: what the files hold.

use std::collections::BTreeSet;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

use super::material::plain_path;
use super::{Tls, TlsOptions};

/// How often files are read without being told to.
const POLL_INTERVAL: Duration = Duration::from_secs(60);

/// How often, where the kernel cannot tell at all.
const UNTOLD_INTERVAL: Duration = Duration::from_secs(5);

/// Shortest period, whatever is asked for.
const PERIOD_MIN: Duration = Duration::from_millis(10);

/// How long it must be quiet before files are read: certificate and key change one after another.
const QUIET_FOR: Duration = Duration::from_millis(50);

/// How often it waits for quiet at most.
const QUIET_WAITS_MAX: usize = 20;

/// A thread that uses the files' new content whenever they change. Ends when dropped.
pub(crate) struct Watcher {
    control: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Starts watching.
    ///
    /// Errors: the system gives no socket or no thread.
    pub(crate) fn start(tls: Arc<Tls>) -> io::Result<Self> {
        let (control, end) = UnixStream::pair()?;
        let notices = match tls.options.refresh_period {
            Some(_) => None,
            None => inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)
                .inspect_err(|error| {
                    tracing::warn!(%error, "no file notices: certificates are read in a rhythm");
                })
                .ok(),
        };
        let period = match (tls.options.refresh_period, &notices) {
            (Some(period), _) => period.max(PERIOD_MIN),
            (None, Some(_)) => POLL_INTERVAL,
            (None, None) => UNTOLD_INTERVAL,
        };
        let watch = Watch { tls, notices, end };
        let thread = thread::Builder::new().name("certificate-watch".to_string());
        let thread = thread.spawn(move || watch.run(period))?;
        Ok(Self { control: Some(control), thread: Some(thread) })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.control = None; // the thread sees the end of the stream
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the watcher of certificates panicked");
        }
    }
}

struct Watch {
    tls: Arc<Tls>,
    notices: Option<OwnedFd>,
    end: UnixStream,
}

/// What woke the watcher.
#[derive(PartialEq, Eq)]
enum Wake {
    Files,
    Nothing,
    End,
}

impl Watch {
    fn run(&self, period: Duration) {
        loop {
            self.arm();
            // What changed before the kernel was asked shows here.
            self.tls.refresh();
            let mut wake = self.wait(period);
            for _ in 0..QUIET_WAITS_MAX {
                if wake != Wake::Files {
                    break;
                }
                self.drain();
                wake = self.wait(QUIET_FOR);
            }
            if wake == Wake::End {
                return;
            }
        }
    }

    fn wait(&self, patience: Duration) -> Wake {
        let timeout = Timespec::try_from(patience).ok();
        let mut waiting = vec![PollFd::new(&self.end, PollFlags::IN)];
        if let Some(notices) = &self.notices {
            waiting.push(PollFd::from_borrowed_fd(notices.as_fd(), PollFlags::IN));
        }
        if poll(&mut waiting, timeout.as_ref()).is_err() {
            return Wake::Nothing; // a signal
        }
        let is_ready = |at: usize| waiting.get(at).is_some_and(|fd| !fd.revents().is_empty());
        match (is_ready(0), is_ready(1)) {
            (true, _) => Wake::End,
            (false, true) => Wake::Files,
            (false, false) => Wake::Nothing,
        }
    }

    /// Asks the kernel for notices. Asking twice is asking once.
    fn arm(&self) {
        let Some(notices) = &self.notices else { return };
        let flags = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVE
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::ONLYDIR;
        for directory in directories(&self.tls.options) {
            if let Err(error) = inotify::add_watch(notices, &directory, flags) {
                tracing::debug!(%error, directory = %directory.display(), "cannot watch");
            }
        }
    }

    /// Reads all notices. What they say does not matter: the files are read.
    fn drain(&self) {
        let Some(notices) = &self.notices else { return };
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(notices, &mut buffer);
        while reader.next().is_ok() {}
    }
}

/// Returns where the files stand: as they are named, and as links lead to them.
fn directories(options: &TlsOptions) -> BTreeSet<PathBuf> {
    let files =
        [Some(&options.certificate), Some(&options.key), options.client_authorities.as_ref()];
    let mut directories = BTreeSet::new();
    for file in files.into_iter().flatten() {
        let file = plain_path(file);
        let resolved = file.canonicalize().ok();
        for path in [Some(file), resolved].into_iter().flatten() {
            let named = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            directories.insert(named.unwrap_or(Path::new(".")).to_owned());
        }
    }
    directories
}
