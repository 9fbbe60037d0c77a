//! The name of an artifact in a registry: `registry/repository:tag@digest`.
//!
//! Must not know: connections.

use crate::RemoteError;

/// Longest reference.
const REFERENCE_BYTES_MAX: usize = 1024;

/// A reference, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// Host and port as they are written.
    pub(crate) registry: String,
    pub(crate) repository: String,
    /// A tag, or a digest where one is given: it is more exact.
    pub(crate) version: String,
}

impl Reference {
    /// Errors: the text is no reference.
    pub(crate) fn parse(text: &str) -> Result<Self, RemoteError> {
        Self::split(text).ok_or_else(|| {
            let text = format!("`{text}` is not like `registry/repository:tag`");
            RemoteError::Config(text)
        })
    }

    fn split(text: &str) -> Option<Self> {
        let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/:@+[]".contains(&b));
        if text.len() > REFERENCE_BYTES_MAX || !is_plain {
            return None;
        }
        let (registry, rest) = text.split_once('/')?;
        let (name, digest) = match rest.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (rest, None),
        };
        let (repository, tag) = match name.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (name, None),
        };
        let bad_segment = |segment: &str| matches!(segment, "" | "." | "..");
        let is_bad = registry.is_empty()
            || repository.split('/').any(bad_segment)
            || repository.contains([':', '@'])
            || tag.is_some_and(|tag| bad_segment(tag) || tag.contains(['/', '@']))
            || digest.is_some_and(|digest| !is_digest(digest));
        if is_bad {
            return None;
        }
        let version = digest.or(tag).unwrap_or("latest").to_string();
        Some(Self { registry: registry.to_string(), repository: repository.to_string(), version })
    }

    /// Returns what a token is good for.
    pub(crate) fn place(&self) -> String {
        format!("{}/{}", self.host(), self.repository)
    }

    /// Returns the host to talk to: Docker's registry answers under another name than its own.
    pub(crate) fn host(&self) -> &str {
        canonical_host(&self.registry)
    }
}

/// Returns the host that answers for a registry's name.
pub(crate) fn canonical_host(registry: &str) -> &str {
    match registry {
        "docker.io" | "index.docker.io" => "registry-1.docker.io",
        other => other,
    }
}

/// Returns true for a digest we can check.
pub(crate) fn is_digest(text: &str) -> bool {
    let hex = match text.split_once(':') {
        Some(("sha256", hex)) if hex.len() == 64 => hex,
        Some(("sha512", hex)) if hex.len() == 128 => hex,
        _ => return false,
    };
    hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_references_apart() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let pinned = format!("ghcr.io/org/repo:1.0@{digest}");
        for (text, expected) in [
            ("ghcr.io/org/repo:1.0", Some(("ghcr.io", "org/repo", "1.0"))),
            ("localhost:5000/repo", Some(("localhost:5000", "repo", "latest"))),
            (&pinned, Some(("ghcr.io", "org/repo", digest.as_str()))),
            ("repo:1", None),
            ("a/../b:1", None),
            ("a/b//c", None),
            ("a/b:", None),
            ("a/b@sha256:12", None),
            ("a/b?x=1", None),
            ("/b", None),
        ] {
            let found = Reference::parse(text).ok();
            let found = found.as_ref();
            let found = found.map(|r| (&*r.registry, &*r.repository, &*r.version));
            assert_eq!(found, expected, "{text}");
        }
    }
}
