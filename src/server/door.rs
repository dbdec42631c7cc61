//! Where clients come in: a port, or a socket in the file system, which is made on start and gone at the end.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, UnixListener};

use super::Error;
use crate::config::Listen;
use crate::http::listener::{Address, Listener};

/// Who may connect to a socket in the file system: its user and its group.
const SOCKET_MODE: u32 = 0o660;

/// A listener, and what is there because of it.
pub(super) struct Door {
    pub(super) listener: Listener,
    pub(super) address: Address,
    pub(super) file: Option<SocketFile>,
}

/// The file of a socket. Dropping it removes the file, unless another process has put its own there.
pub(super) struct SocketFile {
    path: PathBuf,
    inode: u64,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|file| file.ino() == self.inode) {
            // Whoever removed it meanwhile wanted the same.
            let _gone = fs::remove_file(&self.path);
        }
    }
}

impl Door {
    /// Begins to listen where the settings say.
    pub(super) async fn open(listen: &Listen) -> Result<Self, Error> {
        match &listen.unix_socket {
            Some(path) => Self::unix(path)
                .map_err(|error| Error::Listen(format!("the socket {}", path.display()), error)),
            None => {
                let host = listen.host.to_string();
                let refused = |error| Error::Listen(format!("{host}:{}", listen.port), error);
                let (listener, address) = tcp(&host, listen.port).await.map_err(refused)?;
                Ok(Self { listener, address: Address::Tcp(address), file: None })
            }
        }
    }

    fn unix(path: &Path) -> io::Result<Self> {
        remove_stale(path)?;
        let listener = UnixListener::bind(path)?;
        let file = SocketFile { path: path.to_owned(), inode: fs::symlink_metadata(path)?.ino() };
        fs::set_permissions(path, Permissions::from_mode(SOCKET_MODE))?;
        let address = Address::Unix(path.to_owned());
        Ok(Self { listener: Listener::Unix(listener), address, file: Some(file) })
    }
}

async fn tcp(host: &str, port: u16) -> io::Result<(Listener, SocketAddr)> {
    let listener = TcpListener::bind((host, port)).await?;
    let address = listener.local_addr()?;
    Ok((Listener::Tcp(listener), address))
}

/// Removes a socket that a process left behind which ended without cleaning up: one where nobody answers.
fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(file) if file.file_type().is_socket() => match UnixStream::connect(path) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path),
            Ok(_) => Err(ErrorKind::AddrInUse.into()),
            Err(error) => Err(error),
        },
        Ok(_) => Err(io::Error::new(ErrorKind::AlreadyExists, "there is a file that is no socket")),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
