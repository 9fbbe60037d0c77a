//! Why a server does not listen.
//!
//! Must not know: who is told.

use std::io;
use std::path::PathBuf;

/// Why a server does not listen.
#[derive(Debug)]
pub enum ListenError {
    /// Text that is no address: the text, and what is wrong with it.
    Address(String, &'static str),
    /// Text that is no mode of a socket.
    Mode(String),
    /// A host's name has no address, or cannot be asked for.
    Resolve(String, io::Error),
    /// The system does not let us listen there.
    Bind(String, io::Error),
    /// Something that is not ours to remove stands at a socket's path: the path, and what it is.
    Occupied(PathBuf, &'static str),
    /// An address says `https://`, and there is no certificate.
    NoCertificate(String),
    /// A file cannot be read.
    File(PathBuf, io::Error),
    /// A file does not hold what it should: the path, and what is wrong.
    Content(PathBuf, String),
    /// Certificate and key, or the pool of client certificates, cannot be used.
    Tls(String),
    /// Clients must show certificates, and there is none to check them against.
    NoClientAuthority,
    /// A version of TLS that there is none of.
    Version(String),
    /// A cipher suite that there is none of: its name, and the names that there are.
    CipherSuite(String, Vec<String>),
    /// A cipher suite of TLS 1.3, which cannot be chosen.
    FixedCipherSuite(String),
    /// The runtime cannot use a socket.
    Runtime(io::Error),
}

impl std::fmt::Display for ListenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(text, what) => write!(f, "invalid address `{text}`: {what}"),
            Self::Mode(text) => {
                write!(f, "invalid mode `{text}` of a Unix socket: must be octal, 0 to 777")
            }
            Self::Resolve(host, error) => write!(f, "cannot find the host `{host}`: {error}"),
            Self::Bind(address, error) => match error.kind() {
                io::ErrorKind::AddrInUse => {
                    write!(f, "cannot listen on `{address}`: the address is in use")
                }
                io::ErrorKind::PermissionDenied => {
                    write!(f, "cannot listen on `{address}`: permission denied")
                }
                _ => write!(f, "cannot listen on `{address}`: {error}"),
            },
            Self::Occupied(path, what) => {
                write!(f, "cannot listen on `unix://{}`: {what}", path.display())
            }
            Self::NoCertificate(address) => {
                write!(f, "cannot listen on `{address}`: TLS needs a certificate and its key")
            }
            Self::File(path, error) => write!(f, "cannot read `{}`: {error}", path.display()),
            Self::Content(path, what) => write!(f, "invalid file `{}`: {what}", path.display()),
            Self::Tls(what) => write!(f, "invalid TLS settings: {what}"),
            Self::NoClientAuthority => f.write_str(
                "authentication by TLS needs a file of authorities that client certificates are \
                 checked against",
            ),
            Self::Version(text) => write!(
                f,
                "unsupported TLS version `{text}`: must be 1.2 or 1.3 (1.0 and 1.1 are not safe \
                 and not part of this server)"
            ),
            Self::CipherSuite(name, known) => {
                write!(f, "unknown TLS cipher suite `{name}`: must be one of {}", known.join(", "))
            }
            Self::FixedCipherSuite(name) => {
                write!(f, "the TLS 1.3 cipher suite `{name}` cannot be chosen: all are always on")
            }
            Self::Runtime(error) => write!(f, "cannot serve a socket: {error}"),
        }
    }
}

impl std::error::Error for ListenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Resolve(_, error)
            | Self::Bind(_, error)
            | Self::File(_, error)
            | Self::Runtime(error) => Some(error),
            _ => None,
        }
    }
}
