//! The files of a certificate: read on start, and again when the server is told to.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Error;
use crate::config::TlsFiles;
use crate::http::tls::{Identity, Tls};

/// A certificate that is in use, and where it came from.
pub(super) struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    pub(super) tls: Arc<Tls>,
}

impl Certificate {
    /// The certificate that the settings name, if they do.
    pub(super) fn open(files: &TlsFiles) -> Result<Option<Self>, Error> {
        let (chain, key) = match (&files.tls_cert, &files.tls_key) {
            (None, None) => return Ok(None),
            (Some(chain), Some(key)) => (chain.clone(), key.clone()),
            (Some(_), None) => return Err(Error::Process("--tls-cert needs --tls-key beside it".into())),
            (None, Some(_)) => return Err(Error::Process("--tls-key needs --tls-cert beside it".into())),
        };
        let tls = Arc::new(Tls::new(read(&chain, &key).map_err(Error::Process)?));
        Ok(Some(Self { chain, key, tls }))
    }

    /// Reads the files again. If they cannot be used, everything stays as it was.
    pub(super) fn reload(&self) {
        let files = self.chain.display();
        match read(&self.chain, &self.key) {
            Ok(identity) => {
                self.tls.replace(identity);
                tracing::info!(certificate = %files, "the certificate was read again");
            }
            Err(why) => tracing::error!(why, "the certificate in use is kept"),
        }
    }
}

fn read(chain: &Path, key: &Path) -> Result<Identity, String> {
    let file =
        |path: &Path| fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()));
    Identity::from_pem(&file(chain)?, &file(key)?)
        .map_err(|why| format!("{} with {}: {why}", chain.display(), key.display()))
}
