//! The routes without a connection: requests that the process asks itself. They pass everything that a request from
//! outside passes, and come from the operator of the machine.

use bytes::Bytes;
use poem::endpoint::BoxEndpoint;
use poem::{Endpoint, EndpointExt, Request, Response};

use crate::http::guard::Operator;
use crate::http::handover::Content;

/// Routes that can be asked from inside of the process.
pub struct Direct(BoxEndpoint<'static, Response>);

impl Direct {
    /// The way to `routes`.
    pub fn to(routes: impl Endpoint<Output = Response> + 'static) -> Self {
        Self(routes.boxed())
    }

    /// Asks, as the operator of the machine, unless the request shows other credentials.
    pub async fn send(&self, request: hyper::Request<Bytes>) -> hyper::Response<Content> {
        let (head, body) = request.into_parts();
        let mut asked = Request::builder().method(head.method).uri(head.uri).extension(Operator).body(body);
        *asked.headers_mut() = head.headers;
        self.0.get_response(asked).await.into()
    }
}
