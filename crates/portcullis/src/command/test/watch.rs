//! Runs the tests again when files change, until a signal ends it.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use portcullis_service::files::Reload;
use portcullis_service::source::PolicySource;
use portcullis_service::watch::{Watched, Watcher};
use tokio::signal::unix::{SignalKind, signal};

use super::sources::Sources;
use super::{Args, once};
use crate::exit::Exit;
use crate::report::{self, Report};

/// What the files held last.
type Held = Result<Sources, Vec<Report>>;

/// The tests of files.
struct Tests {
    args: Arc<Args>,
    source: PolicySource,
    held: Mutex<Held>,
    /// Whether a path was missing when last looked at.
    is_missing: AtomicBool,
}

/// Watches the files, of which `held` is what they hold now and was run already.
pub(super) fn until_stopped(args: Arc<Args>, held: Held) -> Result<Exit> {
    let source = PolicySource {
        paths: args.paths.clone(),
        ignore: args.ignore.clone(),
        ..PolicySource::default()
    };
    let is_missing = AtomicBool::new(source.missing().is_some());
    let tests = Arc::new(Tests { args, source, held: Mutex::new(held), is_missing });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).context("cannot await signals")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot await signals")?;
        let watcher = Watcher::start(tests, Box::new(|_| {})).context("cannot watch the files")?;
        announce();
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        // Tests under way would go on: nobody waits for them any more.
        std::mem::forget(watcher);
        Ok(Exit::Success)
    })
}

impl Watched for Tests {
    fn source(&self) -> &PolicySource {
        &self.source
    }

    fn is_unavailable(&self) -> bool {
        self.is_missing.load(Ordering::Relaxed)
    }

    fn reload(&self) -> Reload {
        self.is_missing.store(self.source.missing().is_some(), Ordering::Relaxed);
        let new = Sources::load(&self.args);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_same(&held, &new) {
            *held = new;
            // Where nobody reads the results any more, the signal that ends all is near.
            if let Err(error) = once(&self.args, held.as_ref()) {
                let _ = writeln!(io::stderr(), "{error:#}");
            }
            announce();
        }
        Reload::Unchanged
    }
}

fn is_same(old: &Held, new: &Held) -> bool {
    match (old, new) {
        (Ok(old), Ok(new)) => old == new,
        (Err(old), Err(new)) => report::lines(old) == report::lines(new),
        _ => false,
    }
}

/// Says, as OPA does, that the next change is awaited.
fn announce() {
    let mut out = io::stdout().lock();
    let _ =
        writeln!(out, "{}\nWatching for changes ...", "*".repeat(80)).and_then(|()| out.flush());
}
