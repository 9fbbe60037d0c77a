//! Names of images and plugins, taken apart as the daemon takes them.
//!
//! Pure. Must not know: what is at the place that is named.
//!
//! Source: the grammar and the normal form of distribution's `reference` package.

/// The registry where none is named.
pub const REGISTRY_DEFAULT: &str = "docker.io";

/// The tag where neither one nor a digest is named.
pub const TAG_DEFAULT: &str = "latest";

/// The default registry's name of old.
const REGISTRY_OLD: &str = "index.docker.io";

/// Where the default registry keeps what has no name before a slash.
const LIBRARY: &str = "library/";

/// Longest name with its registry, in bytes.
const NAME_BYTES_MAX: usize = 255;

/// Longest tag, in bytes.
const TAG_BYTES_MAX: usize = 128;

/// Shortest digest behind its algorithm, in hexadecimal digits.
const DIGEST_DIGITS_MIN: usize = 32;

/// Digits of a whole id.
const ID_DIGITS: usize = 64;

/// A name in its normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The registry's host, and port where one is named.
    pub registry: String,
    /// The repository, `library/` included.
    pub repository: String,
    /// The tag as it is named; empty without.
    pub tag: String,
    /// The digest, `sha256:…`; empty without.
    pub digest: String,
}

impl Reference {
    /// Returns what a name stands for; none where the daemon takes it for no name.
    pub fn parse(text: &str) -> Option<Self> {
        if is_id(text) {
            return None;
        }
        let (text, digest) = match text.split_once('@') {
            Some((text, digest)) => (text, Some(digest)),
            None => (text, None),
        };
        let (registry, rest) = split_registry(text);
        let (path, tag) = rest.split_once(':').unwrap_or((rest, ""));
        let is_library = registry == REGISTRY_DEFAULT && !path.contains('/');
        let repository = if is_library { format!("{LIBRARY}{path}") } else { path.to_string() };
        let has_tag = rest.len() > path.len();
        let is_right = is_registry(registry)
            && repository.split('/').all(is_path_name)
            && (!has_tag || is_tag(tag))
            && digest.is_none_or(is_digest)
            && registry.len() + repository.len() < NAME_BYTES_MAX;
        is_right.then(|| Self {
            registry: registry.to_string(),
            repository,
            tag: tag.to_string(),
            digest: digest.unwrap_or_default().to_string(),
        })
    }

    /// Returns the tag that counts: that named, or the default where there is no digest either.
    pub fn effective_tag(&self) -> &str {
        match (self.tag.as_str(), self.digest.as_str()) {
            ("", "") => TAG_DEFAULT,
            (tag, _) => tag,
        }
    }
}

/// Whether a text is a whole id: 64 hexadecimal digits in small letters.
pub fn is_id(text: &str) -> bool {
    text.len() == ID_DIGITS && is_hex(text)
}

/// Whether a text is made of hexadecimal digits in small letters, and so may be the beginning of an
/// id.
pub fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a text is a digest: an algorithm, a colon, hexadecimal digits.
pub fn is_digest(text: &str) -> bool {
    let Some((algorithm, digits)) = text.split_once(':') else { return false };
    let is_part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    algorithm.split(['+', '.', '-', '_']).all(is_part)
        && digits.len() >= DIGEST_DIGITS_MIN
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a text is a tag.
pub fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.bytes().next().is_some_and(is_word)
        && text.len() <= TAG_BYTES_MAX
        && text.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

/// Splits off the registry: what stands before the first slash, where that looks like a host.
fn split_registry(text: &str) -> (&str, &str) {
    match text.split_once('/') {
        Some((host, rest)) if is_host(host) => match host {
            REGISTRY_OLD => (REGISTRY_DEFAULT, rest),
            host => (host, rest),
        },
        _ => (REGISTRY_DEFAULT, text),
    }
}

fn is_host(text: &str) -> bool {
    text.contains(['.', ':'])
        || text == "localhost"
        || text.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn is_registry(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_six = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host = match is_six {
        Some(six) => six.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':'),
        None => host.split('.').all(is_host_name),
    };
    let is_number = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    is_host && port.is_none_or(is_number)
}

fn is_host_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('-')
        && !name.ends_with('-')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether a text may stand between slashes: words in small letters, joined by one `.`, one or two
/// `_`, or any number of `-`.
fn is_path_name(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let (Some(first), Some(last)) = (name.bytes().next(), name.bytes().last()) else {
        return false;
    };
    let mut joints = name.split(|letter: char| letter.is_ascii() && is_word(letter as u8));
    let is_joint = |joint: &str| {
        matches!(joint, "" | "." | "_" | "__") || joint.bytes().all(|byte| byte == b'-')
    };
    is_word(first) && is_word(last) && joints.all(is_joint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_names_apart() {
        let hex = "a".repeat(64);
        let digest = format!("sha256:{hex}");
        for (text, expected) in [
            ("nginx".to_string(), "docker.io library/nginx  "),
            ("nginx:1.27".into(), "docker.io library/nginx 1.27 "),
            ("team/app".into(), "docker.io team/app  "),
            ("docker.io/nginx".into(), "docker.io library/nginx  "),
            ("index.docker.io/nginx".into(), "docker.io library/nginx  "),
            ("localhost/app".into(), "localhost app  "),
            ("localhost:5000/a/b:v1".into(), "localhost:5000 a/b v1 "),
            ("ghcr.io/a/b".into(), "ghcr.io a/b  "),
            ("[::1]:5000/a".into(), "[::1]:5000 a  "),
            ("HOST/app".into(), "HOST app  "),
            ("a__b/c--d.e".into(), "docker.io a__b/c--d.e  "),
        ] {
            let Reference { registry, repository, tag, digest } = Reference::parse(&text).unwrap();
            assert_eq!(format!("{registry} {repository} {tag} {digest}"), expected, "{text}");
        }
        let both = Reference::parse(&format!("a/b:v1@{digest}")).unwrap();
        assert_eq!((both.tag.as_str(), both.digest.as_str()), ("v1", digest.as_str()));
    }

    #[test]
    fn refuses_what_is_no_name() {
        let hex = "a".repeat(64);
        for text in [
            "",
            "Nginx",
            "a//b",
            "/a",
            "a/",
            "a:",
            "a:b c",
            "-a",
            "a-",
            "a..b",
            "a___b",
            "a._b",
            "a@sha256:1",
            "a@",
            "https://x/y",
            "a.b:x/y",
            "[x]/a",
            "a\u{e4}",
            "a:b:c",
            "a b",
            hex.as_str(),
        ] {
            assert_eq!(Reference::parse(text), None, "{text}");
        }
        assert_eq!(Reference::parse(&"a".repeat(300)), None);
    }
}
