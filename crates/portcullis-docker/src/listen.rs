//! The plugin's socket: taken over from systemd or made, and removed at the end.
//!
//! Must not know: what is spoken on it.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Where dockerd looks for plugins.
pub const PLUGIN_DIRECTORY: &str = "/run/docker/plugins";

/// The socket's mode: its owner and its group, nobody else.
const SOCKET_MODE: u32 = 0o660;

/// The mode of the directory, where it must be made.
const DIRECTORY_MODE: u32 = 0o755;

/// A socket that listens. Removed when dropped, if it is of our making and still there.
#[derive(Debug)]
pub struct Listener {
    socket: UnixListener,
    made: Option<Made>,
}

/// A socket file of our making.
#[derive(Debug)]
struct Made {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Listener {
    /// Returns the first Unix socket that systemd passed to this process, if any.
    ///
    /// Errors: a descriptor was passed that is no Unix socket.
    pub fn passed() -> io::Result<Option<Listener>> {
        let passed = listenfd::ListenFd::from_env().take_unix_listener(0)?;
        Ok(passed.map(|socket| Listener { socket, made: None }))
    }

    /// Returns a new socket at `path`, in place of a stale one.
    ///
    /// Errors: something else than a socket stands there, or somebody answers on it, or the system
    /// refuses.
    pub fn bind(path: &Path) -> io::Result<Listener> {
        // A name alone stands in the working directory, which exists.
        let named = path.parent().filter(|directory| !directory.as_os_str().is_empty());
        if let Some(directory) = named.filter(|directory| !directory.exists()) {
            fs::create_dir_all(directory)?;
            fs::set_permissions(directory, fs::Permissions::from_mode(DIRECTORY_MODE))?;
        }
        check_stale(path)?;
        // Made under another name first: nobody can connect before the mode is right, and the
        // stale socket is replaced in one step.
        let mut fresh = path.as_os_str().to_owned();
        fresh.push(format!(".{}", std::process::id()));
        let fresh = PathBuf::from(fresh);
        let _ = fs::remove_file(&fresh); // of a process that had our id and died
        let socket = UnixListener::bind(&fresh)?;
        let publish = || {
            fs::set_permissions(&fresh, fs::Permissions::from_mode(SOCKET_MODE))?;
            let metadata = fs::symlink_metadata(&fresh)?;
            fs::rename(&fresh, path)?;
            Ok(metadata)
        };
        let metadata: fs::Metadata = publish().inspect_err(|_: &io::Error| {
            let _ = fs::remove_file(&fresh); // the first error is the one to tell
        })?;
        let made = Made { path: path.to_owned(), device: metadata.dev(), inode: metadata.ino() };
        Ok(Listener { socket, made: Some(made) })
    }

    /// Returns the socket for a runtime.
    ///
    /// Errors: the system refuses.
    pub fn socket(&self) -> io::Result<UnixListener> {
        let socket = self.socket.try_clone()?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }

    /// Returns the path of a socket of our making.
    pub fn path(&self) -> Option<&Path> {
        self.made.as_ref().map(|made| made.path.as_path())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let Some(made) = &self.made else { return };
        let is_ours = fs::symlink_metadata(&made.path)
            .is_ok_and(|found| found.dev() == made.device && found.ino() == made.inode);
        if is_ours && let Err(error) = fs::remove_file(&made.path) {
            tracing::warn!(%error, socket = %made.path.display(), "cannot remove the socket");
        }
    }
}

/// Returns where a plugin of this name listens.
pub fn plugin_socket(name: &str) -> PathBuf {
    Path::new(PLUGIN_DIRECTORY).join(format!("{name}.sock"))
}

/// Checks that nothing stands at `path` but, at most, a socket on which nobody answers.
fn check_stale(path: &Path) -> io::Result<()> {
    use ErrorKind::{ConnectionRefused, NotFound};

    let Ok(metadata) = fs::symlink_metadata(path) else { return Ok(()) };
    if !metadata.file_type().is_socket() {
        let message = format!("{} exists and is not a socket", path.display());
        return Err(io::Error::new(ErrorKind::AlreadyExists, message));
    }
    match UnixStream::connect(path) {
        Ok(_) => {
            let message = format!("another process answers on {}", path.display());
            Err(io::Error::new(ErrorKind::AddrInUse, message))
        }
        // Nobody listens, or the file went away meanwhile. Any other failure (no permission, a
        // queue that is full) may hide somebody who is alive.
        Err(error) if matches!(error.kind(), ConnectionRefused | NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_and_removes_its_socket() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/plugin.sock");
        let listener = Listener::bind(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, SOCKET_MODE);
        assert!(UnixStream::connect(&path).is_ok());
        drop(listener);
        assert!(!path.exists());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
    }

    #[test]
    fn replaces_a_stale_socket_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plugin.sock");
        drop(UnixListener::bind(&path).unwrap()); // the file stays, nobody answers
        let listener = Listener::bind(&path).unwrap();
        let error = Listener::bind(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        drop(listener);
        fs::write(&path, "precious").unwrap();
        let error = Listener::bind(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[test]
    fn leaves_a_socket_that_took_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plugin.sock");
        let listener = Listener::bind(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let _other = UnixListener::bind(&path).unwrap();
        drop(listener);
        assert!(path.exists());
    }
}
