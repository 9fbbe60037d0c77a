//! What is on the disk survives the process.

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use portcullis_service::config::{DecisionLogsConfig, SpillConfig};
use portcullis_service::decision_log::{Count, DecisionLogError, DecisionLogger};
use tempfile::TempDir;
use tokio::runtime::Handle;

use super::support::{Seen, config, event, no_policy, noise, options, start};

fn spilling(directory: &Path) -> DecisionLogsConfig {
    let mut config = config();
    config.reporting.spill =
        Some(SpillConfig { directory: directory.to_path_buf(), size_limit_bytes: 1 << 20 });
    config
}

fn segments(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut segments: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "log")).collect();
    segments.sort();
    segments
}

/// What a process that was killed leaves: its files, as they are, in another place.
fn killed(directory: &Path) -> TempDir {
    let copy = TempDir::new().unwrap();
    let position = directory.join("delivered");
    for path in segments(directory).into_iter().chain([position]) {
        fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

async fn recovered(directory: &Path) -> (Arc<DecisionLogger>, Vec<String>) {
    let (logger, seen) = start(spilling(directory));
    logger.flush().await.unwrap();
    let ids = seen.ids().concat();
    (logger, ids)
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[tokio::test]
async fn what_was_not_delivered_is_there_after_a_kill() {
    let directory = TempDir::new().unwrap();
    let (logger, seen) = start(spilling(directory.path()));
    seen.failures.store(usize::MAX, Ordering::SeqCst);
    let snapshot = no_policy();
    (0..500)
        .for_each(|number| logger.log(snapshot.clone(), event(number, &noise(number as u64, 500))));
    assert!(logger.flush().await.is_err());
    assert!(segments(directory.path()).len() > 2);

    let copy = killed(directory.path());
    let (_logger, ids) = recovered(copy.path()).await;
    assert_eq!(ids, numbers(0..500));
    assert!(segments(copy.path()).is_empty(), "what was delivered is gone");
}

#[tokio::test]
async fn what_was_delivered_before_a_kill_is_not_lost_and_hardly_repeated() {
    let directory = TempDir::new().unwrap();
    let (logger, seen) = start(spilling(directory.path()));
    (0..10).for_each(|number| logger.log(no_policy(), event(number, "")));
    logger.flush().await.unwrap();
    assert_eq!(seen.ids().concat(), numbers(0..10));
    (10..20).for_each(|number| logger.log(no_policy(), event(number, "")));
    logger.settled().await.unwrap();
    let copy = killed(directory.path());
    let (_logger, ids) = recovered(copy.path()).await;
    assert_eq!(ids, numbers(10..20));
}

#[tokio::test]
async fn torn_and_damaged_ends_are_cut_off() {
    let directory = TempDir::new().unwrap();
    let (logger, _) = start(spilling(directory.path()));
    (0..10).for_each(|number| logger.log(no_policy(), event(number, "")));
    logger.settled().await.unwrap();
    let length = fs::metadata(&segments(directory.path())[0]).unwrap().len();
    for cut in [1, 7, 40, length - 9, length - 3, length] {
        let copy = killed(directory.path());
        let path = segments(copy.path())[0].clone();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(length - cut).unwrap();
        let (_logger, ids) = recovered(copy.path()).await;
        assert!(ids.len() < 10, "cut {cut}");
        assert_eq!(ids, numbers(0..ids.len()), "cut {cut}");
        assert!(ids.len() >= 9 || cut > 40);
    }
    // Zeros where nothing was written yet, and bits that turned.
    let copy = killed(directory.path());
    let path = segments(copy.path())[0].clone();
    OpenOptions::new().append(true).open(&path).unwrap().write_all(&[0; 5000]).unwrap();
    assert_eq!(recovered(copy.path()).await.1, numbers(0..10));
    let copy = killed(directory.path());
    let path = segments(copy.path())[0].clone();
    let mut file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(length / 2)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(length / 2)).unwrap();
    file.write_all(&[byte[0] ^ 1]).unwrap();
    let ids = recovered(copy.path()).await.1;
    assert!((1..10).contains(&ids.len()));
}

#[tokio::test]
async fn files_of_others_are_left_alone() {
    let directory = TempDir::new().unwrap();
    let strange = directory.path().join("segment-00000000000000000007.log");
    fs::write(&strange, "something else altogether").unwrap();
    fs::write(directory.path().join("notes.txt"), "mine").unwrap();
    let (logger, ids) = recovered(directory.path()).await;
    assert!(ids.is_empty());
    logger.log(no_policy(), event(1, ""));
    logger.settled().await.unwrap();
    assert!(directory.path().join("notes.txt").exists());
    let aside = directory.path().join("segment-00000000000000000007.unreadable");
    assert_eq!(fs::read_to_string(aside).unwrap(), "something else altogether");
}

#[tokio::test]
async fn the_oldest_segments_go_where_the_directory_is_full() {
    let directory = TempDir::new().unwrap();
    let (logger, seen) = start(spilling(directory.path()));
    let snapshot = no_policy();
    (0..3000)
        .for_each(|number| logger.log(snapshot.clone(), event(number, &noise(number as u64, 600))));
    logger.settled().await.unwrap();
    let bytes: u64 =
        segments(directory.path()).iter().map(|p| fs::metadata(p).unwrap().len()).sum();
    assert!(bytes <= 1 << 20, "{bytes}");
    logger.flush().await.unwrap();
    let lost = logger.counters().get(Count::SpillFull) as usize;
    assert!(lost > 500);
    assert_eq!(seen.ids().concat(), numbers(lost..3000));
}

#[tokio::test]
async fn a_directory_is_for_one_logger() {
    let directory = TempDir::new().unwrap();
    let (_logger, seen) = start(spilling(directory.path()));
    let again =
        DecisionLogger::start(options(spilling(directory.path()), &seen), &Handle::current());
    assert!(matches!(again, Err(DecisionLogError::SpillInUse(_))));
    let file = directory.path().join("lock");
    let error = DecisionLogger::start(options(spilling(&file), &seen), &Handle::current());
    assert!(matches!(error, Err(DecisionLogError::Spill(..))));
}

#[tokio::test]
async fn a_configuration_may_begin_and_end_to_spill() {
    let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (logger, seen) = start(config());
    let configs = [spilling(one.path()), spilling(two.path()), config(), spilling(one.path())];
    for (number, next) in configs.into_iter().enumerate() {
        logger.log(no_policy(), event(number, ""));
        logger.settled().await.unwrap();
        logger.reconfigure(options(next, &seen)).unwrap();
    }
    logger.log(no_policy(), event(4, ""));
    logger.flush().await.unwrap();
    let mut ids = seen.ids().concat();
    ids.sort();
    assert_eq!(ids, numbers(0..5));
    let bad = options(spilling(&one.path().join("lock")), &seen);
    assert!(logger.reconfigure(bad).is_err());
    logger.log(no_policy(), event(5, ""));
    logger.flush().await.unwrap();
    assert_eq!(seen.ids().concat().len(), 6);
}

#[tokio::test]
async fn what_the_disk_does_not_take_waits_in_memory() {
    let directory = TempDir::new().unwrap();
    let inner = directory.path().join("spill");
    let (logger, seen) = start(spilling(&inner));
    fs::remove_dir_all(&inner).unwrap();
    (0..3).for_each(|number| logger.log(no_policy(), event(number, "")));
    logger.flush().await.unwrap();
    assert_eq!(seen.ids().concat(), numbers(0..3));
    assert_eq!(logger.counters().get(Count::SpillFailed), 3);
}

#[tokio::test]
async fn a_chunk_that_failed_is_sent_again_and_none_is_skipped() {
    let directory = TempDir::new().unwrap();
    let mut config = spilling(directory.path());
    config.reporting.upload_size_limit_bytes = 2000;
    let seen = Arc::new(Seen::default());
    let logger = DecisionLogger::start(options(config, &seen), &Handle::current()).unwrap();
    let snapshot = no_policy();
    (0..100)
        .for_each(|number| logger.log(snapshot.clone(), event(number, &noise(number as u64, 300))));
    let mut delivered = Vec::new();
    for round in 0.. {
        seen.failures.store(usize::from(round % 2 == 0), Ordering::SeqCst);
        let before = seen.attempted();
        let result = logger.flush().await;
        let ids = seen.ids();
        let failed = usize::from(result.is_err());
        delivered.extend(ids[before..ids.len() - failed].concat());
        if result.is_ok() {
            break;
        }
    }
    assert_eq!(delivered, numbers(0..100));
}

#[tokio::test]
async fn a_segment_goes_on_where_it_was_delivered() {
    let directory = TempDir::new().unwrap();
    let mut config = spilling(directory.path());
    config.reporting.upload_size_limit_bytes = 2000;
    let seen = Arc::new(Seen::default());
    let logger = DecisionLogger::start(options(config, &seen), &Handle::current()).unwrap();
    (0..50).for_each(|number| logger.log(no_policy(), event(number, &noise(number as u64, 300))));
    seen.hangs.store(1, Ordering::SeqCst);
    seen.passes.store(3, Ordering::SeqCst);
    let flushing = tokio::spawn({
        let logger = logger.clone();
        async move { logger.flush().await }
    });
    while seen.attempted() < 4 {
        tokio::task::yield_now().await;
    }
    let ids = seen.ids();
    let delivered = ids[..3].concat().len();
    let copy = killed(directory.path());
    flushing.abort();
    assert_eq!(recovered(copy.path()).await.1, numbers(delivered..50));
    // All of it went; what comes is not taken for it.
    let emptied = killed(copy.path());
    let (logger, ids) = recovered(emptied.path()).await;
    assert!(ids.is_empty());
    logger.log(no_policy(), event(0, ""));
    logger.settled().await.unwrap();
    let again = killed(emptied.path());
    assert_eq!(recovered(again.path()).await.1, numbers(0..1));
}
