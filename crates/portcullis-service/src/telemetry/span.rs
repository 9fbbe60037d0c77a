//! Spans: what is told about one piece of work, and how traces go on from one program to the next.
//!
//! Must not know: where spans go when they end, OTLP.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Most attributes of a span; later ones are counted only.
pub const ATTRIBUTES_MAX: usize = 64;

/// Most bytes of an attribute's text, a name or a message.
pub const TEXT_BYTES_MAX: usize = 1024;

/// Whose work a span is; the numbers are OTLP's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// Our own.
    Internal = 1,
    /// What a caller asked us for.
    Server = 2,
    /// What we ask another program for.
    Client = 3,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    /// A text.
    Text(String),
    /// An integer.
    Int(i64),
    /// A boolean.
    Bool(bool),
}

impl From<&str> for AttributeValue {
    fn from(text: &str) -> Self {
        Self::Text(clipped(text))
    }
}

impl From<i64> for AttributeValue {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

impl From<bool> for AttributeValue {
    fn from(bool: bool) -> Self {
        Self::Bool(bool)
    }
}

/// A span that has ended.
#[derive(Clone, Debug)]
pub(super) struct SpanData {
    pub(super) trace_id: u128,
    pub(super) span_id: u64,
    pub(super) parent: Option<u64>,
    pub(super) is_parent_remote: bool,
    pub(super) name: String,
    pub(super) kind: SpanKind,
    pub(super) start: SystemTime,
    pub(super) duration: Duration,
    pub(super) attributes: Vec<(&'static str, AttributeValue)>,
    pub(super) dropped_attributes: u32,
    pub(super) error: Option<String>,
}

/// Who gets spans when they end. Must never wait long.
pub(super) trait SpanSink: Send + Sync {
    fn ended(&self, span: SpanData);
}

/// A piece of work in progress; it ends, and is sent, when it is dropped. One that is not sampled
/// has ids, but is never sent.
pub struct SpanHandle {
    sink: Arc<dyn SpanSink>,
    started: Instant,
    is_sampled: bool,
    /// Taken only when the handle is dropped.
    data: Option<SpanData>,
    context: SpanContext,
}

impl SpanHandle {
    /// Starts a span. Without a parent, a new trace begins, which is sampled with the given share.
    pub(super) fn start(
        sink: Arc<dyn SpanSink>,
        name: &str,
        parent: Option<SpanContext>,
        share: f64,
    ) -> SpanHandle {
        let trace_id = parent.map_or_else(new_trace_id, |parent| parent.trace_id);
        let is_sampled = parent.map_or_else(|| is_in(trace_id, share), |p| p.is_sampled);
        let context = SpanContext { trace_id, span_id: new_span_id(), is_sampled };
        let data = SpanData {
            trace_id,
            span_id: context.span_id,
            parent: parent.map(|parent| parent.span_id),
            is_parent_remote: parent.is_some(),
            name: clipped(name),
            kind: SpanKind::Server,
            start: SystemTime::now(),
            duration: Duration::ZERO,
            attributes: Vec::new(),
            dropped_attributes: 0,
            error: None,
        };
        Self { sink, started: Instant::now(), is_sampled, data: Some(data), context }
    }

    /// Starts a span of work that is part of this one.
    pub fn child(&self, name: &str, kind: SpanKind) -> SpanHandle {
        let mut child = Self::start(Arc::clone(&self.sink), name, Some(self.context), 0.0);
        if let Some(data) = &mut child.data {
            data.kind = kind;
            data.is_parent_remote = false;
        }
        child
    }

    /// Returns the id of the trace: 32 hexadecimal digits.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.context.trace_id)
    }

    /// Returns the id of the span: 16 hexadecimal digits.
    pub fn span_id(&self) -> String {
        format!("{:016x}", self.context.span_id)
    }

    /// Returns whether the span will be sent; else there is no need to find out attributes.
    pub fn is_sampled(&self) -> bool {
        self.is_sampled
    }

    /// Returns the header `traceparent` for requests that are part of this work.
    pub fn traceparent(&self) -> String {
        self.context.to_string()
    }

    /// Sets an attribute, in place of one of the same name.
    pub fn set_attribute(&mut self, key: &'static str, value: impl Into<AttributeValue>) {
        let Some(data) = self.data.as_mut().filter(|_| self.is_sampled) else { return };
        let has_room = data.attributes.len() < ATTRIBUTES_MAX;
        match data.attributes.iter_mut().find(|(known, _)| *known == key) {
            Some((_, old)) => *old = value.into(),
            None if has_room => data.attributes.push((key, value.into())),
            None => data.dropped_attributes = data.dropped_attributes.saturating_add(1),
        }
    }

