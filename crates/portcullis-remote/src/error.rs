//! What can go wrong with a service.
//!
//! Must not know: secrets. A variant names a host, a key of the configuration or a file, never a
//! whole address (it may hold a password) and never a credential.

use std::fmt;
use std::time::Duration;

/// Why a service could not be set up, or a request to it has no usable answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemoteError {
    /// The configuration cannot work; the text names the key.
    Config(String),
    /// A credential could not be read, or be got from whoever gives it out.
    Credentials(String),
    /// No connection.
    Connect {
        /// Where to.
        host: String,
        /// What the system says.
        reason: String,
    },
    /// No answer, or no more of it, in time.
    Timeout {
        /// Who was waited for.
        host: String,
        /// How long.
        after: Duration,
    },
    /// The peer is not who it must be, or does not speak our TLS.
    Tls {
        /// The peer.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The peer does not speak HTTP, or broke off before its answer began.
    Protocol {
        /// The peer.
        host: String,
        /// What is wrong.
        reason: String,
    },
    /// Redirected too often, or to where we do not follow.
    Redirect(String),
    /// An answer with a status that is of no use.
    Status {
        /// Who answered.
        host: String,
        /// The status.
        status: u16,
    },
    /// The answer is larger than it may be.
    TooLarge {
        /// How many bytes it may have.
        max: u64,
    },
    /// The answer ended before it was complete.
    Truncated {
        /// How many bytes came.
        received: u64,
    },
    /// An OCI registry's answer is not what it must be.
    Oci(String),
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(text) | Self::Credentials(text) => f.write_str(text),
            Self::Connect { host, reason } => write!(f, "cannot connect to `{host}`: {reason}"),
            Self::Timeout { host, after } => {
                write!(f, "`{host}` did not answer within {} s", after.as_secs_f32())
            }
            Self::Tls { host, reason } => write!(f, "no trusted TLS with `{host}`: {reason}"),
            Self::Protocol { host, reason } => write!(f, "no answer from `{host}`: {reason}"),
            Self::Redirect(text) | Self::Oci(text) => f.write_str(text),
            Self::Status { host, status } => write!(f, "`{host}` answered with status {status}"),
            Self::TooLarge { max } => write!(f, "the answer is larger than {max} bytes"),
            Self::Truncated { received } => {
                write!(f, "the answer broke off after {received} bytes")
            }
        }
    }
}

impl std::error::Error for RemoteError {}

/// Sorts what the HTTP client says into our kinds. `after` is the wait that was agreed on.
pub(crate) fn from_reqwest(error: &reqwest::Error, host: &str, after: Duration) -> RemoteError {
    let host = host.to_string();
    if error.is_timeout() {
        return RemoteError::Timeout { host, after };
    }
    if let Some(reason) = tls_reason(error) {
        return RemoteError::Tls { host, reason };
    }
    let reason = innermost(error);
    if error.is_connect() {
        RemoteError::Connect { host, reason }
    } else {
        RemoteError::Protocol { host, reason }
    }
}

/// Most steps from an error to its cause.
const CAUSES_MAX: usize = 16;

/// Returns the errors from `error` to its first cause.
fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source()).take(CAUSES_MAX)
}

/// The first cause, which says most and holds no address.
fn innermost(error: &reqwest::Error) -> String {
    causes(error).skip(1).last().map_or_else(|| "unknown".to_string(), ToString::to_string)
}

/// An I/O error leaves itself out of the chain of causes where it wraps another one, maybe an I/O
/// error again.
fn tls_reason(error: &reqwest::Error) -> Option<String> {
    causes(error).find_map(|cause| {
        let mut inner = cause;
        for _ in 0..CAUSES_MAX {
            let Some(wrapped) = inner.downcast_ref::<std::io::Error>() else { break };
            inner = wrapped.get_ref()?;
        }
        inner.downcast_ref::<rustls::Error>().map(ToString::to_string)
    })
}
