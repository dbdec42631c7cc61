//! What comes of every fixture is taken by a real server, and says nothing new to it the second time.

use serde_json::json;

use super::{FIXTURES, translated};
use crate::support::Server;

#[test]
fn a_server_takes_every_translation_and_a_second_time_changes_nothing() {
    let server = Server::start();
    let team = server.admin();
    for (place, (name, _)) in FIXTURES.iter().enumerate() {
        let mut translation = translated(name);
        translation.document.project.key = format!("project-{place}");
        let document = serde_json::to_value(&translation.document).expect("a document is JSON");
        let import = || team.client.post("/api/v1/projects/import", &document).expect(200);
        let first = import();
        assert_ne!(first["data"]["changes"], json!([]), "{name}");
        let second = import();
        assert_eq!(second["data"]["changes"], json!([]), "{name}");
    }
}
