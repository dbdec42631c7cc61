//! Where the server listens.

use std::path::PathBuf;

use clap::Args;

use super::number::number;
use super::{Host, TlsFiles};

/// Where the server listens, which is also where a health check asks.
#[derive(Args, Clone, Debug)]
pub struct Listen {
    /// Address or name to listen on; 0.0.0.0 for all
    #[arg(long, env = "PHASEFLAG_HOST", default_value = "127.0.0.1", value_parser = Host::parse)]
    pub host: Host,

    /// Port to listen on; 0 for any free one
    #[arg(long, env = "PHASEFLAG_PORT", default_value = "8000", value_parser = number(0, u16::MAX))]
    pub port: u16,

    /// Socket in the file system to listen on, in place of host and port; user and group may connect
    #[arg(long, env = "PHASEFLAG_UNIX_SOCKET", value_name = "PATH")]
    pub unix_socket: Option<PathBuf>,

    /// Whether TLS is spoken.
    #[command(flatten)]
    pub tls: TlsFiles,
}
