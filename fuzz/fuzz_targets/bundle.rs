//! Any archive and any files become a bundle or an error, and a bundle is written as it was read.
//!
//! The bytes are read as a gzip tar, as the tar inside of one, and as files: each a name and a
//! content, divided by zero bytes.
#![no_main]

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;
use portcullis_bundle::{
    Bundle, BundleError, BundleFiles, Entry, Limits, ReadOptions, Verification, from_entries, read,
    write,
};

fn options() -> ReadOptions {
    let limits = Limits { file_bytes_max: 1 << 20, total_bytes_max: 4 << 20, entries_max: 100 };
    ReadOptions { limits, verification: Verification::Skip, ..ReadOptions::default() }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

fn check(read_bundle: Result<Bundle, BundleError>) {
    let Ok(bundle) = read_bundle else { return };
    let files = BundleFiles::from(bundle);
    if let Some(patch) = &files.patch {
        let _ = patch.apply(files.data.clone());
    }
    let bytes = write(&files).expect("its paths were accepted");
    // What lay deep in directories and deep in a document may be too deep for one document.
    if let Ok(again) = read(&bytes, &options()) {
        assert_eq!(BundleFiles::from(again), files);
    }
}

fuzz_target!(|bytes: &[u8]| {
    check(read(bytes, &options()));
    check(read(&gzip(bytes), &options()));
    let pieces: Vec<_> = bytes.split(|byte| *byte == 0).collect();
    let entry = |pair: &[&[u8]]| {
        let [name, content] = pair else { return None };
        Some(Entry { path: String::from_utf8_lossy(name).into_owned(), bytes: content.to_vec() })
    };
    check(from_entries(pieces.chunks(2).filter_map(entry).collect(), &options()));
});
