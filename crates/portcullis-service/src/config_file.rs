//! The configuration of this process: its file, its environment, its flags.
//!
//! Must not know: what the options do.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::config::{BYTES_MAX, Config, ConfigError, Loaded, Sources};

/// What the command line says of the configuration.
#[derive(Clone, Debug, Default)]
pub struct ConfigFlags {
    /// The file; none: an empty configuration.
    pub file: Option<String>,
    /// `--set`, in order.
    pub set: Vec<String>,
    /// `--set-file`, in order.
    pub set_file: Vec<String>,
}

/// Why there is no configuration.
#[derive(Debug)]
pub enum ConfigFileError {
    /// The file cannot be read: which, and why.
    Io(String, io::Error),
    /// What it says is wrong.
    Config(ConfigError),
}

impl fmt::Display for ConfigFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(file, error) => write!(f, "cannot read the configuration `{file}`: {error}"),
            Self::Config(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ConfigFileError {}

/// Returns the configuration that flags ask for, with variables of the environment put in.
///
/// Errors: files that cannot be read, and everything that is wrong with what they say.
pub fn load(flags: &ConfigFlags) -> Result<Loaded, ConfigFileError> {
    let read = |file: &String| {
        let path = file.strip_prefix("file://").unwrap_or(file);
        let text = read_text(Path::new(path));
        text.map_err(|error| ConfigFileError::Io(file.clone(), error))
    };
    let text = flags.file.as_ref().map(read).transpose()?;
    let sources = Sources {
        text: flags.file.as_deref().zip(text.as_deref()),
        set: flags.set.clone(),
        set_file: flags.set_file.clone(),
        env: &|name| std::env::var(name).ok(),
        read_file: &read_text,
    };
    Config::load(&sources).map_err(ConfigFileError::Config)
}

/// Reads one byte more than a configuration may have, so that a larger one is told from one that
/// fits.
fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let limit = u64::try_from(BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(limit).read_to_string(&mut text)?;
    Ok(text)
}
