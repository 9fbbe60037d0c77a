//! `plugins`: those that can be configured by name.
//!
//! Must not know: what a plugin does.

use super::read::Section;

const SIZE_MB_DEFAULT: u64 = 100;

/// The name of the one plugin there is.
pub const FILE_LOGGER: &str = "file_logger";

/// The plugins that are configured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PluginsConfig {
    /// `file_logger`, where it is configured.
    pub file_logger: Option<FileLoggerConfig>,
}

/// A log in a file that is rotated.
///
/// Source: OPA's configuration reference, `plugins.file_logger`.
#[derive(Clone, Debug, PartialEq)]
pub struct FileLoggerConfig {
    /// The file.
    pub path: String,
    /// The size from which on it is rotated, in megabytes; 100 by default.
    pub max_size_mb: u64,
    /// How long rotated files are kept, in days; none: no matter how old.
    pub max_age_days: Option<u64>,
    /// How many rotated files are kept; none: all.
    pub max_backups: Option<u64>,
    /// Whether rotated files are compressed; not by default.
    pub compress: bool,
    /// What is logged at least; `info` by default.
    pub level: LogLevel,
}

/// How much weight a line of the log has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// For those who look for a bug.
    Debug,
    /// What happens.
    #[default]
    Info,
    /// What may become an error.
    Warn,
    /// What failed.
    Error,
}

/// Reads `plugins`.
pub(super) fn read(top: &Section<'_>) -> PluginsConfig {
    let mut plugins = PluginsConfig::default();
    for (name, value) in top.entries("plugins") {
        let path = top.path("plugins").key(name);
        if name != FILE_LOGGER {
            let message = format!("no plugin is called `{name}`: there is `{FILE_LOGGER}`");
            top.report().unfit(path, message);
            continue;
        }
        plugins.file_logger = Some(file_logger(&Section::new(value, path, top.report())));
    }
    plugins
}

fn file_logger(section: &Section<'_>) -> FileLoggerConfig {
    let levels = &[
        ("debug", LogLevel::Debug),
        ("info", LogLevel::Info),
        ("warn", LogLevel::Warn),
        ("error", LogLevel::Error),
    ];
    if !section.is_set("path") {
        section.unfit_whole("needs a `path`");
    }
    let some = |number: Option<u64>| number.filter(|number| *number > 0);
    FileLoggerConfig {
        path: section.name("path").unwrap_or_default(),
        max_size_mb: some(section.whole("max_size_mb", 0..=u64::from(u32::MAX)))
            .unwrap_or(SIZE_MB_DEFAULT),
        max_age_days: some(section.whole("max_age_days", 0..=u64::from(u16::MAX))),
        max_backups: some(section.whole("max_backups", 0..=u64::from(u32::MAX))),
        compress: section.flag("compress").unwrap_or(false),
        level: section.choice("level", levels).unwrap_or_default(),
    }
}

/// Reads the name of a plugin that takes a log, and checks that it is configured.
pub(super) fn plugin(
    section: &Section<'_>,
    key: &'static str,
    plugins: &PluginsConfig,
) -> Option<String> {
    let name = section.name(key)?;
    if name != FILE_LOGGER || plugins.file_logger.is_none() {
        section.unfit(key, format!("`plugins` has none that is called `{name}` and takes a log"));
    }
    Some(name)
}
