//! URLs as Go's `net/url` reads, writes and resolves them. Must not know values.
//!
//! Source: RFC 3986; Go, documentation of `net/url`.

mod escape;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::gofmt;

use escape::{Part, escape, is_valid_encoding, unescape};

/// A URL in its parts, without percent-encoding unless said otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Url {
    /// In lower case, without the colon.
    pub(crate) scheme: String,
    /// What follows the scheme where that is no slash: `a@b` of `mailto:a@b`. As written.
    pub(crate) opaque: String,
    /// User name and password.
    pub(crate) user: Option<(String, Option<String>)>,
    /// Host and port.
    pub(crate) host: String,
    /// The path.
    pub(crate) path: String,
    /// The path as written where Go would write it differently, else nothing.
    pub(crate) raw_path: String,
    /// Whether there is a question mark with nothing behind it.
    pub(crate) force_query: bool,
    /// The query, as written.
    pub(crate) raw_query: String,
    /// The fragment.
    pub(crate) fragment: String,
    /// The fragment as written where Go would write it differently, else nothing.
    pub(crate) raw_fragment: String,
    /// Whether a scheme is followed by a path at once: `file:/a`.
    pub(crate) omit_host: bool,
}

impl Url {
    /// Reads a URL or a reference.
    ///
    /// Errors: what is wrong, worded as Go's, without the text itself.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
        let mut url = Self::without_fragment(text)?;
        url.fragment = unescape(fragment, Part::Fragment)?;
        if escape(&url.fragment, Part::Fragment) != fragment {
            url.raw_fragment = fragment.to_string();
        }
        Ok(url)
    }

    fn without_fragment(text: &str) -> Result<Self, String> {
        if text.bytes().any(|b| b < b' ' || b == 0x7f) {
            return Err("net/url: invalid control character in URL".to_string());
        }
        let (scheme, rest) = split_scheme(text)?;
        let mut url = Self { scheme: scheme.to_ascii_lowercase(), ..Self::default() };
        let (rest, query) = match rest.split_once('?') {
            Some((rest, "")) => {
                url.force_query = true;
                (rest, "")
            }
            Some(parts) => parts,
            None => (rest, ""),
        };
        url.raw_query = query.to_string();
        if !rest.starts_with('/') {
            if !scheme.is_empty() {
                url.opaque = rest.to_string();
                return Ok(url);
            }
            if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
                return Err("first path segment in URL cannot contain colon".to_string());
            }
        }
        let mut path = rest;
        let relative = scheme.is_empty() && rest.starts_with("///");
        if let Some(behind) = rest.strip_prefix("//").filter(|_| !relative) {
            let (authority, after) = behind.split_at(behind.find('/').unwrap_or(behind.len()));
            (url.user, url.host) = read_authority(authority)?;
            path = after;
        } else {
            url.omit_host = !scheme.is_empty() && rest.starts_with('/');
        }
        url.set_path(path)?;
        Ok(url)
    }

    fn set_path(&mut self, written: &str) -> Result<(), String> {
        self.path = unescape(written, Part::Path)?;
        let usual = escape(&self.path, Part::Path) == written;
        self.raw_path = if usual { String::new() } else { written.to_string() };
        Ok(())
    }

    /// Returns the path with percent-encoding: as it was written, where that is possible.
    pub(crate) fn escaped_path(&self) -> String {
        if !self.raw_path.is_empty()
            && is_valid_encoding(&self.raw_path, Part::Path)
            && unescape(&self.raw_path, Part::Path).is_ok_and(|path| path == self.path)
        {
            return self.raw_path.clone();
        }
        if self.path == "*" { "*".to_string() } else { escape(&self.path, Part::Path) }
    }

    fn escaped_fragment(&self) -> String {
        if !self.raw_fragment.is_empty() && is_valid_encoding(&self.raw_fragment, Part::Fragment) {
            return self.raw_fragment.clone();
        }
        escape(&self.fragment, Part::Fragment)
    }

    /// Splits the host from the port.
    pub(crate) fn hostname_and_port(&self) -> (&str, &str) {
        let host = self.host.as_str();
        let (host, port) = match host.rfind(':').map(|at| host.split_at(at)) {
            Some((before, port)) if is_optional_port(port) => (before, port.get(1..)),
            _ => (host, None),
        };
        let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        (inside.unwrap_or(host), port.unwrap_or_default())
    }

    /// Returns the URL that a reference means where this one is the base.
    pub(crate) fn resolve(&self, reference: &Url) -> Url {
        let mut url = reference.clone();
        if url.scheme.is_empty() {
            url.scheme.clone_from(&self.scheme);
        }
        let nowhere = |mut url: Url| {
            url.user = None;
            url.host.clear();
            url.path.clear();
            url
        };
        // A path that was read before is read again without an error.
        if !reference.scheme.is_empty() || !reference.host.is_empty() || reference.user.is_some() {
            let _ = url.set_path(&resolve_path(&reference.escaped_path(), ""));
            return url;
        }
        if !reference.opaque.is_empty() {
            return nowhere(url);
        }
        if reference.path.is_empty() && !reference.force_query && reference.raw_query.is_empty() {
            url.raw_query.clone_from(&self.raw_query);
            if reference.fragment.is_empty() {
                url.fragment.clone_from(&self.fragment);
                url.raw_fragment.clone_from(&self.raw_fragment);
            }
        }
        if reference.path.is_empty() && !self.opaque.is_empty() {
            url.opaque.clone_from(&self.opaque);
            return nowhere(url);
        }
        url.host.clone_from(&self.host);
        url.user.clone_from(&self.user);
        let _ = url.set_path(&resolve_path(&self.escaped_path(), &reference.escaped_path()));
        url
    }

    /// Returns the URL without its fragment.
    pub(crate) fn document(&self) -> Url {
        Url { fragment: String::new(), raw_fragment: String::new(), ..self.clone() }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.scheme.is_empty() {
            write!(f, "{}:", self.scheme)?;
        }
        if self.opaque.is_empty() {
            self.write_hierarchy(f)?;
        } else {
            f.write_str(&self.opaque)?;
        }
        if self.force_query || !self.raw_query.is_empty() {
            write!(f, "?{}", self.raw_query)?;
        }
        if !self.fragment.is_empty() {
            write!(f, "#{}", self.escaped_fragment())?;
        }
        Ok(())
    }
}

