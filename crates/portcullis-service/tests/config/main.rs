//! Configurations as users write them: what is read, what is wrong, what is warned of.

mod errors;
mod flags;
mod values;

use std::io;
use std::path::Path;

use portcullis_service::config::{Config, ConfigError, Loaded, Sources};

fn env(name: &str) -> Option<String> {
    match name {
        "TOKEN" => Some("s3cr3t".to_owned()),
        "EMPTY" => Some(String::new()),
        "LINES" => Some("a: x\n  b: z".to_owned()),
        _ => None,
    }
}

fn read_file(path: &Path) -> io::Result<String> {
    match path.to_str() {
        Some("secret.txt") => Ok("  of a file\n".to_owned()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    }
}

fn load_with(text: &str, set: &[&str], set_file: &[&str]) -> Result<Loaded, ConfigError> {
    let owned = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect();
    Config::load(&Sources {
        text: Some(("opa.yaml", text)),
        set: owned(set),
        set_file: owned(set_file),
        env: &env,
        read_file: &read_file,
    })
}

fn load(text: &str) -> Result<Loaded, ConfigError> {
    load_with(text, &[], &[])
}

fn error(text: &str) -> String {
    match load(text) {
        Ok(loaded) => format!("no error; warnings: {:?}", loaded.warnings),
        Err(error) => error.to_string(),
    }
}
