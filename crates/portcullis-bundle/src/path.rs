//! Paths inside a bundle: one form for every spelling of an entry's name.
//!
//! Must not know: what the files are.

use crate::error::BundleError;

/// Most bytes of a path. Ours.
pub const PATH_BYTES_MAX: usize = 4096;

/// Most segments of a path, of a file or of data. Ours.
pub const PATH_SEGMENTS_MAX: usize = 256;

/// Returns the path with one leading `/` and no empty or `.` segments: `./a//b` is `/a/b`.
///
/// Errors: a name that leads out of the bundle, is empty, or has a zero byte; one that is too long
/// or too deep.
pub(crate) fn normalise(name: &str) -> Result<String, BundleError> {
    let refuse = |reason| {
        let name = name.chars().take(SHOWN_CHARS_MAX).collect();
        Err(BundleError::Path { name, reason })
    };
    if name.len() > PATH_BYTES_MAX {
        return refuse("the name is too long");
    }
    if name.contains('\0') {
        return refuse("the name has a zero byte");
    }
    let mut path = String::with_capacity(name.len() + 1);
    let mut count = 0;
    for segment in name.split('/').filter(|segment| !matches!(*segment, "" | ".")) {
        if segment == ".." {
            return refuse("the name leads out of the bundle");
        }
        path.push('/');
        path.push_str(segment);
        count += 1;
    }
    match count {
        0 => refuse("the name is empty"),
        count if count > PATH_SEGMENTS_MAX => refuse("the name is too deep"),
        _ => Ok(path),
    }
}

/// How much of a name a message shows.
const SHOWN_CHARS_MAX: usize = 256;

/// Returns the last segment of a path.
pub(crate) fn basename(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns the segments of the directory a file lies in.
pub(crate) fn directory(path: &str) -> impl Iterator<Item = &str> {
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    directory.split('/').filter(|segment| !segment.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_has_one_form() {
        for (name, want) in [
            ("a.rego", Some("/a.rego")),
            ("/a/b.rego", Some("/a/b.rego")),
            ("./a/./b.rego", Some("/a/b.rego")),
            ("//a///b", Some("/a/b")),
            (".manifest", Some("/.manifest")),
            ("a..b/...", Some("/a..b/...")),
            ("..", None),
            ("a/../b", None),
            ("/../etc/passwd", None),
            ("", None),
            ("/", None),
            ("./.", None),
            ("a\0b", None),
        ] {
            assert_eq!(normalise(name).ok().as_deref(), want, "{name:?}");
        }
        assert!(normalise(&"a".repeat(PATH_BYTES_MAX + 1)).is_err());
        assert!(normalise(&"a/".repeat(PATH_SEGMENTS_MAX + 1)).is_err());
    }

    #[test]
    fn parts() {
        assert_eq!(basename("/a/b.rego"), "b.rego");
        assert_eq!(directory("/a/b/data.json").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(directory("/data.json").count(), 0);
    }
}
