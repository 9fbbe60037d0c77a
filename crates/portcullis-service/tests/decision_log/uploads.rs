//! When chunks are uploaded, and what happens where that fails.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use portcullis_service::config::{DecisionLogsConfig, LogBuffer, Trigger};
use portcullis_service::decision_log::{
    Count, DecisionLogError, UPLOAD_TIMEOUT, WAITING_BYTES_MAX, WAITING_EVENTS_MAX,
};

use super::support::{Seen, config, event, no_policy, noise, start, value};

fn with(trigger: Trigger, min: u64, max: u64) -> DecisionLogsConfig {
    let mut config = config();
    config.reporting.trigger = trigger;
    config.reporting.min_delay = Duration::from_secs(min);
    config.reporting.max_delay = Duration::from_secs(max);
    config
}

/// Waits, in the time of the test, until there have been so many attempts.
async fn attempts(seen: &Seen, count: usize) {
    while seen.attempted() < count {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn failures_are_tried_again_after_longer_and_longer_waits() {
    let (logger, seen) = start(with(Trigger::Periodic, 2, 4));
    seen.failures.store(12, Ordering::SeqCst);
    logger.log(no_policy(), event(1, ""));
    attempts(&seen, 13).await;
    logger.settled().await.unwrap();
    let times: Vec<_> = seen.attempts.lock().unwrap().iter().map(|(at, _, _)| *at).collect();
    let mut expected = 0.1f64;
    for pair in times.windows(2) {
        let wait = (pair[1] - pair[0]).as_secs_f64();
        let most = (expected * 1.2).min(4.0) + 0.01;
        assert!((expected.min(4.0) * 0.8 - 0.01..most).contains(&wait), "{wait} for {expected}");
        expected *= 1.6;
    }
    assert!(seen.ids().iter().all(|ids| ids == &["1"]));
    logger.log(no_policy(), event(2, ""));
    attempts(&seen, 14).await;
    // No longer at once; the worker's thread does not know the time of the test, so not exactly.
    let after = seen.attempts.lock().unwrap()[13].0 - times[12];
    assert!(after.as_secs_f64() > 1.9, "{after:?}");
    assert_eq!(seen.ids()[13], ["2"]);
}

#[tokio::test]
async fn the_status_says_how_the_last_upload_went() {
    let (logger, seen) = start(with(Trigger::Manual, 1, 2));
    assert_eq!(logger.status(), value("{}"));
    seen.failures.store(1, Ordering::SeqCst);
    logger.log(no_policy(), event(1, ""));
    assert!(matches!(logger.flush().await, Err(DecisionLogError::Upload(_))));
    let status = logger.status();
    let field = |name: &str| status.get_path(&[name]).map(|value| value.to_json()).unwrap();
    assert_eq!(
        [field("code"), field("message"), field("http_code")],
        ["\"decision_log_error\"", "\"no\"", "503"]
    );
    logger.flush().await.unwrap();
    assert!(logger.status().get_path(&["code"]).is_none());
    assert_eq!(seen.ids(), [["1"], ["1"]]);
}

#[tokio::test]
async fn chunks_that_fail_keep_their_place() {
    for buffer in [LogBuffer::Size { limit_bytes: None }, LogBuffer::Events { limit: 1000 }] {
        let mut config = with(Trigger::Manual, 1, 2);
        config.reporting.buffer = buffer;
        config.reporting.upload_size_limit_bytes = 1000;
        let (logger, seen) = start(config);
        (0..20)
            .for_each(|number| logger.log(no_policy(), event(number, &noise(number as u64, 300))));
        seen.failures.store(3, Ordering::SeqCst);
        for _ in 0..3 {
            assert!(logger.flush().await.is_err());
        }
        logger.flush().await.unwrap();
        let ids = seen.ids();
        assert!(ids[..3].iter().all(|chunk| chunk[0] == "0"), "{ids:?}");
        assert_eq!(ids[3..].concat(), (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn immediate_sends_full_chunks_at_once_and_the_rest_in_time() {
    for buffer in [LogBuffer::Size { limit_bytes: None }, LogBuffer::Events { limit: 1000 }] {
        let mut config = with(Trigger::Immediate, 100, 200);
        config.reporting.buffer = buffer;
        config.reporting.upload_size_limit_bytes = 1000;
        let (logger, seen) = start(config);
        let start = tokio::time::Instant::now();
        (0..20)
            .for_each(|number| logger.log(no_policy(), event(number, &noise(number as u64, 300))));
        attempts(&seen, 5).await;
        while seen.ids().concat().len() < 20 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let attempts = seen.attempts.lock().unwrap();
        let last = attempts.last().unwrap().0 - start;
        assert!((199..401).contains(&last.as_secs()), "{last:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_never_ends_is_given_up_and_sent_again() {
    let (logger, seen) = start(with(Trigger::Periodic, 1, 2));
    seen.hangs.store(1, Ordering::SeqCst);
    logger.log(no_policy(), event(1, ""));
    attempts(&seen, 2).await;
    let attempts = seen.attempts.lock().unwrap();
    assert!(attempts[1].0 - attempts[0].0 >= UPLOAD_TIMEOUT);
}

#[tokio::test]
async fn an_upload_that_hangs_never_slows_the_requests() {
    let (logger, seen) = start(with(Trigger::Manual, 1, 2));
    seen.hangs.store(usize::MAX, Ordering::SeqCst);
    logger.log(no_policy(), event(1, ""));
    let flushing = tokio::spawn({
        let logger = logger.clone();
        async move { logger.flush().await }
    });
    attempts(&seen, 1).await;
    let snapshot = no_policy();
    let mut longest = Duration::ZERO;
    for number in 0..20_000 {
        let event = event(number, "some text");
        let begin = Instant::now();
        logger.log(snapshot.clone(), event);
        longest = longest.max(begin.elapsed());
    }
    // A request would have waited for the upload's limit; the rest is what the machine is like.
    assert!(longest < Duration::from_secs(1), "{longest:?}");
    flushing.abort();
}

#[tokio::test]
async fn a_policy_that_takes_long_costs_decisions_not_requests() {
    // The console stands for what is slow.
    let (gate, wait) = std::sync::mpsc::channel::<()>();
    let seen = std::sync::Arc::new(Seen::default());
    let mut options = super::support::options(config(), &seen);
    let wait = std::sync::Mutex::new(wait);
    options.console = Some(std::sync::Arc::new(move |_| {
        let _ = wait.lock().unwrap().recv();
    }));
    let runtime = tokio::runtime::Handle::current();
    let logger =
        portcullis_service::decision_log::DecisionLogger::start(options, &runtime).unwrap();
    let snapshot = no_policy();
    let many = WAITING_EVENTS_MAX + 10;
    (0..many).for_each(|number| logger.log(snapshot.clone(), event(number, "")));
    let dropped = logger.counters().get(Count::QueueFull);
    assert!((9..=10).contains(&dropped), "{dropped}");
    drop(gate);
    logger.flush().await.unwrap();
    assert_eq!(seen.ids().concat().len() as u64, many as u64 - dropped);
}

#[tokio::test]
async fn large_decisions_wait_within_bounds() {
    let (gate, wait) = std::sync::mpsc::channel::<()>();
    let seen = std::sync::Arc::new(Seen::default());
    let mut options = super::support::options(config(), &seen);
    let wait = std::sync::Mutex::new(wait);
    options.console = Some(std::sync::Arc::new(move |_| {
        let _ = wait.lock().unwrap().recv();
    }));
    let runtime = tokio::runtime::Handle::current();
    let logger =
        portcullis_service::decision_log::DecisionLogger::start(options, &runtime).unwrap();
    let text = "a".repeat(WAITING_BYTES_MAX / 4);
    (0..10).for_each(|number| logger.log(no_policy(), event(number, &text)));
    let dropped = logger.counters().get(Count::QueueFull);
    assert!((5..=7).contains(&dropped), "{dropped}");
    drop(gate);
    logger.settled().await.unwrap();
    // Alone, even more than fits goes in.
    logger.log(no_policy(), event(11, &"a".repeat(WAITING_BYTES_MAX + 1)));
    assert_eq!(logger.counters().get(Count::QueueFull), dropped);
}

#[tokio::test]
async fn a_shutdown_tries_until_it_is_done_or_out_of_time() {
    let (logger, seen) = start(with(Trigger::Manual, 1, 2));
    logger.log(no_policy(), event(1, ""));
    seen.failures.store(2, Ordering::SeqCst);
    logger.shutdown(Duration::from_secs(60)).await.unwrap();
    assert_eq!(seen.attempted(), 3);
    logger.log(no_policy(), event(2, ""));
    assert_eq!(logger.counters().get(Count::QueueFull), 1);
    assert!(matches!(logger.flush().await, Err(DecisionLogError::Ended)));

    let (logger, seen) = start(with(Trigger::Manual, 1, 2));
    logger.log(no_policy(), event(1, ""));
    seen.failures.store(usize::MAX, Ordering::SeqCst);
    let error = logger.shutdown(Duration::from_millis(200)).await.unwrap_err();
    assert_eq!(error.to_string(), "decisions could not be delivered within 0.2 s");
}
