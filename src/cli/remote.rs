//! A running server as requests reach it. What is sent is sent to this one address alone, wherever that is: the operator
//! of this machine has named it.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{Request, Response};

use super::target::BaseUrl;
use crate::egress::destination::Destination;
use crate::egress::guard::Policy;
use crate::egress::{Failure, client};
use crate::http::handover::Content;

/// How long to wait for the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A running server.
pub(super) struct Remote(Destination);

impl Remote {
    /// Gets ready to ask the server at `url`.
    pub(super) fn new(url: &BaseUrl) -> Result<Self, String> {
        Ok(Self(Destination::parse(url.as_str())?))
    }

    /// Sends a request, and answers when the head of its answer is there, which has to be within `patience`.
    pub(super) async fn send(
        &self,
        mut request: Request<Bytes>,
        patience: Duration,
    ) -> Result<Response<Content>, Failure> {
        // The address of a server may end in a path, which precedes every other.
        let prefix = self.0.path().path().trim_end_matches('/');
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let whole = format!("{prefix}{path}").parse();
        *request.uri_mut() = whole.map_err(|_| Failure::Unsent("its address cannot be read".to_owned()))?;
        let answer = client::begin(&self.0, &Policy::Anywhere, request, CONNECT_TIMEOUT, patience).await?;
        Ok(answer.map(|body| body.map_err(io::Error::other).boxed()))
    }
}
