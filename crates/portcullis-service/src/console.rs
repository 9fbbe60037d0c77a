//! Lines on the console, in OPA's forms: JSON on one line, JSON laid out, or text.
//!
//! Must not know: what is said, and where the console is.
//!
//! Source: OPA documentation, "opa run --log-format"; logrus, which OPA writes with.

use std::sync::Arc;

use rego::Value;

use crate::timestamp::rfc3339_seconds;

/// How a line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `key=value` pairs.
    Text,
    /// One JSON object a line.
    #[default]
    Json,
    /// A JSON object over several lines.
    JsonPretty,
}

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What went wrong.
    Error,
    /// What may be wrong.
    Warn,
    /// What is done, decisions among it.
    #[default]
    Info,
    /// Everything.
    Debug,
}

impl Level {
    /// Returns OPA's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warning",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// Where lines go: each with its line break.
pub type Sink = dyn Fn(&str) + Send + Sync;

/// Writes lines. Cheap to clone.
#[derive(Clone)]
pub struct Console {
    sink: Arc<Sink>,
    format: Format,
    level: Level,
}

impl Console {
    /// Returns a console that writes to `sink` what is of this level or graver.
    pub fn new(sink: Arc<Sink>, format: Format, level: Level) -> Self {
        Self { sink, format, level }
    }

    /// Returns a console that says nothing.
    pub fn silent() -> Self {
        Self::new(Arc::new(|_| {}), Format::Json, Level::Error)
    }

    /// Whether lines of this level are written.
    pub fn shows(&self, level: Level) -> bool {
        level <= self.level
    }

    /// Writes a line: a message, and the entries of `fields` beside it.
    pub fn line(&self, level: Level, message: &str, fields: &Value) {
        if self.shows(level) {
            self.write(level, message, fields);
        }
    }

    /// Writes a line whatever the level is: decision and status logs that were asked for are
    /// written even where nothing else is.
    pub fn write(&self, level: Level, message: &str, fields: &Value) {
        let own = [
            (Value::from("level"), Value::from(level.name())),
            (Value::from("msg"), Value::from(message)),
            (Value::from("time"), Value::from(rfc3339_seconds(std::time::SystemTime::now()))),
        ];
        let fields = fields.as_object();
        let given = fields.iter().flat_map(|fields| fields.iter());
        let entries = given.map(|(key, value)| (key.clone(), value.clone())).chain(own).collect();
        let line = Value::object(entries);
        let mut text = match self.format {
            Format::Json => line.to_json(),
            Format::JsonPretty => line.to_json_pretty("  "),
            Format::Text => as_pairs(&line),
        };
        text.push('\n');
        (self.sink)(&text);
    }
}

/// Returns `key=value` for each entry, the common ones first.
fn as_pairs(line: &Value) -> String {
    let Some(line) = line.as_object() else { return String::new() };
    const FIRST: [&str; 3] = ["time", "level", "msg"];
    let first = FIRST.iter().filter_map(|key| Some((*key, line.get_str(key)?)));
    let others = line.iter().filter_map(|(key, value)| Some((key.as_str()?, value)));
    let others = others.filter(|(key, _)| !FIRST.contains(key));
    let pair = |(key, value): (&str, &Value)| match value.as_str() {
        Some(text) if !text.is_empty() && text.bytes().all(is_plain) => format!("{key}={text}"),
        Some(_) => format!("{key}={}", value.to_json()),
        None => format!("{key}={}", Value::from(value.to_json()).to_json()),
    };
    first.chain(others).map(pair).collect::<Vec<_>>().join(" ")
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._/@^+:".contains(&byte)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn written(format: Format, fields: &str) -> String {
        let text = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&text);
        let sink = move |line: &str| kept.lock().unwrap().push_str(line);
        let console = Console::new(Arc::new(sink), format, Level::Info);
        console.line(Level::Debug, "hidden", &Value::NULL);
        let fields = Value::from_json(fields.as_bytes()).unwrap();
        console.line(Level::Info, "a b", &fields);
        text.lock().unwrap().clone()
    }

    #[test]
    fn json_has_fields_beside_the_message() {
        let line = written(Format::Json, r#"{"x":{"y":1},"msg":"no"}"#);
        let line = Value::from_json(line.as_bytes()).unwrap();
        assert_eq!(line.get_path(&["x", "y"]), Some(&Value::from(1)));
        assert_eq!(line.get_path(&["msg"]).and_then(Value::as_str), Some("a b"));
        assert_eq!(line.get_path(&["level"]).and_then(Value::as_str), Some("info"));
    }

    #[test]
    fn text_is_pairs() {
        let line = written(Format::Text, r#"{"addr":"127.0.0.1:1","n":1,"q":"a\"b"}"#);
        let (_, rest) = line.split_once(' ').unwrap();
        assert_eq!(rest, "level=info msg=\"a b\" addr=127.0.0.1:1 n=\"1\" q=\"a\\\"b\"\n");
    }
}
