//! OpenTelemetry: spans and metrics on their way to a collector.
//!
//! Each exporter is a thread of its own behind a bounded queue. A collector that is slow or away
//! costs telemetry, never a decision. Must not know: what a span or a metric is about.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use tokio::sync::mpsc as queue;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::TelemetryError;
use super::collector::{Collector, Signal};
use super::options::{
    BLOCKING_MAX, BatchSpanOptions, DistributedTracingConfig, MetricsExportConfig, ResourceConfig,
};
use super::otlp;
use super::prometheus::Registry;
use super::span::{AttributeValue, SpanContext, SpanData, SpanHandle, SpanSink};

/// Longest wait, at the end, for what was not sent yet.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// The same, where the collector did not take the last batch.
const SHUTDOWN_TIMEOUT_AWAY: Duration = Duration::from_secs(1);

/// Longest export of metrics.
const METRICS_TIMEOUT: Duration = Duration::from_secs(30);

/// Wait between two looks for room, with `blocking`.
const BLOCKING_STEP: Duration = Duration::from_millis(1);

/// Sends the spans of this process to a collector.
pub struct TraceExport {
    spans: Arc<SpanQueue>,
    share: f64,
    worker: Worker,
}

impl TraceExport {
    /// Starts the exporter; none, if the configuration has no `type`.
    ///
    /// Errors: options that make no sense, files that cannot be read, no thread. A collector that
    /// does not answer is no error.
    pub fn start(config: &DistributedTracingConfig) -> Result<Option<Self>, TelemetryError> {
        let Some(protocol) = config.export_type.0 else { return Ok(None) };
        config.check()?;
        let collector = Collector::new(&config.target(), protocol, Signal::Traces)?;
        let options = config.batch_span_processor_options;
        let (sender, waiting) = queue::channel(options.max_queue_size);
        let spans = Arc::new(SpanQueue {
            sender,
            is_blocking: options.blocking,
            is_reachable: AtomicBool::new(true),
            dropped: AtomicU64::new(0),
        });
        let export = SpanExport {
            collector,
            resource: otlp::resource(&config.service_name, &config.resource),
            options,
            spans: Arc::clone(&spans),
            reported: 0,
        };
        let worker = Worker::start("trace-export", move |stop| export.run(waiting, stop))?;
        Ok(Some(Self { spans, share: f64::from(config.sample_percentage) / 100.0, worker }))
    }

