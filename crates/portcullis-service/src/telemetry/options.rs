//! The sections `distributed_tracing` and `metrics_export` of a configuration, with OPA's keys and
//! defaults.
//!
//! Plain data that a configuration embeds; `check` says what no type can. Must not know: files,
//! sockets, the rest of the configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::TelemetryError;

/// Where OTLP over gRPC goes unless `address` says otherwise.
pub const GRPC_ADDRESS: &str = "localhost:4317";

/// Where OTLP over HTTP goes unless `address` says otherwise.
pub const HTTP_ADDRESS: &str = "localhost:4318";

/// Most headers that may be sent with every export.
pub const HEADERS_MAX: usize = 64;

/// Most spans that `max_queue_size` may ask for.
pub const QUEUE_SIZE_MAX: usize = 1 << 20;

/// How OTLP messages travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// gRPC, over HTTP/2.
    Grpc,
    /// Protobuf in the body of HTTP requests.
    Http,
}

/// The `type` of an exporter: none, where it is empty. Written `grpc` and `http` for traces,
/// `otlp/grpc` and `otlp/http` for metrics; either spelling is read, in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ExportType(pub Option<Protocol>);

impl TryFrom<String> for ExportType {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "" => Ok(Self(None)),
            "grpc" | "otlp/grpc" => Ok(Self(Some(Protocol::Grpc))),
            "http" | "otlp/http" => Ok(Self(Some(Protocol::Http))),
            _ => Err(format!("unknown type `{text}`: expected `grpc`, `http` or none")),
        }
    }
}

/// How the way to the collector is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Encryption {
    /// Not at all.
    #[default]
    Off,
    /// The collector shows a certificate.
    Tls,
    /// Both sides show a certificate.
    Mtls,
}

impl TryFrom<String> for Encryption {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "" | "off" => Ok(Self::Off),
            "tls" => Ok(Self::Tls),
            "mtls" => Ok(Self::Mtls),
            _ => Err(format!("unknown encryption `{text}`: expected `off`, `tls` or `mtls`")),
        }
    }
}

/// The section `distributed_tracing`.
///
/// Source: OPA's configuration reference. `headers` is of OPA 1.21.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct DistributedTracingConfig {
    /// `type`: none turns tracing off.
    #[serde(rename = "type")]
    pub export_type: ExportType,
    /// `host:port` of the collector; empty is the default of the type.
    pub address: String,
    /// `service.name` of the resource.
    pub service_name: String,
    /// How many of a hundred traces are kept, where the caller does not say.
    pub sample_percentage: u8,
    /// How the way is protected.
    pub encryption: Encryption,
    /// Whether any certificate of the collector will do.
    pub allow_insecure_tls: bool,
    /// PEM file of the roots; empty means the system's.
    pub tls_ca_cert_file: String,
    /// PEM file of our certificate, for `mtls`.
    pub tls_cert_file: String,
    /// PEM file of our key, for `mtls`.
    pub tls_private_key_file: String,
    /// Headers (metadata, for gRPC) of every export.
    pub headers: BTreeMap<String, String>,
    /// More about the resource.
    pub resource: ResourceConfig,
    /// How spans are put together to batches.
    pub batch_span_processor_options: BatchSpanOptions,
}

impl Default for DistributedTracingConfig {
    fn default() -> Self {
        Self {
            export_type: ExportType(None),
            address: String::new(),
            service_name: "opa".to_string(),
            sample_percentage: 100,
            encryption: Encryption::Off,
            allow_insecure_tls: false,
            tls_ca_cert_file: String::new(),
            tls_cert_file: String::new(),
            tls_private_key_file: String::new(),
            headers: BTreeMap::new(),
            resource: ResourceConfig::default(),
            batch_span_processor_options: BatchSpanOptions::default(),
        }
    }
}

/// The section `distributed_tracing.resource`; what is empty is not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ResourceConfig {
    /// `service.version`.
    pub service_version: String,
    /// `service.instance.id`.
    pub service_instance_id: String,
    /// `service.namespace`.
    pub service_namespace: String,
    /// `deployment.environment`, also sent under its newer name `deployment.environment.name`.
    pub deployment_environment: String,
}

/// The section `distributed_tracing.batch_span_processor_options`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BatchSpanOptions {
    /// Whether the end of a span waits for room in the queue, at most for [`BLOCKING_MAX`]; a span
    /// is dropped otherwise.
    pub blocking: bool,
    /// Longest wait of a span for its batch to fill, in milliseconds.
    pub batch_timeout_ms: u64,
    /// Longest export, in milliseconds.
    pub export_timeout_ms: u64,
    /// Most spans of a batch.
    pub max_export_batch_size: usize,
    /// Most spans that wait.
    pub max_queue_size: usize,
}

/// Longest wait for room in the queue with `blocking`: a dead collector must not stop decisions.
pub const BLOCKING_MAX: Duration = Duration::from_millis(10);

impl Default for BatchSpanOptions {
    fn default() -> Self {
        Self {
            blocking: false,
            batch_timeout_ms: 5_000,
            export_timeout_ms: 30_000,
            max_export_batch_size: 512,
            max_queue_size: 2_048,
        }
    }
}

