//! Addresses as they are written for `--addr`.
//!
//! Must not know: sockets.
//!
//! Source: OPA documentation, "CLI", `opa run`; `v1/server/server.go`.

use std::path::PathBuf;

use super::ListenError;

/// An address to listen on. Its text (`Display`) is what was parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    text: String,
    pub(crate) place: Place,
}

/// Where an address is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A host, empty for all interfaces, and a port.
    Tcp { host: String, port: u16, encryption: Encryption },
    /// A socket with a file.
    Unix(PathBuf),
    /// A socket with a name alone.
    Abstract(String),
}

/// Whether connections to an address are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Where there is a certificate.
    WhereConfigured,
    /// Never: `http://`, and Unix sockets.
    Never,
    /// Always: `https://`.
    Always,
}

/// Longest path of a Unix socket that the system takes, in bytes.
const UNIX_PATH_BYTES_MAX: usize = 107;

impl Address {
    /// Returns an address: `localhost:8181`, `:8181` (all interfaces), `[::1]:80`, `0.0.0.0:0`
    /// (any port), `http://…`, `https://…`, `unix://path` or `unix://@name`.
    ///
    /// Errors: [`ListenError::Address`], for anything else.
    pub fn parse(text: &str) -> Result<Self, ListenError> {
        let place = place(text).map_err(|what| ListenError::Address(text.to_string(), what))?;
        Ok(Self { text: text.to_string(), place })
    }

    /// Returns whether connections to it are encrypted.
    pub fn encryption(&self) -> Encryption {
        match &self.place {
            Place::Tcp { encryption, .. } => *encryption,
            Place::Unix(_) | Place::Abstract(_) => Encryption::Never,
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

fn place(text: &str) -> Result<Place, &'static str> {
    let (scheme, rest) = match text.split_once("://") {
        None => (None, text),
        Some((scheme, rest)) => (Some(scheme), rest),
    };
    match scheme {
        None => tcp(rest, Encryption::WhereConfigured),
        Some("http") => tcp(rest.trim_end_matches('/'), Encryption::Never),
        Some("https") => tcp(rest.trim_end_matches('/'), Encryption::Always),
        Some("unix") => unix(rest),
        Some(_) => Err("the scheme must be http, https or unix"),
    }
}

fn unix(path: &str) -> Result<Place, &'static str> {
    if path.contains('\0') {
        return Err("a path holds no zero byte");
    }
    if path.len() > UNIX_PATH_BYTES_MAX {
        return Err("the path of a Unix socket has at most 107 bytes");
    }
    match path.strip_prefix('@') {
        Some("") => Err("the name after @ is missing"),
        Some(name) => Ok(Place::Abstract(name.to_string())),
        None if path.is_empty() => Err("the path is missing"),
        None => Ok(Place::Unix(PathBuf::from(path))),
    }
}

fn tcp(text: &str, encryption: Encryption) -> Result<Place, &'static str> {
    if text.contains('/') {
        return Err("must be a host and a port, without a path");
    }
    let (host, port) = text.rsplit_once(':').ok_or("the port is missing")?;
    let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|_| is_number).ok_or("the port must be 0 to 65535")?;
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').ok_or("the bracket after the host is missing")?,
        None if host.contains(':') => return Err("an IPv6 address must be in brackets"),
        None => host,
    };
    if host.contains(char::is_whitespace) {
        return Err("a host holds no white space");
    }
    Ok(Place::Tcp { host: host.to_string(), port, encryption })
}

/// Returns the mode of Unix sockets that octal text gives (`--unix-socket-perm`): `755`.
///
/// Errors: [`ListenError::Mode`].
pub fn unix_socket_mode(text: &str) -> Result<u32, ListenError> {
    let is_octal = !text.is_empty() && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| is_octal && *mode <= 0o777);
    mode.ok_or_else(|| ListenError::Mode(text.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses() {
        use Encryption::{Always, Never, WhereConfigured};
        for (text, host, port, encryption) in [
            ("localhost:8181", "localhost", 8181, WhereConfigured),
            (":8181", "", 8181, WhereConfigured),
            ("0.0.0.0:0", "0.0.0.0", 0, WhereConfigured),
            ("[::1]:80", "::1", 80, WhereConfigured),
            ("http://example.com:80/", "example.com", 80, Never),
            ("https://:443", "", 443, Always),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.place, Place::Tcp { host: host.to_string(), port, encryption });
            assert_eq!(address.to_string(), text);
        }
        let unix = |text| Address::parse(text).unwrap().place;
        assert_eq!(unix("unix://a/b.sock"), Place::Unix(PathBuf::from("a/b.sock")));
        assert_eq!(unix("unix:///a.sock"), Place::Unix(PathBuf::from("/a.sock")));
        assert_eq!(unix("unix://@x"), Place::Abstract("x".to_string()));
    }

    #[test]
    fn refuses_other_text() {
        let long = format!("unix:///{}", "x".repeat(120));
        for text in [
            "",
            "localhost",
            "localhost:",
            "localhost:x",
            "localhost:+1",
            "localhost:65536",
            "::1",
            "::1:80",
            "[::1:80",
            "ftp://x:1",
            "http://x:1/path",
            "unix://",
            "unix://@",
            "a b:1",
            &long,
        ] {
            assert!(matches!(Address::parse(text), Err(ListenError::Address(..))), "{text}");
        }
    }

    #[test]
    fn reads_modes() {
        assert_eq!(unix_socket_mode("755").unwrap(), 0o755);
        assert_eq!(unix_socket_mode("0600").unwrap(), 0o600);
        for text in ["", "8", "1777", "rwx", "+7", "99999999999"] {
            assert!(unix_socket_mode(text).is_err(), "{text}");
        }
    }
}
