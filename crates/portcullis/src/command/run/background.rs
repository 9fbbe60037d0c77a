//! A server on a thread of its own, for commands that ask one.

use std::ffi::OsString;
use std::thread::JoinHandle;

use anyhow::{Context, Result, anyhow};
use clap::FromArgMatches;
use tokio::sync::oneshot;

use super::Args;
use super::serve::{self, Parts};

/// A server that runs until it is stopped.
pub(crate) struct Background {
    /// Where it listens first, such as `http://127.0.0.1:49152`.
    pub(crate) url: String,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<()>>,
}

impl Background {
    /// Starts a server with the flags of `run`.
    ///
    /// Errors: flags that `run` does not have, and what keeps the server from loading its policies
    /// or from listening.
    pub(crate) fn start(flags: Vec<OsString>) -> Result<Self> {
        let command = <Args as clap::Args>::augment_args(clap::Command::new("run"));
        let words = std::iter::once(OsString::from("run")).chain(flags);
        let args = Args::from_arg_matches(&command.try_get_matches_from(words)?)?;
        let parts = Parts::new(&args)?;
        let first = parts.listeners.local_addresses().into_iter().next();
        let url = first.context("the server does not listen")?.url;
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            let stop = async move {
                // A command that is gone wants no server any more, either.
                let _ = stopped.await;
            };
            serve::threads()?.block_on(serve::run(&args, parts, stop))
        };
        let thread = std::thread::Builder::new().name("server".to_string()).spawn(serve)?;
        Ok(Self { url, stop, thread })
    }

    /// Stops it, and waits for its end.
    ///
    /// Errors: what made it end before.
    pub(crate) fn stop(self) -> Result<()> {
        drop(self.stop);
        self.thread.join().map_err(|_| anyhow!("the server panicked"))?
    }
}