    /// Starts the span of a request. `parent` is its header `traceparent`, if it has one: the trace
    /// goes on, and its sampling is the caller's; else a new trace begins.
    pub fn span(
        &self,
        name: &str,
        parent: Option<&str>,
        attributes: &[(&'static str, AttributeValue)],
    ) -> SpanHandle {
        let parent = parent.and_then(SpanContext::parse);
        let sink: Arc<dyn SpanSink> = Arc::clone(&self.spans) as _;
        let mut span = SpanHandle::start(sink, name, parent, self.share);
        if span.is_sampled() {
            for (key, value) in attributes {
                span.set_attribute(key, value.clone());
            }
        }
        span
    }

    /// Returns how many spans were dropped so far: the queue was full, or they did not arrive.
    pub fn dropped(&self) -> u64 {
        self.spans.dropped.load(Ordering::Relaxed)
    }

    /// Sends what waits and ends, within [`SHUTDOWN_TIMEOUT`]; spans that end later are dropped.
    /// Dropping the exporter does the same.
    pub fn shutdown(&self) {
        self.worker.shutdown();
    }
}

/// Spans that wait to be sent.
struct SpanQueue {
    sender: queue::Sender<SpanData>,
    is_blocking: bool,
    is_reachable: AtomicBool,
    dropped: AtomicU64,
}

impl SpanSink for SpanQueue {
    fn ended(&self, span: SpanData) {
        let mut span = span;
        let mut waited = Duration::ZERO;
        loop {
            span = match self.sender.try_send(span) {
                Ok(()) => return,
                Err(queue::error::TrySendError::Full(span)) => span,
                Err(queue::error::TrySendError::Closed(_)) => break,
            };
            // Waiting makes sense only while the collector takes something.
            let may_wait = self.is_blocking && self.is_reachable.load(Ordering::Relaxed);
            if !may_wait || waited >= BLOCKING_MAX {
                break;
            }
            thread::sleep(BLOCKING_STEP);
            waited += BLOCKING_STEP;
        }
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// The thread's side of a [`TraceExport`].
struct SpanExport {
    collector: Collector,
    resource: Resource,
    options: BatchSpanOptions,
    spans: Arc<SpanQueue>,
    reported: u64,
}

impl SpanExport {
    async fn run(
        mut self,
        mut waiting: queue::Receiver<SpanData>,
        mut stop: oneshot::Receiver<()>,
    ) {
        let size = self.options.max_export_batch_size.min(self.options.max_queue_size);
        let fill_time = Duration::from_millis(self.options.batch_timeout_ms);
        let timeout = Duration::from_millis(self.options.export_timeout_ms);
        loop {
            let mut batch = Vec::new();
            let is_stopped = tokio::select! {
                _ = &mut stop => true,
                () = fill(&mut waiting, &mut batch, size, fill_time) => false,
            };
            if is_stopped {
                let deadline = Instant::now() + self.patience();
                return self.drain(waiting, batch, deadline).await;
            }
            let patience = self.patience();
            let deadline = {
                let mut export = pin!(self.export(&batch, timeout));
                let deadline = tokio::select! {
                    () = &mut export => continue,
                    _ = &mut stop => Instant::now() + patience,
                };
                // What is on its way may still arrive; to send it again would double it.
                let _ = tokio::time::timeout_at(deadline, export).await;
                deadline
            };
            return self.drain(waiting, Vec::new(), deadline).await;
        }
    }

    /// Returns how long the end may take: not long, if nobody takes what is sent.
    fn patience(&self) -> Duration {
        let is_reachable = self.spans.is_reachable.load(Ordering::Relaxed);
        if is_reachable { SHUTDOWN_TIMEOUT } else { SHUTDOWN_TIMEOUT_AWAY }
    }

    /// Sends what is left, each batch at most once, until the deadline.
    async fn drain(
        &mut self,
        mut waiting: queue::Receiver<SpanData>,
        mut batch: Vec<SpanData>,
        deadline: Instant,
    ) {
        let size = self.options.max_export_batch_size.min(self.options.max_queue_size);
        waiting.close();
        let work = async {
            loop {
                let room = size.saturating_sub(batch.len());
                if room > 0 {
                    waiting.recv_many(&mut batch, room).await;
                }
                if batch.is_empty() {
                    return;
                }
                let message = otlp::trace_message(&self.resource, &batch).encode_to_vec();
                let answer = self.collector.export_once(&message, SHUTDOWN_TIMEOUT).await;
                self.note(batch.len() as u64, answer);
                batch.clear();
            }
        };
        let _ = tokio::time::timeout_at(deadline, work).await;
    }

    async fn export(&mut self, batch: &[SpanData], timeout: Duration) {
        let message = otlp::trace_message(&self.resource, batch).encode_to_vec();
        let answer = self.collector.export(&message, timeout).await;
        self.note(batch.len() as u64, answer);
    }

    /// Counts what did not arrive.
    fn note(&mut self, sent: u64, answer: Option<Vec<u8>>) {
        self.spans.is_reachable.store(answer.is_some(), Ordering::Relaxed);
        match answer.map(|answer| ExportTraceServiceResponse::decode(answer.as_slice())) {
            Some(Ok(ExportTraceServiceResponse { partial_success: Some(partial) }))
                if partial.rejected_spans > 0 =>
            {
                let rejected = u64::try_from(partial.rejected_spans).unwrap_or(0);
                self.spans.dropped.fetch_add(rejected, Ordering::Relaxed);
                let reason = partial.error_message.escape_debug();
                self.collector.warn(&format!("{rejected} spans were refused: `{reason}`"));
            }
            Some(_) => {}
            None => {
                self.spans.dropped.fetch_add(sent, Ordering::Relaxed);
            }
        }
        let dropped = self.spans.dropped.load(Ordering::Relaxed);
        let is_news = dropped > self.reported;
        if is_news && self.collector.warn(&format!("{dropped} spans were dropped so far")) {
            self.reported = dropped;
        }
    }
}

/// Waits for a first span, then for more of them, until the batch is full or its time over.
async fn fill(
    waiting: &mut queue::Receiver<SpanData>,
    batch: &mut Vec<SpanData>,
    size: usize,
    time: Duration,
) {
    if waiting.recv_many(batch, size).await == 0 {
        std::future::pending::<()>().await; // closed: only the end is left to wait for
    }
    let more = async {
        while batch.len() < size {
            let room = size - batch.len();
            if waiting.recv_many(batch, room).await == 0 {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(time, more).await;
}

/// Pushes the metrics of this process to a collector, again and again.
pub struct MetricsExport {
    worker: Worker,
}

impl MetricsExport {
    /// Starts the exporter; none, if the configuration has no `type`.
    ///
    /// Errors: options that make no sense, files that cannot be read, no thread. A collector that
    /// does not answer is no error.
    pub fn start(
        config: &MetricsExportConfig,
        registry: Arc<Registry>,
    ) -> Result<Option<Self>, TelemetryError> {
        let Some(protocol) = config.export_type.0 else { return Ok(None) };
        config.check()?;
        let mut export = FamilyExport {
            collector: Collector::new(&config.target(), protocol, Signal::Metrics)?,
            resource: otlp::resource(&config.service_name, &ResourceConfig::default()),
            registry,
            start: SystemTime::now(),
        };
        let interval = Duration::from_millis(config.export_interval_ms);
        let worker = Worker::start("metrics-export", move |mut stop| async move {
            loop {
                let turn = async {
                    tokio::time::sleep(interval).await;
                    export.export(METRICS_TIMEOUT).await;
                };
                tokio::select! {
                    _ = &mut stop => break,
                    () = turn => {}
                }
            }
            export.export_last().await;
        })?;
        Ok(Some(Self { worker }))
    }

    /// Pushes once more and ends, within [`SHUTDOWN_TIMEOUT`]. Dropping the exporter does the same.
    pub fn shutdown(&self) {
        self.worker.shutdown();
    }
}

/// The thread's side of a [`MetricsExport`].
struct FamilyExport {
    collector: Collector,
    resource: Resource,
    registry: Arc<Registry>,
    start: SystemTime,
}

impl FamilyExport {
    async fn export(&mut self, timeout: Duration) {
        let message = self.message();
        let answer = self.collector.export(&message, timeout).await;
        self.note(answer);
    }

    async fn export_last(&mut self) {
        let message = self.message();
        let answer = self.collector.export_once(&message, SHUTDOWN_TIMEOUT).await;
        self.note(answer);
    }

    fn message(&self) -> Vec<u8> {
        let families = self.registry.gather();
        otlp::metrics_message(&self.resource, &families, self.start).encode_to_vec()
    }

    fn note(&mut self, answer: Option<Vec<u8>>) {
        let Some(answer) = answer else { return };
        let answer = ExportMetricsServiceResponse::decode(answer.as_slice()).unwrap_or_default();
        if let Some(partial) = answer.partial_success.filter(|p| p.rejected_data_points > 0) {
            let rejected = partial.rejected_data_points;
            let reason = partial.error_message.escape_debug();
            self.collector.warn(&format!("{rejected} data points were refused: `{reason}`"));
        }
    }
}

/// A thread with an asynchronous task, and the way to end it.
struct Worker {
    stop: Mutex<Option<oneshot::Sender<()>>>,
    ended: Mutex<Receiver<()>>,
}

impl Worker {
    fn start<F, W>(name: &str, work: W) -> Result<Self, TelemetryError>
    where
        F: Future<Output = ()>,
        W: FnOnce(oneshot::Receiver<()>) -> F + Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(TelemetryError::Thread)?;
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = mpsc::sync_channel::<()>(1);
        let run = move || {
            runtime.block_on(work(stopped));
            runtime.shutdown_background(); // a name that is still being looked up must not hold us
            drop(end); // tells who waits for the end
        };
        thread::Builder::new().name(name.to_string()).spawn(run).map_err(TelemetryError::Thread)?;
        Ok(Self { stop: Mutex::new(Some(stop)), ended: Mutex::new(ended) })
    }

    /// Tells the thread to end and waits for it, for a bounded time; a second call does nothing.
    fn shutdown(&self) {
        let stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(stop) = stop {
            let _ = stop.send(());
            let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = ended.recv_timeout(SHUTDOWN_TIMEOUT);
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.shutdown();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(is_blocking: bool, is_reachable: bool) -> (SpanQueue, queue::Receiver<SpanData>) {
        let (sender, waiting) = queue::channel(1);
        let is_reachable = AtomicBool::new(is_reachable);
        (SpanQueue { sender, is_blocking, is_reachable, dropped: AtomicU64::new(0) }, waiting)
    }

    #[test]
    fn waits_for_room_only_if_asked_to_and_while_the_collector_takes_something() {
        for (is_blocking, is_reachable, waits) in
            [(true, true, true), (true, false, false), (false, true, false)]
        {
            let (spans, mut waiting) = queue(is_blocking, is_reachable);
            let spans = Arc::new(spans);
            let end = || {
                let sink: Arc<dyn SpanSink> = Arc::clone(&spans) as _;
                drop(SpanHandle::start(sink, "x", None, 1.0));
            };
            end();
            assert_eq!(spans.dropped.load(Ordering::Relaxed), 0);
            let start = Instant::now();
            end();
            assert_eq!(spans.dropped.load(Ordering::Relaxed), 1);
            assert!(!waits || start.elapsed() >= BLOCKING_MAX);
            assert!(waiting.try_recv().is_ok() && waiting.try_recv().is_err());
            end();
            assert!(waiting.try_recv().is_ok());
        }
    }
}
