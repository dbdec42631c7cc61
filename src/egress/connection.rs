//! One connection: the host resolved, its addresses checked, and one of exactly those connected to. Nothing is resolved
//! a second time.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::destination::{Destination, Scheme};
use super::failure::Failure;
use super::guard::Policy;
use super::trust;

/// Addresses of one host that are tried, at most. They share the time there is.
const MAX_ADDRESSES: usize = 4;

/// A connection, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Connects within `patience`.
pub(super) async fn open(
    to: &Destination,
    policy: &Policy,
    patience: Duration,
) -> Result<Box<dyn Stream>, Failure> {
    timeout(patience, connect(to, policy, patience)).await.unwrap_or(Err(Failure::Unconnected))
}

async fn connect(to: &Destination, policy: &Policy, patience: Duration) -> Result<Box<dyn Stream>, Failure> {
    let addresses = checked(to, policy).await?;
    let share = patience / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
    let stream = dial(&addresses, share).await?;
    // A request is written in one go.
    stream.set_nodelay(true).map_err(Failure::Unreachable)?;
    match to.scheme() {
        Scheme::Http => Ok(Box::new(stream)),
        Scheme::Https => {
            let secured = trust::connector().await?.connect(trust::name(to.host())?, stream).await;
            Ok(Box::new(secured.map_err(Failure::unsecured)?))
        }
    }
}

/// The addresses of a host that may be connected to.
async fn checked(to: &Destination, policy: &Policy) -> Result<Vec<SocketAddr>, Failure> {
    let resolved = lookup_host((to.host(), to.port())).await.map_err(|_| Failure::Unknown)?;
    let (mut admitted, mut refused) = (Vec::new(), None);
    for address in resolved {
        match policy.admits(to.host(), address.ip()) {
            Ok(()) => admitted.push(address),
            Err(kind) => refused = refused.or(Some(kind)),
        }
    }
    admitted.truncate(MAX_ADDRESSES);
    match refused {
        Some(kind) if admitted.is_empty() => Err(Failure::Refused(kind)),
        Some(_) | None => Ok(admitted),
    }
}

/// Connects to the first address that can be connected to.
async fn dial(addresses: &[SocketAddr], share: Duration) -> Result<TcpStream, Failure> {
    let mut last = Failure::Unknown;
    for address in addresses {
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = Failure::Unreachable(error),
            Err(_) => last = Failure::Unconnected,
        }
    }
    Err(last)
}
