//! Exit codes.

use std::io;
use std::process::ExitCode;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what it was asked.
    Success = 0,
    /// The answer is the one that was asked to fail on (`eval --fail`), or a policy is refused
    /// (`check`, `docker-authz`).
    Refused = 1,
    /// It could not do what it was asked: wrong arguments, missing files, errors of evaluation.
    Failure = 2,
    /// Nobody reads the output any more: what a shell shows for a process that a closed pipe ends.
    BrokenPipe = 141,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Whether an error is only that nobody reads the output any more.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
