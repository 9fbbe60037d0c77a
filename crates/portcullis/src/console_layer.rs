//! What the libraries tell by `tracing`, as lines of the console.

use std::fmt;
use std::io::Write;
use std::sync::Arc;

use portcullis_service::console::{Console, Format, Level};
use rego::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Writes events of our own crates to a console.
pub(crate) struct ConsoleLayer(pub(crate) Console);

impl<S: Subscriber> Layer<S> for ConsoleLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let ours = ["portcullis", "rego"].iter().any(|name| metadata.target().starts_with(name));
        let level = match *metadata.level() {
            tracing::Level::ERROR => Level::Error,
            tracing::Level::WARN => Level::Warn,
            tracing::Level::INFO => Level::Info,
            tracing::Level::DEBUG | tracing::Level::TRACE => Level::Debug,
        };
        if !ours || !self.0.shows(level) {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.line(level, &fields.message, &Value::object(fields.entries));
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    entries: Vec<(Value, Value)>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: Value) {
        match field.name() {
            "message" => {
                self.message = value.as_str().map_or_else(|| value.to_json(), str::to_string);
            }
            name => self.entries.push((Value::from(name), value)),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, Value::from(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, Value::from(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, Value::from(i64::try_from(value).unwrap_or(i64::MAX)));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, Value::from(value));
    }
}

/// Sends what is told from here on to the standard error; returns the console that does it.
pub(crate) fn to_stderr(format: Format, level: Level) -> Console {
    // That nobody reads what is told must not end the work.
    let sink = |line: &str| drop(std::io::stderr().lock().write_all(line.as_bytes()));
    let console = Console::new(Arc::new(sink), format, level);
    drop(tracing_subscriber::registry().with(ConsoleLayer(console.clone())).try_init());
    console
}
