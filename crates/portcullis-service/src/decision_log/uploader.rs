//! The task that uploads: when it is time, when it is told to, or when a chunk is full.
//!
//! Must not know: how events wait, where they go.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use super::backlog::Wanted;
use super::error::UploadError;
use super::logger::Shared;
use super::upload::{Upload, backoff, between, random};
use crate::config::{ReportingConfig, Trigger};

/// Longest time of one upload. What takes longer counts as failed and is sent again.
pub const UPLOAD_TIMEOUT: Duration = Duration::from_secs(60);

/// Shortest wait between uploads, whatever is configured: a delay of 0 must not keep a core busy.
const WAIT_MIN: Duration = Duration::from_millis(100);

/// Most chunks before the task looks up to see whether it is told something.
const CHUNKS_PER_ROUND_MAX: usize = 64;

/// What the task is told.
pub(super) enum Command {
    /// Upload all there is, once, and say how it went.
    Flush(oneshot::Sender<Result<(), UploadError>>),
    /// Upload all there is, as often as it takes, and say when it is done.
    Drain(oneshot::Sender<()>),
}

/// Most commands that wait.
pub(super) const COMMANDS_MAX: usize = 16;

/// The result of a round of uploads.
enum Round {
    Done,
    /// There is more.
    More,
    Failed(UploadError),
}

/// Uploads until nobody can tell it anything any more.
pub(super) async fn run(shared: Arc<Shared>, mut commands: mpsc::Receiver<Command>) {
    let mut failures = 0u32;
    let mut more = None;
    loop {
        let reporting = shared.reporting();
        let wanted = match more.take() {
            Some(wanted) => wanted,
            None => {
                let wakes = async {
                    match wait(&reporting, failures) {
                        Some(wait) => sleep(wait).await,
                        None => pending().await,
                    }
                };
                let full = async {
                    if reporting.trigger == Trigger::Immediate && failures == 0 {
                        shared.full.notified().await;
                    } else {
                        pending().await
                    }
                };
                tokio::select! {
                    biased;
                    command = commands.recv() => {
                        let Some(command) = command else { return };
                        failures = obey(&shared, command, failures).await;
                        continue;
                    }
                    () = shared.changed.notified() => { failures = 0; continue }
                    () = wakes => Wanted::Any,
                    () = full => Wanted::Full,
                }
            }
        };
        match round(&shared, wanted).await {
            Round::Done => failures = 0,
            Round::More => {
                failures = 0;
                more = Some(wanted);
                while let Ok(command) = commands.try_recv() {
                    failures = obey(&shared, command, failures).await;
                }
            }
            Round::Failed(_) => failures = failures.saturating_add(1),
        }
    }
}

/// Returns how long until the next upload; none where only being told sets it off.
fn wait(reporting: &ReportingConfig, failures: u32) -> Option<Duration> {
    if reporting.trigger == Trigger::Manual {
        return None;
    }
    let (min, max) = (reporting.min_delay, reporting.max_delay);
    let wait = match (failures, reporting.trigger) {
        (0, Trigger::Immediate) => max,
        (0, _) => between(min, max, random()),
        (failures, _) => return Some(backoff(failures, max.max(WAIT_MIN), random())),
    };
    Some(wait.max(WAIT_MIN))
}

/// Returns how many failures in a row there have been now.
async fn obey(shared: &Arc<Shared>, command: Command, failures: u32) -> u32 {
    match command {
        Command::Flush(answer) => loop {
            match round(shared, Wanted::Any).await {
                Round::More => {}
                Round::Done => {
                    let _ = answer.send(Ok(())); // whether anybody still waits is their affair
                    return 0;
                }
                Round::Failed(error) => {
                    let _ = answer.send(Err(error));
                    return failures.saturating_add(1);
                }
            }
        },
        Command::Drain(answer) => {
            let mut failed = 0u32;
            // Ends with the grace period, in which the caller waits for the answer.
            while !answer.is_closed() {
                match round(shared, Wanted::Any).await {
                    Round::More => failed = 0,
                    Round::Done => break,
                    Round::Failed(_) => {
                        failed = failed.saturating_add(1);
                        let max = shared.reporting().max_delay.max(WAIT_MIN);
                        sleep(backoff(failed, max, random())).await;
                    }
                }
            }
            let _ = answer.send(());
            0
        }
    }
}

/// Uploads chunk by chunk, the oldest first, until there is none or one fails.
async fn round(shared: &Arc<Shared>, wanted: Wanted) -> Round {
    let Some(upload) = shared.upload() else { return Round::Done };
    for _ in 0..CHUNKS_PER_ROUND_MAX {
        // Reading and compressing take a while.
        let taker = Arc::clone(shared);
        let taken = tokio::task::spawn_blocking(move || taker.backlog().take(wanted)).await;
        let Ok(Some(body)) = taken else { return Round::Done };
        let result = send(&*upload, body).await;
        let is_delivered = result.is_ok();
        let noter = Arc::clone(shared);
        let noted = tokio::task::spawn_blocking(move || {
            let mut backlog = noter.backlog();
            if is_delivered { backlog.delivered() } else { backlog.put_back() }
        });
        drop(noted.await); // fails only where the runtime ends
        shared.note(result.as_ref().err());
        if let Err(error) = result {
            tracing::error!(%error, "decisions were not uploaded: kept");
            return Round::Failed(error);
        }
    }
    Round::More
}

async fn send(upload: &dyn Upload, body: bytes::Bytes) -> Result<(), UploadError> {
    match timeout(UPLOAD_TIMEOUT, upload.upload(body)).await {
        Ok(result) => result,
        Err(_) => {
            let message = format!("log upload took longer than {} s", UPLOAD_TIMEOUT.as_secs());
            Err(UploadError { message, http_code: None })
        }
    }
}
