//! Backups of the running server.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;

use poem::http::{HeaderValue, header};
use poem::{Body, IntoResponse, Response};
use poem_openapi::payload::Binary;
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::{ApiResponse, OpenApi};
use tokio::io::ReadBuf;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::Tag;
use crate::{
    control::{self, backup::Download},
    domain::time::Timestamp,
    http::{app::App, error::ApiError, guard::Person},
};

pub(super) struct BackupApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/system", tag = "Tag::System")]
impl BackupApi {
    /// Back up the server
    ///
    /// A copy of the whole data file as of now, consistent while the server goes on, with a seal: the SHA-256 of
    /// everything in it. `phaseflag verify` reads it, `phaseflag restore` makes it a data file again. It has the data of
    /// all organizations, among it the hashes of passwords and keys and the secret that signs tokens, so it takes an admin of
    /// the organization that was made first. One backup at a time.
    #[oai(path = "/backup", method = "get", operation_id = "downloadBackup")]
    async fn backup(&self, person: Person) -> Result<BackupFile, ApiError> {
        let app = Arc::clone(&self.0);
        let turn = Arc::clone(&app.backups).try_acquire_owned().map_err(|_| control::Error::Busy)?;
        let now = person.call.now;
        // The turn lasts as long as the work does, also if whoever asked is gone.
        let work = move || (control::backup::download(&app.control, &person.caller, now), turn);
        let (taken, turn) = in_a_thread(work).await?;
        Ok(BackupFile { taken: taken?, turn })
    }
}

/// Does this in a thread of its own. The system's allocator keeps what a thread let go of for that thread, or for the next
/// one once it has ended: so it keeps the pages of one backup, and not as many as there are threads for blocking work.
async fn in_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    let (reply, answer) = oneshot::channel();
    // Whoever asked may be gone.
    let run = move || drop(reply.send(work()));
    let begun = thread::Builder::new().name("phaseflag-backup".into()).spawn(run);
    begun.map_err(|error| control::Error::Internal(format!("a backup cannot be begun: {error}")))?;
    Ok(answer.await.map_err(|_| control::Error::Internal("a backup panicked".into()))?)
}

struct BackupFile {
    taken: Download,
    turn: OwnedSemaphorePermit,
}

impl IntoResponse for BackupFile {
    fn into_response(self) -> Response {
        let Self { taken: Download { file, length, seal }, turn } = self;
        let file = Sending { file: tokio::fs::File::from_std(file), left: length, turn: Some(turn) };
        let mut response =
            Response::builder().content_type("application/octet-stream").body(Body::from_async_read(file));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{}\"", name(seal.taken_at)))
        {
            headers.insert(header::CONTENT_DISPOSITION, name);
        }
        response
    }
}

/// `phaseflag-20261122T205608Z.redb`.
fn name(taken_at: Timestamp) -> String {
    let moment: String = taken_at.to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    format!("phaseflag-{moment}.redb")
}

impl ApiResponse for BackupFile {
    fn meta() -> MetaResponses {
        let mut meta = <Binary<Vec<u8>> as ApiResponse>::meta();
        for response in &mut meta.responses {
            response.description = "The backup";
        }
        meta
    }

    fn register(_: &mut Registry) {}
}

/// A file that is being sent. Its turn is over with its last byte, so that whoever has all of it may ask for the next one.
struct Sending {
    file: tokio::fs::File,
    /// Bytes that are still to be read.
    left: u64,
    turn: Option<OwnedSemaphorePermit>,
}

impl tokio::io::AsyncRead for Sending {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.file).poll_read(context, buffer);
        self.left = self.left.saturating_sub((buffer.filled().len() - before) as u64);
        if self.left == 0 {
            self.turn = None;
        }
        read
    }
}
