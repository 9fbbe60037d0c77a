//! A log in a file that is rotated: the plugin `file_logger`.
//!
//! Must not know: what is logged.
//!
//! Source: OPA's configuration reference, `plugins.file_logger`.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::config::{FileLoggerConfig, LogLevel};
use crate::console::{Console, Format, Level};
use crate::timestamp::rfc3339_nanos;

const MEGABYTE: u64 = 1 << 20;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Most rotated files that are looked at; beyond, none is removed.
const ROTATED_MAX: usize = 10_000;

/// Returns a console that writes to the file of a configuration, with directories made that lead to
/// it. What cannot be written later is lost; whoever logs does not hear of it.
///
/// Errors: the file cannot be opened.
pub fn open(config: &FileLoggerConfig) -> io::Result<Console> {
    let path = PathBuf::from(&config.path);
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        fs::create_dir_all(directory)?;
    }
    let current = Current::open(&path)?;
    let log = FileLog { path, config: config.clone(), current: Mutex::new(current) };
    let level = match config.level {
        LogLevel::Debug => Level::Debug,
        LogLevel::Info => Level::Info,
        LogLevel::Warn => Level::Warn,
        LogLevel::Error => Level::Error,
    };
    // The log must not hold up or end what it tells of.
    let sink = move |line: &str| drop(log.write(line));
    Ok(Console::new(Arc::new(sink), Format::Json, level))
}

struct FileLog {
    path: PathBuf,
    config: FileLoggerConfig,
    current: Mutex<Current>,
}

/// The file that is written to.
struct Current {
    file: File,
    bytes: u64,
}

impl Current {
    fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { file, bytes })
    }
}

impl FileLog {
    fn write(&self, line: &str) -> io::Result<()> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let length = line.len() as u64;
        let limit = self.config.max_size_mb.saturating_mul(MEGABYTE);
        if current.bytes > 0 && current.bytes.saturating_add(length) > limit {
            // A file that grows is better than lines that are lost.
            if let Ok(next) = self.rotate() {
                *current = next;
            }
        }
        current.file.write_all(line.as_bytes())?;
        current.bytes = current.bytes.saturating_add(length);
        Ok(())
    }

    /// Moves the file away and begins another.
    fn rotate(&self) -> io::Result<Current> {
        let moment = rfc3339_nanos(SystemTime::now()).replace(':', "-");
        let (stem, extension) = self.name();
        let mut name = stem;
        name.push(&moment);
        name.push(&extension);
        let rotated = self.path.with_file_name(name);
        fs::rename(&self.path, &rotated)?;
        let next = Current::open(&self.path)?;
        if self.config.compress {
            // What could not be compressed stays as it is.
            drop(compress(&rotated));
        }
        drop(self.prune());
        Ok(next)
    }

    /// Returns what the names of rotated files begin and end with.
    fn name(&self) -> (OsString, OsString) {
        let mut stem = self.path.file_stem().unwrap_or_default().to_os_string();
        stem.push("-");
        let mut extension = OsString::new();
        if let Some(own) = self.path.extension() {
            extension.push(".");
            extension.push(own);
        }
        (stem, extension)
    }

    /// Removes rotated files that are too old or too many.
    fn prune(&self) -> io::Result<()> {
        let directory = self.path.parent().filter(|path| !path.as_os_str().is_empty());
        let (stem, extension) = self.name();
        let (stem, extension) = (stem.to_string_lossy(), extension.to_string_lossy());
        let mut rotated = Vec::new();
        for entry in fs::read_dir(directory.unwrap_or(Path::new(".")))? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if is_rotated(&name, &stem, &extension) {
                rotated.push((entry.metadata()?.modified()?, entry.path()));
            }
            if rotated.len() > ROTATED_MAX {
                return Ok(());
            }
        }
        rotated.sort_by(|one, other| other.cmp(one));
        let kept = self
            .config
            .max_backups
            .map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
        let age_max = self
            .config
            .max_age_days
            .map(|days| DAY.saturating_mul(u32::try_from(days).unwrap_or(u32::MAX)));
        for (place, (modified, path)) in rotated.iter().enumerate() {
            let age = modified.elapsed().unwrap_or_default();
            if place >= kept || age_max.is_some_and(|max| age > max) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

/// Whether a file is a rotated one: its name has a moment in the middle.
fn is_rotated(name: &str, stem: &str, extension: &str) -> bool {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let moment = name.strip_prefix(stem).and_then(|rest| rest.strip_suffix(extension));
    moment.is_some_and(|moment| {
        let is_of_moment = |byte: u8| byte.is_ascii_digit() || b"-T.Z".contains(&byte);
        moment.ends_with('Z')
            && moment.len() >= "0000-00-00T00-00-00Z".len()
            && moment.bytes().all(is_of_moment)
    })
}

fn compress(path: &Path) -> io::Result<()> {
    let mut name = path.as_os_str().to_os_string();
    name.push(".gz");
    let compressed = PathBuf::from(name);
    let mut encoder = GzEncoder::new(File::create(&compressed)?, Compression::default());
    let copied = io::copy(&mut File::open(path)?, &mut encoder).and_then(|_| encoder.finish());
    match copied.and_then(|file| file.sync_all()) {
        Ok(()) => fs::remove_file(path),
        Err(error) => {
            drop(fs::remove_file(&compressed));
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use rego::Value;

    use super::*;

    #[test]
    fn rotates_compresses_and_removes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("logs/d.log");
        let config = FileLoggerConfig {
            path: path.to_str().unwrap().to_string(),
            max_size_mb: 1,
            max_age_days: None,
            max_backups: Some(2),
            compress: true,
            level: LogLevel::Info,
        };
        let console = open(&config).unwrap();
        let half = Value::object_from_strs([("x", Value::from("y".repeat(600_000)))]);
        console.line(Level::Debug, "hidden", &half);
        for _ in 0..5 {
            console.line(Level::Info, "Decision Log", &half);
        }
        drop(console);
        let names = fs::read_dir(directory.path().join("logs")).unwrap();
        let mut names: Vec<_> =
            names.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names.len(), 3, "{names:?}");
        assert!(names[0].starts_with("d-") && names[0].ends_with("Z.log.gz"), "{names:?}");
        assert_eq!(names[2], "d.log");
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 1);
        assert!(is_rotated(&names[0], "d-", ".log"));
        assert!(!is_rotated("d-other.log", "d-", ".log") && !is_rotated("d.log", "d-", ".log"));
    }
}