/// The section `metrics_export`.
///
/// Source: OPA 1.16, `headers` of 1.21.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct MetricsExportConfig {
    /// `type`: none turns the export off.
    #[serde(rename = "type")]
    pub export_type: ExportType,
    /// `host:port` of the collector; empty is the default of the type.
    pub address: String,
    /// Time between two exports, in milliseconds.
    pub export_interval_ms: u64,
    /// `service.name` of the resource.
    pub service_name: String,
    /// How the way is protected.
    pub encryption: Encryption,
    /// Whether any certificate of the collector will do.
    pub allow_insecure_tls: bool,
    /// PEM file of the roots; empty means the system's.
    pub tls_ca_cert_file: String,
    /// PEM file of our certificate, for `mtls`.
    pub tls_cert_file: String,
    /// PEM file of our key, for `mtls`.
    pub tls_private_key_file: String,
    /// Headers (metadata, for gRPC) of every export.
    pub headers: BTreeMap<String, String>,
}

impl Default for MetricsExportConfig {
    fn default() -> Self {
        Self {
            export_type: ExportType(None),
            address: String::new(),
            export_interval_ms: 60_000,
            service_name: "opa".to_string(),
            encryption: Encryption::Off,
            allow_insecure_tls: false,
            tls_ca_cert_file: String::new(),
            tls_cert_file: String::new(),
            tls_private_key_file: String::new(),
            headers: BTreeMap::new(),
        }
    }
}

impl DistributedTracingConfig {
    /// Says what no type can: ranges, and files that belong together. Reads no file.
    ///
    /// Errors: [`TelemetryError::Option`], for the first key that is wrong.
    pub fn check(&self) -> Result<(), TelemetryError> {
        let batch = &self.batch_span_processor_options;
        let wrong = |key: &str, reason: &str| Err(option("distributed_tracing", key, reason));
        if self.sample_percentage > 100 {
            return wrong("sample_percentage", "must be between 0 and 100");
        }
        for (name, value) in [
            ("batch_timeout_ms", batch.batch_timeout_ms),
            ("export_timeout_ms", batch.export_timeout_ms),
            ("max_export_batch_size", batch.max_export_batch_size as u64),
            ("max_queue_size", batch.max_queue_size as u64),
        ] {
            if value == 0 {
                let key = format!("batch_span_processor_options.{name}");
                return wrong(&key, "must be greater than zero");
            }
        }
        if batch.max_queue_size > QUEUE_SIZE_MAX {
            let reason = format!("must not be greater than {QUEUE_SIZE_MAX}");
            return wrong("batch_span_processor_options.max_queue_size", &reason);
        }
        self.target().check()
    }

    /// Returns where and how to send spans to.
    pub(super) fn target(&self) -> Target<'_> {
        Target {
            section: "distributed_tracing",
            address: &self.address,
            encryption: self.encryption,
            allow_insecure_tls: self.allow_insecure_tls,
            ca_file: &self.tls_ca_cert_file,
            cert_file: &self.tls_cert_file,
            key_file: &self.tls_private_key_file,
            headers: &self.headers,
        }
    }
}

impl MetricsExportConfig {
    /// Says what no type can: ranges, and files that belong together. Reads no file.
    ///
    /// Errors: [`TelemetryError::Option`], for the first key that is wrong.
    pub fn check(&self) -> Result<(), TelemetryError> {
        if self.export_interval_ms == 0 {
            let reason = "must be greater than zero";
            return Err(option("metrics_export", "export_interval_ms", reason));
        }
        self.target().check()
    }

    /// Returns where and how to send metrics to.
    pub(super) fn target(&self) -> Target<'_> {
        Target {
            section: "metrics_export",
            address: &self.address,
            encryption: self.encryption,
            allow_insecure_tls: self.allow_insecure_tls,
            ca_file: &self.tls_ca_cert_file,
            cert_file: &self.tls_cert_file,
            key_file: &self.tls_private_key_file,
            headers: &self.headers,
        }
    }
}

/// What both exporters need to know of their collector. (Not a part of the two sections by
/// `serde(flatten)`: that would lose the place of a wrong key.)
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) section: &'static str,
    pub(super) address: &'a str,
    pub(super) encryption: Encryption,
    pub(super) allow_insecure_tls: bool,
    pub(super) ca_file: &'a str,
    pub(super) cert_file: &'a str,
    pub(super) key_file: &'a str,
    pub(super) headers: &'a BTreeMap<String, String>,
}

impl Target<'_> {
    fn check(&self) -> Result<(), TelemetryError> {
        if self.headers.len() > HEADERS_MAX {
            let reason = format!("more than {HEADERS_MAX} headers");
            return Err(option(self.section, "headers", &reason));
        }
        if self.encryption == Encryption::Mtls {
            for (key, file) in
                [("tls_cert_file", self.cert_file), ("tls_private_key_file", self.key_file)]
            {
                if file.is_empty() {
                    return Err(option(self.section, key, "`encryption: mtls` needs this file"));
                }
            }
        }
        Ok(())
    }
}

/// Makes the error of one key.
pub(super) fn option(section: &str, key: &str, reason: &str) -> TelemetryError {
    TelemetryError::Option { key: format!("{section}.{key}"), reason: reason.to_string() }
}
