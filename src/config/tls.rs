//! Whether the server speaks TLS itself, and as whom.

use std::path::PathBuf;

use clap::Args;

/// The files of a certificate: both or none.
#[derive(Args, Clone, Debug, Default)]
pub struct TlsFiles {
    /// File of certificates in PEM form, the server's own first; with it, clients have to speak TLS. SIGHUP reads it again
    #[arg(long, env = "PHASEFLAG_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,

    /// File of the private key of that certificate, in PEM form
    #[arg(long, env = "PHASEFLAG_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
}