    /// Says that the work failed.
    pub fn set_error(&mut self, message: &str) {
        if let Some(data) = self.data.as_mut().filter(|_| self.is_sampled) {
            data.error = Some(clipped(message));
        }
    }
}

impl Drop for SpanHandle {
    fn drop(&mut self) {
        if let Some(mut data) = self.data.take().filter(|_| self.is_sampled) {
            data.duration = self.started.elapsed();
            self.sink.ended(data);
        }
    }
}

/// What one program tells the next about a trace: the header `traceparent` of W3C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanContext {
    trace_id: u128,
    span_id: u64,
    is_sampled: bool,
}

impl SpanContext {
    /// Reads a header `traceparent`; none, if it is malformed, which starts a new trace.
    ///
    /// Source: W3C Trace Context, "traceparent Header Field Values"; later versions may add to it.
    pub fn parse(header: &str) -> Option<SpanContext> {
        let mut parts = header.trim().split('-');
        let version = hex(parts.next()?, 2)?;
        let trace_id = hex(parts.next()?, 32)?;
        let span_id = u64::try_from(hex(parts.next()?, 16)?).ok()?;
        let flags = hex(parts.next()?, 2)?;
        let is_known = version != 0xff && (version != 0 || parts.next().is_none());
        let is_valid = is_known && trace_id != 0 && span_id != 0;
        is_valid.then_some(Self { trace_id, span_id, is_sampled: flags & 1 == 1 })
    }
}

impl fmt::Display for SpanContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = u8::from(self.is_sampled);
        write!(f, "00-{:032x}-{:016x}-{flags:02x}", self.trace_id, self.span_id)
    }
}

/// Reads exactly so many lower-case hexadecimal digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_well_formed = text.len() == digits && text.bytes().all(is_hex);
    is_well_formed.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

/// Says whether a trace is among the given share. Depends on nothing but the id, so that programs
/// agree; on its last 63 bits, as OpenTelemetry's other libraries do.
fn is_in(trace_id: u128, share: f64) -> bool {
    const ALL: f64 = (1_u64 << 63) as f64;
    let place = (trace_id as u64) >> 1;
    share >= 1.0 || (place as f64) < share * ALL
}

fn new_trace_id() -> u128 {
    (u128::from(random()) << 64 | u128::from(random())).max(1)
}

fn new_span_id() -> u64 {
    random().max(1)
}

/// Returns an even draw. It needs to be new, not secret: the standard library's hash keys are a
/// random number of the thread that counts on.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Returns the beginning of a text, at most as long as texts of a span may be.
fn clipped(text: &str) -> String {
    text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn reads_traceparent() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let good = format!("00-{trace}-00f067aa0ba902b7-01");
        let context = SpanContext::parse(&good).unwrap();
        assert!(context.is_sampled);
        assert_eq!(context.to_string(), good);
        let off = SpanContext::parse(&format!("00-{trace}-00f067aa0ba902b7-00")).unwrap();
        assert!(!off.is_sampled);
        assert!(SpanContext::parse(&format!("cc-{trace}-00f067aa0ba902b7-01-more")).is_some());
        for bad in [
            "",
            "-",
            "é",
            &format!("ff-{trace}-00f067aa0ba902b7-01"),
            &format!("00-{trace}-00f067aa0ba902b7-01-more"),
            &format!("00-{}-00f067aa0ba902b7-01", trace.to_uppercase()),
            &format!("00-{trace}-0000000000000000-01"),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            &format!("00-{trace}-00f067aa0ba902b7"),
            &format!("00-{trace}-+0f067aa0ba902b7-01"),
        ] {
            assert_eq!(SpanContext::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn ids_are_new_and_sampling_is_even() {
        let ids: BTreeSet<_> = (0..10_000).map(|_| new_trace_id()).collect();
        assert_eq!(ids.len(), 10_000);
        let sampled = ids.iter().filter(|id| is_in(**id, 0.25)).count();
        assert!((2_000..3_000).contains(&sampled), "{sampled}");
        assert!(ids.iter().all(|id| is_in(*id, 1.0)));
        assert!(!ids.iter().any(|id| is_in(*id, 0.0)));
    }
}
