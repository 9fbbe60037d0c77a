//! Notices that a policy's files have changed, and reloads it.
//!
//! The kernel tells about directories in which a name that matters stands; that covers writing in
//! place, an editor's rename, deletion, recreation, and the link swap of a mounted volume. Beside
//! that it looks at every file in a slow rhythm, so that no change is missed for good where the
//! kernel does not tell (network file systems, a full queue).

use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, WatchFlags};

use crate::files::Reload;
use crate::source::{PolicySource, Signature};

/// How often files are looked at without being told to.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// How long it must be quiet before files are read: editors and mounts make several changes.
const QUIET_FOR: Duration = Duration::from_millis(30);

/// Longest wait for quiet.
const NOISE_MAX: Duration = Duration::from_millis(500);

/// How long a file may be gone before that counts: some editors remove, then create.
const MISSING_GRACE: Duration = Duration::from_millis(1000);

/// Stack of the thread, which compiles policies.
const STACK_BYTES: usize = 16 << 20;

/// What is told about each reload that was tried.
pub type OnReload = dyn Fn(&Reload) + Send;

/// What is watched: files, and what is done when they change.
pub trait Watched: Send + Sync {
    /// Returns where the files are.
    fn source(&self) -> &PolicySource;
    /// Whether what is in force must not be used, since a file is gone.
    fn is_unavailable(&self) -> bool;
    /// Reads the files again and puts what they hold in force.
    fn reload(&self) -> Reload;
}

/// A thread that reloads a policy when its files change. Ends when dropped.
pub struct Watcher {
    control: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Starts watching the source of `files`.
    ///
    /// Errors: the system gives no socket or no thread. Without the kernel's notices it still
    /// looks at the files in its rhythm.
    pub fn start(files: Arc<dyn Watched>, on_reload: Box<OnReload>) -> io::Result<Watcher> {
        let (control, commands) = UnixStream::pair()?;
        commands.set_nonblocking(true)?;
        let notices = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK);
        let notices = notices.inspect_err(|error| {
            tracing::warn!(%error, "no file notices: changes are seen within seconds instead");
        });
        let mut watch = Watch {
            signature: files.source().signature(),
            files,
            on_reload,
            notices: notices.ok(),
            commands,
            missing_since: None,
            told: None,
        };
        let thread = thread::Builder::new()
            .name("policy-watch".to_string())
            .stack_size(STACK_BYTES)
            .spawn(move || watch.run())?;
        Ok(Self { control: Some(control), thread: Some(thread) })
    }

    /// Asks for a reload now, whether or not files have changed.
    pub fn reload(&self) {
        if let Some(mut control) = self.control.as_ref()
            && let Err(error) = control.write_all(b"r")
        {
            tracing::error!(%error, "cannot ask for a reload");
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.control = None; // the thread sees the end of the stream
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the policy watcher panicked");
        }
    }
}

struct Watch {
    files: Arc<dyn Watched>,
    on_reload: Box<OnReload>,
    notices: Option<OwnedFd>,
    commands: UnixStream,
    signature: Signature,
    missing_since: Option<Instant>,
    /// What was told last: the same fault is not told at every look.
    told: Option<Reload>,
}

/// What woke the watcher.
enum Wake {
    Files,
    Reload,
    Nothing,
    End,
}

impl Watch {
    fn run(&mut self) {
        loop {
            self.arm();
            let patience = if self.missing_since.is_some() { QUIET_FOR * 4 } else { POLL_INTERVAL };
            match self.wait(patience) {
                Wake::End => return,
                Wake::Reload => {
                    self.told = None;
                    self.reload();
                }
                Wake::Files => {
                    self.settle();
                    self.look();
                }
                Wake::Nothing => self.look(),
            }
        }
    }

    /// Asks the kernel for notices about every directory that matters now. Asking twice is asking
    /// once.
    fn arm(&self) {
        let Some(notices) = &self.notices else { return };
        let flags = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVE
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::MODIFY
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR;
        for directory in self.files.source().directories() {
            if let Err(error) = inotify::add_watch(notices, &directory, flags) {
                tracing::debug!(%error, directory = %directory.display(), "cannot watch");
            }
        }
    }

    fn wait(&mut self, patience: Duration) -> Wake {
        let timeout = Timespec::try_from(patience).ok();
        let mut waiting = vec![PollFd::new(&self.commands, PollFlags::IN)];
        if let Some(notices) = &self.notices {
            waiting.push(PollFd::from_borrowed_fd(notices.as_fd(), PollFlags::IN));
        }
        if poll(&mut waiting, timeout.as_ref()).is_err() {
            return Wake::Nothing; // a signal
        }
        let is_ready = |fd: &PollFd<'_>| !fd.revents().is_empty();
        let command = waiting.first().is_some_and(is_ready);
        let files = waiting.get(1).is_some_and(is_ready);
        if command {
            return self.command();
        }
        if files { Wake::Files } else { Wake::Nothing }
    }

    fn command(&mut self) -> Wake {
        let mut byte = [0u8; 16];
        match self.commands.read(&mut byte) {
            Ok(0) => Wake::End,
            Ok(_) => Wake::Reload,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Wake::Nothing,
            Err(_) => Wake::End,
        }
    }

    /// Waits until notices stop coming, or long enough.
    fn settle(&mut self) {
        let began = Instant::now();
        let quiet = Timespec::try_from(QUIET_FOR).ok();
        loop {
            self.drain();
            let Some(notices) = &self.notices else { return };
            let mut waiting = [PollFd::from_borrowed_fd(notices.as_fd(), PollFlags::IN)];
            let more = poll(&mut waiting, quiet.as_ref()).is_ok_and(|ready| ready > 0);
            if !more || began.elapsed() > NOISE_MAX {
                return;
            }
        }
    }

    /// Reads all notices. What they say does not matter: the files are looked at.
    fn drain(&self) {
        let Some(notices) = &self.notices else { return };
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(notices, &mut buffer);
        while reader.next().is_ok() {}
    }

    /// Reloads if a file has changed, or may have.
    fn look(&mut self) {
        if self.files.source().missing().is_some() {
            let since = *self.missing_since.get_or_insert_with(Instant::now);
            let known = self.files.is_unavailable();
            if since.elapsed() >= MISSING_GRACE && !known {
                self.reload();
            }
            return;
        }
        let was_missing = self.missing_since.take().is_some();
        let signature = self.files.source().signature();
        let was_settled = self.signature.is_settled();
        if was_missing || signature != self.signature || !was_settled {
            self.reload();
        }
    }

    fn reload(&mut self) {
        // Taken before reading: a change while reading shows at the next look.
        self.signature = self.files.source().signature();
        let reload = self.files.reload();
        if self.told.as_ref() != Some(&reload) {
            (self.on_reload)(&reload);
            self.told = Some(reload);
        }
    }
}
