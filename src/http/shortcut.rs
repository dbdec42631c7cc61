//! A shorter way to the operations that applications ask all the time. The framework looks for an operation in routers
//! within routers, which costs more than an evaluation with everything around it: see `benches/load`. The long way
//! leads to the same functions, and is the one that the document describes.

use poem::endpoint::{BoxEndpoint, DynEndpoint, EndpointExt};
use poem::http::Method;
use poem::{Endpoint, IntoEndpoint, Request, Response};

/// The address of an operation that is not looked for in routers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// This path.
    Path(&'static str),
    /// This path and one segment more, which needs no decoding.
    Below(&'static str),
}

impl Address {
    fn is(self, path: &str) -> bool {
        match self {
            Self::Path(own) => path == own,
            Self::Below(own) => path
                .strip_prefix(own)
                .is_some_and(|segment| !segment.is_empty() && !segment.contains(['/', '%'])),
        }
    }
}

/// Routes, and operations that are not looked for in them.
pub struct Shortcut {
    operations: Vec<(Method, Address, BoxEndpoint<'static>)>,
    routes: BoxEndpoint<'static>,
}

impl Shortcut {
    /// Goes everywhere by `routes`.
    pub fn new(routes: impl IntoEndpoint<Endpoint: 'static>) -> Self {
        Self { operations: Vec::new(), routes: routes.map_to_response().boxed() }
    }

    /// Goes to `operation` directly.
    #[must_use]
    pub fn to(
        mut self,
        (method, address): (Method, Address),
        operation: impl Endpoint<Output = Response> + 'static,
    ) -> Self {
        self.operations.push((method, address, operation.boxed()));
        self
    }
}

impl Endpoint for Shortcut {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        let (path, method) = (request.uri().path(), request.method());
        let mut operations = self.operations.iter();
        let asked = operations.find(|(known, address, _)| address.is(path) && known == method);
        let endpoint = asked.map_or(&self.routes, |(_, _, operation)| operation);
        // The boxed future as it is: `Endpoint::call` would wrap it into two more.
        DynEndpoint::call(endpoint.as_ref(), request)
    }
}

#[cfg(test)]
mod tests {
    use poem::endpoint::make_sync;
    use poem::test::TestClient;

    use super::*;

    #[tokio::test]
    async fn some_operations_go_directly_and_everything_else_by_the_routes() {
        let says = |text: &'static str| make_sync(move |_| text).map_to_response();
        let shortcut = Shortcut::new(says("routes"))
            .to((Method::POST, Address::Path("/a")), says("direct"))
            .to((Method::POST, Address::Below("/a/")), says("below"));
        let client = TestClient::new(shortcut);
        for (path, answer) in [
            ("/a", "direct"),
            ("/a?b=c", "direct"),
            ("/a/b", "below"),
            ("/a/b?c=d", "below"),
            ("/a/", "routes"),
            ("/a/b/c", "routes"),
            ("/a/%62", "routes"),
        ] {
            client.post(path).send().await.assert_text(answer).await;
        }
        client.get("/a").send().await.assert_text("routes").await;
    }
}
