//! A shorter way to the operation that applications ask all the time. The framework looks for an operation in routers
//! within routers, which costs more than an evaluation with everything around it: see `benches/load`. The long way
//! leads to the same function, and is the one that the document describes.

use poem::endpoint::{BoxEndpoint, DynEndpoint, EndpointExt};
use poem::http::Method;
use poem::{Endpoint, IntoEndpoint, Request, Response};

/// Routes, and one operation that is not looked for in them.
pub struct Shortcut {
    method: Method,
    path: &'static str,
    operation: BoxEndpoint<'static>,
    routes: BoxEndpoint<'static>,
}

impl Shortcut {
    /// Goes to `operation` directly, and to everything else by `routes`.
    pub fn new(
        (method, path): (Method, &'static str),
        operation: impl Endpoint<Output = Response> + 'static,
        routes: impl IntoEndpoint<Endpoint: 'static>,
    ) -> Self {
        Self { method, path, operation: operation.boxed(), routes: routes.map_to_response().boxed() }
    }
}

impl Endpoint for Shortcut {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        let asked = request.uri().path() == self.path && *request.method() == self.method;
        let endpoint = if asked { &self.operation } else { &self.routes };
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
    async fn one_operation_goes_directly_and_everything_else_by_the_routes() {
        let says = |text: &'static str| make_sync(move |_| text).map_to_response();
        let client = TestClient::new(Shortcut::new((Method::POST, "/a"), says("direct"), says("routes")));
        client.post("/a").send().await.assert_text("direct").await;
        client.post("/a?b=c").send().await.assert_text("direct").await;
        client.get("/a").send().await.assert_text("routes").await;
        client.post("/a/").send().await.assert_text("routes").await;
    }
}
