//! `phaseflag backup`, `verify` and `restore`: copies of the whole data file, of a stopped server or of one that runs.

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::target::Target;
use crate::config::DataFile;
use crate::control::backup::{self, Existing};
use crate::server;
use crate::store::backup::Seal;

/// Where a running server gives a backup of itself.
const DOWNLOAD: &str = "/api/v1/system/backup";

#[derive(Args, Debug)]
pub(super) struct Backup {
    /// The file to write
    out: PathBuf,

    #[command(flatten)]
    force: Force,

    #[command(flatten)]
    target: Target,
}

#[derive(Args, Debug)]
pub(super) struct Verify {
    /// The backup to read
    backup: PathBuf,
}

#[derive(Args, Debug)]
pub(super) struct Restore {
    /// The backup to restore
    backup: PathBuf,

    #[command(flatten)]
    data: DataFile,

    #[command(flatten)]
    force: Force,
}

#[derive(Args, Debug)]
struct Force {
    /// Replace a file that exists
    #[arg(long)]
    force: bool,
}

impl From<Force> for Existing {
    fn from(given: Force) -> Self {
        if given.force { Self::Goes } else { Self::Stays }
    }
}

pub(super) fn take(command: Backup) -> Result<(), Box<dyn Error>> {
    let Backup { out, force, target } = command;
    let seal = match target {
        Target::File(data) => {
            let now = (server::system_clock())();
            backup::take(&data, &out, force.into(), now, Bar::new("copied").shown())?
        }
        Target::Server(..) => receive(target, &out, force.into())?,
    };
    told("backed up to", &out, &seal)
}

/// The backup of a running server, verified here.
fn receive(target: Target, out: &Path, existing: Existing) -> Result<Seal, Box<dyn Error>> {
    // Before the server is asked for what could not be kept.
    backup::may_write(out, existing)?;
    let connection = target.connection()?;
    let download = connection.download(DOWNLOAD)?;
    let length = download.length;
    let mut bar = Bar::new("received").shown();
    let received = |bytes| length.into_iter().for_each(|length| bar(bytes, length));
    Ok(backup::receive(download, out, existing, received, Bar::new("verified").shown())?)
}

pub(super) fn verify(command: Verify) -> Result<(), Box<dyn Error>> {
    let seal = backup::verify(&command.backup, Bar::new("read").shown())?;
    told("whole:", &command.backup, &seal)
}

pub(super) fn restore(command: Restore) -> Result<(), Box<dyn Error>> {
    let Restore { backup, data, force } = command;
    let restored = backup::restore(&backup, &data.data, force.into(), Bar::new("verified").shown())?;
    told("restored to", &data.data, &restored.seal)?;
    if let Some(replaced) = restored.replaced {
        writeln!(io::stdout().lock(), "the file that was there is kept as {}", replaced.display())?;
    }
    Ok(())
}

fn told(what: &str, path: &Path, seal: &Seal) -> Result<(), Box<dyn Error>> {
    let (rows, digest) = (seal.rows, seal.digest_text());
    let (path, taken) = (path.display(), seal.taken_at);
    writeln!(io::stdout().lock(), "{what} {path}, as of {taken}: {rows} rows, SHA-256 {digest}")?;
    Ok(())
}

/// How far a long job is, on standard error where that is a terminal.
struct Bar {
    verb: &'static str,
    percent: u64,
}

impl Bar {
    fn new(verb: &'static str) -> Self {
        Self { verb, percent: 0 }
    }

    fn shown(mut self) -> impl FnMut(u64, u64) {
        let visible = io::stderr().is_terminal();
        move |done, of| {
            let percent = (done * 100).checked_div(of).unwrap_or(100);
            if visible && percent > self.percent {
                self.percent = percent;
                eprint!("\r{percent:3} % {}", self.verb);
                if done >= of {
                    eprintln!();
                }
            }
        }
    }
}
