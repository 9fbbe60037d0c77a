//! The sections of the configuration. Must not know: what is done with them.

use portcullis_service::telemetry::export::{MetricsExport, TraceExport};
use portcullis_service::telemetry::options::{
    DistributedTracingConfig, Encryption, ExportType, MetricsExportConfig, Protocol,
};
use portcullis_service::telemetry::prometheus::{Registry, RegistryOptions};
use serde_json::{Value, json};

fn tracing(config: Value) -> Result<DistributedTracingConfig, String> {
    let config: DistributedTracingConfig =
        serde_json::from_value(config).map_err(|e| e.to_string())?;
    config.check().map_err(|e| e.to_string())?;
    Ok(config)
}

fn metrics(config: Value) -> Result<MetricsExportConfig, String> {
    let config: MetricsExportConfig = serde_json::from_value(config).map_err(|e| e.to_string())?;
    config.check().map_err(|e| e.to_string())?;
    Ok(config)
}

#[test]
fn defaults_are_opas() {
    let config = tracing(json!({})).unwrap();
    assert_eq!((config.export_type, config.encryption), (ExportType(None), Encryption::Off));
    assert_eq!((config.service_name.as_str(), config.sample_percentage), ("opa", 100));
    let batch = config.batch_span_processor_options;
    assert_eq!((batch.batch_timeout_ms, batch.export_timeout_ms), (5_000, 30_000));
    assert_eq!((batch.max_export_batch_size, batch.max_queue_size), (512, 2_048));
    assert!(!batch.blocking && !config.allow_insecure_tls);
    assert!(TraceExport::start(&config).unwrap().is_none());
    let config = metrics(json!({})).unwrap();
    assert_eq!((config.service_name.as_str(), config.export_interval_ms), ("opa", 60_000));
    let registry = Registry::new(&RegistryOptions::default()).unwrap();
    assert!(MetricsExport::start(&config, registry.into()).unwrap().is_none());
}

#[test]
fn types_are_read_in_any_case() {
    for (text, protocol) in
        [("GRPC", Some(Protocol::Grpc)), ("otlp/HTTP", Some(Protocol::Http)), ("", None)]
    {
        assert_eq!(metrics(json!({"type": text})).unwrap().export_type, ExportType(protocol));
    }
}

#[test]
fn what_makes_no_sense_is_named() {
    for (config, expected) in [
        (json!({"type": "udp"}), "unknown type `udp`: expected `grpc`, `http` or none"),
        (json!({"encryption": "ssl"}), "unknown encryption `ssl`: expected `off`, `tls` or `mtls`"),
        (
            json!({"sample_percentage": 101}),
            "`distributed_tracing.sample_percentage`: must be between 0 and 100",
        ),
        (
            json!({"batch_span_processor_options": {"max_queue_size": 0}}),
            "`distributed_tracing.batch_span_processor_options.max_queue_size`: must be greater than zero",
        ),
        (
            json!({"encryption": "mtls", "tls_cert_file": "c"}),
            "`distributed_tracing.tls_private_key_file`: `encryption: mtls` needs this file",
        ),
    ] {
        assert_eq!(tracing(config).unwrap_err(), expected);
    }
    assert!(tracing(json!({"sample_percentage": -1})).is_err());
    assert!(
        tracing(json!({"batch_span_processor_options": {"max_queue_size": 1u64 << 40}})).is_err()
    );
    assert_eq!(
        metrics(json!({"export_interval_ms": 0})).unwrap_err(),
        "`metrics_export.export_interval_ms`: must be greater than zero"
    );
    let config = tracing(json!({"type": "http", "address": "http://x"})).unwrap();
    let error = TraceExport::start(&config).err().unwrap().to_string();
    assert_eq!(error, "`distributed_tracing.address`: `http://x` is not `host:port`");
}
