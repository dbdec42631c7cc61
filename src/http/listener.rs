//! What connections come to: a port, or a socket in the file system. And how it is closed without losing anybody whom
//! the system has let in already.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use poem::Addr;
use poem::web::{LocalAddr, RemoteAddr};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// What a server listens to.
#[derive(Debug)]
pub enum Listener {
    /// A port.
    Tcp(TcpListener),
    /// A socket in the file system.
    Unix(UnixListener),
}

/// A connection that was just made.
#[derive(Debug)]
pub enum Incoming {
    /// To a port.
    Tcp(TcpStream),
    /// To a socket in the file system.
    Unix(UnixStream),
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// On a port.
    Tcp(SocketAddr),
    /// On a socket in the file system.
    Unix(PathBuf),
}

/// The addresses at both ends of a connection.
#[derive(Clone)]
pub struct Ends {
    /// Ours.
    pub local: LocalAddr,
    /// The client's, which has none at a socket in the file system.
    pub remote: RemoteAddr,
}

impl fmt::Display for Address {
    /// As it stands in a URL, or in the settings of a proxy.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(out),
            Self::Unix(path) => write!(out, "unix:{}", path.display()),
        }
    }
}

impl Listener {
    /// The next connection.
    pub async fn accept(&self) -> io::Result<Incoming> {
        match self {
            Self::Tcp(listener) => Ok(Incoming::tcp(listener.accept().await?.0)),
            Self::Unix(listener) => Ok(Incoming::Unix(listener.accept().await?.0)),
        }
    }

    /// From here on nobody new is let in; who is in already can be had.
    pub fn close(self) -> io::Result<Closing> {
        Ok(match self {
            Self::Tcp(listener) => {
                if let Err(error) = keep_out(&listener) {
                    tracing::debug!(%error, "who connects now may be cut off");
                }
                Closing::Tcp(listener.into_std()?)
            }
            Self::Unix(listener) => Closing::Unix(listener.into_std()?),
        })
    }
}

/// A listener that is being closed. Dropping it cuts off who is still waiting.
#[derive(Debug)]
pub enum Closing {
    /// A port.
    Tcp(std::net::TcpListener),
    /// A socket in the file system.
    Unix(std::os::unix::net::UnixListener),
}

impl Closing {
    /// The next one of those who were let in and wait, if there is any.
    pub fn next(&self) -> Option<Incoming> {
        let waiting = match self {
            Self::Tcp(listener) => listener.accept().and_then(|(stream, _)| {
                stream.set_nonblocking(true)?;
                TcpStream::from_std(stream).map(Incoming::tcp)
            }),
            Self::Unix(listener) => listener.accept().and_then(|(stream, _)| {
                stream.set_nonblocking(true)?;
                UnixStream::from_std(stream).map(Incoming::Unix)
            }),
        };
        waiting.ok()
    }
}

/// Has the system drop every packet that asks for a new connection, as if the listener were gone, while what has begun
/// goes on.
#[cfg(target_os = "linux")]
fn keep_out(listener: &TcpListener) -> io::Result<()> {
    use socket2::{SockFilter, SockRef};

    /// The byte of a TCP header that has its flags, and the flag of a packet that asks for a connection.
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    /// Instructions of the classic packet filter: load a byte, skip the next unless a bit is set, and give a verdict,
    /// which is how much of the packet is kept.
    const LOAD_BYTE: u16 = 0x30;
    const JUMP_IF_SET: u16 = 0x45;
    const KEEP: u16 = 0x06;
    SockRef::from(listener).attach_filter(&[
        SockFilter::new(LOAD_BYTE, 0, 0, FLAGS),
        SockFilter::new(JUMP_IF_SET, 0, 1, SYN),
        SockFilter::new(KEEP, 0, 0, 0),
        SockFilter::new(KEEP, 0, 0, u32::MAX),
    ])
}

/// Only Linux can close the door without closing the house.
#[cfg(not(target_os = "linux"))]
fn keep_out(_: &TcpListener) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Incoming {
    fn tcp(stream: TcpStream) -> Self {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection ended before it began");
        }
        Self::Tcp(stream)
    }

    /// Has the system end it once the client has left unread what it was sent for so long. Neither hyper nor a stream
    /// limits how long a write takes, and what answers hold would be held for as long as the client likes.
    #[cfg(target_os = "linux")]
    pub fn limit_unread(&self, time: Duration) {
        // Whoever is at a socket in the file system was let in to this machine.
        let Self::Tcp(stream) = self else { return };
        if let Err(error) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(time)) {
            tracing::debug!(%error, "a connection ended before it began");
        }
    }

    /// Other systems have no such limit.
    #[cfg(not(target_os = "linux"))]
    pub fn limit_unread(&self, _: Duration) {}

    /// Who is at its ends.
    pub fn ends(&self) -> Ends {
        let (local, remote) = match self {
            Self::Tcp(stream) => (stream.local_addr().map(Addr::from), stream.peer_addr().map(Addr::from)),
            Self::Unix(stream) => (stream.local_addr().map(Addr::from), stream.peer_addr().map(Addr::from)),
        };
        Ends { local: LocalAddr(local.unwrap_or_default()), remote: RemoteAddr(remote.unwrap_or_default()) }
    }
}
