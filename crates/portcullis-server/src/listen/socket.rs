//! Sockets that listen: made with their options, and their files removed at the end.
//!
//! Must not know: what is spoken on them.
//!
//! Source: OPA `v1/server/server.go` (stale sockets, modes); Go `net/http` (keep-alive).

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{SocketAddr as UnixAddress, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::net::sockopt;

use super::address::Place;
use super::{Address, ListenError};

/// How long a connection is silent before the system asks whether its other end is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(180);

/// A socket that listens, not blocking.
#[derive(Debug)]
pub(crate) enum Socket {
    /// On TCP.
    Tcp(TcpListener),
    /// On a Unix socket: its file, or its name.
    Unix(UnixListener, Result<SocketFile, String>),
}

/// The file of a socket of ours. Removed when dropped, if it is still ours.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Socket {
    /// Returns a socket at an address.
    ///
    /// Errors: the address is not known, taken, or not ours to take.
    pub(crate) fn bind(address: &Address, mode: u32) -> Result<Self, ListenError> {
        let failed = |error| ListenError::Bind(address.to_string(), error);
        match &address.place {
            Place::Tcp { host, port, .. } => {
                let listener = bind_tcp(host, *port, address)?;
                prepare(&listener).map_err(failed)?;
                Ok(Self::Tcp(listener))
            }
            Place::Abstract(name) => {
                let listener = UnixAddress::from_abstract_name(name)
                    .and_then(|address| UnixListener::bind_addr(&address))
                    .map_err(failed)?;
                listener.set_nonblocking(true).map_err(failed)?;
                Ok(Self::Unix(listener, Err(name.clone())))
            }
            Place::Unix(path) => {
                check_stale(path, address)?;
                let (listener, file) = bind_file(path, mode).map_err(failed)?;
                listener.set_nonblocking(true).map_err(failed)?;
                Ok(Self::Unix(listener, Ok(file)))
            }
        }
    }

    /// Returns where it is.
    pub(crate) fn url(&self, is_encrypted: bool) -> String {
        match self {
            Self::Tcp(listener) => {
                let scheme = if is_encrypted { "https" } else { "http" };
                let address = listener.local_addr().map(|address| address.to_string());
                format!("{scheme}://{}", address.unwrap_or_default())
            }
            Self::Unix(_, Ok(file)) => format!("unix://{}", file.path.display()),
            Self::Unix(_, Err(name)) => format!("unix://@{name}"),
        }
    }
}

fn bind_tcp(host: &str, port: u16, address: &Address) -> Result<TcpListener, ListenError> {
    let failed = |error| ListenError::Bind(address.to_string(), error);
    if host.is_empty() {
        // One socket for both families, where the system has both.
        let all = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
        return match TcpListener::bind(all) {
            Err(error) if error.kind() != ErrorKind::AddrInUse => {
                TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).map_err(failed)
            }
            bound => bound.map_err(failed),
        };
    }
    let unknown = |error| ListenError::Resolve(host.to_string(), error);
    let found: Vec<SocketAddr> = (host, port).to_socket_addrs().map_err(unknown)?.collect();
    // As Go does, one address of a name, of the older family where it has both.
    let chosen = found.iter().find(|address| address.is_ipv4()).or(found.first());
    let chosen = chosen.ok_or_else(|| unknown(io::Error::from(ErrorKind::NotFound)))?;
    TcpListener::bind(chosen).map_err(failed)
}

/// Sets what the connections that it accepts take over from it.
fn prepare(listener: &TcpListener) -> io::Result<()> {
    sockopt::set_socket_keepalive(listener, true)?;
    sockopt::set_tcp_keepidle(listener, KEEP_ALIVE)?;
    sockopt::set_tcp_keepintvl(listener, KEEP_ALIVE)?;
    sockopt::set_tcp_nodelay(listener, true)?;
    listener.set_nonblocking(true)
}

fn bind_file(path: &Path, mode: u32) -> io::Result<(UnixListener, SocketFile)> {
    // Made under another name first: nobody can connect before the mode is right, and a stale
    // socket is replaced in one step.
    let fresh = path.with_file_name(format!(".{}", std::process::id()));
    let _ = fs::remove_file(&fresh); // of a process that had our id and died
    let listener = UnixListener::bind(&fresh)?;
    let publish = || {
        fs::set_permissions(&fresh, fs::Permissions::from_mode(mode))?;
        let metadata = fs::symlink_metadata(&fresh)?;
        fs::rename(&fresh, path)?;
        Ok(metadata)
    };
    let metadata: fs::Metadata = publish().inspect_err(|_: &io::Error| {
        let _ = fs::remove_file(&fresh); // the first error is the one to tell
    })?;
    let file = SocketFile { path: path.to_owned(), device: metadata.dev(), inode: metadata.ino() };
    Ok((listener, file))
}

/// Checks that nothing stands at a path but, at most, a socket on which nobody answers.
fn check_stale(path: &Path, address: &Address) -> Result<(), ListenError> {
    use ErrorKind::{ConnectionRefused, NotFound};

    let Ok(metadata) = fs::symlink_metadata(path) else { return Ok(()) };
    let occupied = |what| Err(ListenError::Occupied(path.to_owned(), what));
    if !metadata.file_type().is_socket() {
        return occupied("something that is not a socket stands there");
    }
    match UnixStream::connect(path) {
        Ok(_) => occupied("another process answers there"),
        Err(error) if matches!(error.kind(), ConnectionRefused | NotFound) => Ok(()),
        // It may hide somebody who is alive.
        Err(error) => Err(ListenError::Bind(address.to_string(), error)),
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|found| found.dev() == self.device && found.ino() == self.inode);
        if is_ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, socket = %self.path.display(), "cannot remove the socket");
        }
    }
}
