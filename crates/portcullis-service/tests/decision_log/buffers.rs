//! What waits in memory, and what is lost where it is too much.

use portcullis_service::config::LogBuffer;
use portcullis_service::decision_log::{Count, Event};
use rego::Value;

use super::support::{config, event, no_policy, noise, options, start, value};

#[tokio::test]
async fn chunks_keep_to_the_limit_and_lose_nothing() {
    for buffer in [LogBuffer::Size { limit_bytes: None }, LogBuffer::Events { limit: 10_000 }] {
        for compressible in [false, true] {
            let mut config = config();
            config.reporting.buffer = buffer;
            config.reporting.upload_size_limit_bytes = 4096;
            let (logger, seen) = start(config);
            let snapshot = no_policy();
            for number in 0..300 {
                let seed = if compressible { 1 } else { number as u64 };
                logger.log(snapshot.clone(), event(number, &noise(seed, 600)));
            }
            logger.flush().await.unwrap();
            let ids: Vec<_> = seen.ids().concat();
            assert_eq!(ids, (0..300).map(|n| n.to_string()).collect::<Vec<_>>(), "{buffer:?}");
            let attempts = seen.attempts.lock().unwrap();
            assert!(attempts.iter().all(|(_, bytes, _)| *bytes <= 4096), "{buffer:?}");
            if compressible {
                assert!(attempts.len() < 30, "{} chunks", attempts.len());
                assert!(logger.counters().get(Count::ScaleUp) > 0);
            }
            assert!(
                logger.metrics().get_path(&["histogram_enc_events_written_in_chunk"]).is_some()
            );
        }
    }
}

#[tokio::test]
async fn the_oldest_go_first() {
    let mut config = config();
    config.reporting.buffer = LogBuffer::Events { limit: 5 };
    let (logger, seen) = start(config.clone());
    (0..8).for_each(|number| logger.log(no_policy(), event(number, "")));
    logger.flush().await.unwrap();
    assert_eq!(seen.ids(), [["3", "4", "5", "6", "7"]]);
    assert_eq!(logger.counters().get(Count::BufferEvents), 3);

    config.reporting.buffer = LogBuffer::Size { limit_bytes: Some(3000) };
    config.reporting.upload_size_limit_bytes = 1000;
    let (logger, seen) = start(config);
    (0..40).for_each(|number| logger.log(no_policy(), event(number, &noise(number as u64, 300))));
    logger.flush().await.unwrap();
    let ids = seen.ids().concat();
    let lost = logger.counters().get(Count::BufferBytes) as usize;
    assert!(lost > 20 && ids.len() >= 3, "{lost}");
    assert_eq!(ids, (lost..40).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_too_large_goes_piece_by_piece() {
    let mut config = config();
    config.reporting.upload_size_limit_bytes = 1000;
    let (logger, seen) = start(config);
    let cache = Value::object_from_strs([("time.now_ns", Value::from(noise(9, 2000)))]);
    logger.log(no_policy(), Event { nd_builtin_cache: Some(cache.clone()), ..event(0, "kept") });
    logger.log(no_policy(), Event { nd_builtin_cache: Some(cache), ..event(1, &noise(8, 2000)) });
    logger.log(no_policy(), event(2, "a".repeat(5000).as_str()));
    logger.flush().await.unwrap();
    assert_eq!(seen.ids().concat(), ["0", "2"]);
    let attempts = seen.attempts.lock().unwrap();
    assert!(attempts[0].2[0].get_path(&["nd_builtin_cache"]).is_none());
    assert_eq!(attempts[0].2[0].get_path(&["input", "text"]), Some(&Value::from("kept")));
    assert_eq!(logger.counters().get(Count::NdBuiltinCache), 2);
    assert_eq!(logger.counters().get(Count::UploadSize), 1);
}

#[tokio::test]
async fn a_rate_is_kept_to_but_the_console_shows_all() {
    let mut config = config();
    config.reporting.max_decisions_per_second = Some(0.001);
    let (logger, seen) = start(config);
    (0..5).for_each(|number| logger.log(no_policy(), event(number, "")));
    logger.flush().await.unwrap();
    assert_eq!(seen.ids(), [["0"]]);
    assert_eq!(seen.console.lock().unwrap().len(), 5);
    let count = logger.metrics();
    let count = count.get_path(&["counter_decision_logs_dropped_rate_limit_exceeded"]);
    assert_eq!(count, Some(&Value::from(4)));
}

#[tokio::test]
async fn what_waits_survives_another_configuration() {
    let (logger, seen) = start(config());
    let mut number = 0;
    let buffers = [LogBuffer::Events { limit: 9 }, LogBuffer::Size { limit_bytes: Some(1 << 20) }];
    for buffer in buffers.into_iter().cycle().take(5) {
        logger.log(no_policy(), event(number, ""));
        logger.settled().await.unwrap();
        number += 1;
        let mut other = config();
        other.reporting.buffer = buffer;
        logger.reconfigure(options(other, &seen)).unwrap();
    }
    logger.log(no_policy(), event(number, ""));
    logger.flush().await.unwrap();
    assert_eq!(seen.ids().concat(), ["0", "1", "2", "3", "4", "5"]);
}

#[tokio::test]
async fn an_event_has_the_fields_of_opa() {
    let (logger, seen) = start(config());
    let event = Event {
        decision_id: "d".to_string(),
        trace_id: Some("t".to_string()),
        span_id: Some("s".to_string()),
        bundles: Some(value(r#"{"b":{"revision":"1"}}"#)),
        path: Some("p".to_string()),
        query: Some("q".to_string()),
        input: Some(Value::NULL),
        result: Some(Value::NULL),
        requested_by: Some("127.0.0.1:1".to_string()),
        timestamp: std::time::UNIX_EPOCH + std::time::Duration::from_millis(1500),
        req_id: Some(7),
        request_context: Some(value("{}")),
        custom: Some(value(r#"{"c":1}"#)),
        extra: vec![("mapped_result", Value::TRUE)],
        ..Event::default()
    };
    logger.log(no_policy(), event);
    logger.settled().await.unwrap();
    let expected = r#"{"labels":{"id":"x"},"decision_id":"d","trace_id":"t","span_id":"s","path":"p",
        "bundles":{"b":{"revision":"1"}},"query":"q","input":null,"result":null,"req_id":7,
        "requested_by":"127.0.0.1:1","timestamp":"1970-01-01T00:00:01.5Z","request_context":{},
        "custom":{"c":1},"mapped_result":true}"#;
    assert_eq!(*seen.console.lock().unwrap(), [value(expected)]);
}
