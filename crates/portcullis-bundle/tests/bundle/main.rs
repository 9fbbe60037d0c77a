//! What a bundle is read as, what is refused, and what is written.
#![cfg(test)]

mod hostile;
mod patches;
mod read;
mod roots;
mod round_trip;
mod signatures;

use portcullis_bundle::{Bundle, BundleError, Entry, ReadOptions, from_entries, write_entries};
use rego::Value;

fn json(text: &str) -> Value {
    Value::from_json(text.as_bytes()).unwrap()
}

fn entry(path: &str, content: &str) -> Entry {
    Entry { path: path.to_string(), bytes: content.as_bytes().to_vec() }
}

fn entries(files: &[(&str, &str)]) -> Vec<Entry> {
    files.iter().map(|(path, content)| entry(path, content)).collect()
}

/// Reads the files as an archive and as a directory, which must come to the same.
fn read_files(files: &[(&str, &str)]) -> Result<Bundle, BundleError> {
    let options = ReadOptions::default();
    let direct = from_entries(entries(files), &options);
    let archive = write_entries(&entries(files)).unwrap();
    let archived = portcullis_bundle::read(&archive, &options);
    assert_eq!(direct, archived);
    archived
}

fn refusal(files: &[(&str, &str)]) -> String {
    read_files(files).unwrap_err().to_string()
}