impl Url {
    fn write_hierarchy(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nowhere = self.host.is_empty() && self.user.is_none();
        if !nowhere || (!self.scheme.is_empty() && !self.omit_host) {
            if !nowhere || !self.path.is_empty() {
                f.write_str("//")?;
            }
            if let Some((name, password)) = &self.user {
                f.write_str(&escape(name, Part::User))?;
                if let Some(password) = password {
                    write!(f, ":{}", escape(password, Part::User))?;
                }
                f.write_str("@")?;
            }
            f.write_str(&escape(&self.host, Part::Host))?;
        }
        let path = self.escaped_path();
        if !path.is_empty() && !path.starts_with('/') && !self.host.is_empty() {
            f.write_str("/")?;
        }
        let colon = path.split('/').next().is_some_and(|segment| segment.contains(':'));
        if self.scheme.is_empty() && nowhere && colon {
            f.write_str("./")?; // else the segment would be read as a scheme
        }
        f.write_str(&path)
    }
}

/// Splits off the scheme; a text without one is all rest.
fn split_scheme(text: &str) -> Result<(&str, &str), String> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_string()),
            b':' => return Ok(text.split_once(':').unwrap_or(("", text))),
            _ => break,
        }
    }
    Ok(("", text))
}

type Authority = (Option<(String, Option<String>)>, String);

fn read_authority(authority: &str) -> Result<Authority, String> {
    let Some((user, behind)) = authority.rsplit_once('@') else {
        return Ok((None, read_host(authority)?));
    };
    let host = read_host(behind)?;
    let valid = |b: u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b);
    if !user.bytes().all(valid) {
        return Err("net/url: invalid userinfo".to_string());
    }
    let user = match user.split_once(':') {
        Some((name, password)) => {
            (unescape(name, Part::User)?, Some(unescape(password, Part::User)?))
        }
        None => (unescape(user, Part::User)?, None),
    };
    Ok((Some(user), host))
}

fn read_host(text: &str) -> Result<String, String> {
    let bad_port = |port| Err(format!("invalid port {} after host", gofmt::quote(port)));
    if !text.starts_with('[') {
        let port = text.rfind(':').and_then(|at| text.get(at..)).unwrap_or_default();
        return if is_optional_port(port) { unescape(text, Part::Host) } else { bad_port(port) };
    }
    let close = text.rfind(']').ok_or("missing ']' in host")?;
    let (address, behind) = text.split_at(close);
    let port = behind.get(1..).unwrap_or_default();
    if !is_optional_port(port) {
        return bad_port(port);
    }
    let (address, zone) = address.split_at(address.find("%25").unwrap_or(address.len()));
    let address = unescape(address, Part::Host)?;
    let zone = unescape(zone, Part::Zone)?;
    Ok(address + &zone + &unescape(behind, Part::Host)?)
}

fn is_optional_port(text: &str) -> bool {
    let digits = text.strip_prefix(':').unwrap_or(text);
    text.is_empty() || (text.starts_with(':') && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// Returns the path of a reference seen from a base, without `.` and `..`. (RFC 3986, 5.2.4.)
fn resolve_path(base: &str, reference: &str) -> String {
    let directory = base.rfind('/').and_then(|at| base.get(..=at)).unwrap_or_default();
    let full = match reference {
        "" => base.to_string(),
        _ if reference.starts_with('/') => reference.to_string(),
        _ => format!("{directory}{reference}"),
    };
    if full.is_empty() {
        return full;
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut last = "";
    for segment in full.split('/') {
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            _ => kept.push(segment),
        }
        last = segment;
    }
    let mut path = kept.join("/");
    if !path.starts_with('/') {
        path.insert(0, '/');
    }
    if matches!(last, "." | "..") && path != "/" {
        path.push('/');
    }
    path
}
