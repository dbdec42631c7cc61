//! From what a person calls a project and an environment to what the API calls them.

use std::error::Error;

use serde_json::Value;

use super::connection::Connection;

/// The id of the project `name`, which is its key or its id.
pub(super) fn project_id(connection: &Connection, name: &str) -> Result<String, Box<dyn Error>> {
    let place = connection.place();
    let mut projects = connection.rows("/api/v1/projects", &[])?.into_iter().filter(|it| is(it, name));
    let found = projects.next().ok_or_else(|| format!("{place} shows no project `{name}`"))?;
    if projects.next().is_some() {
        return Err(format!("{place} has several projects `{name}`; name one by its id").into());
    }
    Ok(id(&found))
}

/// The id of an environment of the project; the first one where none is named.
pub(super) fn environment_id(
    connection: &Connection,
    project: &str,
    environment: Option<&str>,
) -> Result<String, Box<dyn Error>> {
    let of_project = format!("project_id={}", project_id(connection, project)?);
    let mut environments = connection.rows("/api/v1/environments", &[&of_project])?.into_iter();
    let found = environments.find(|it| environment.is_none_or(|name| is(it, name))).ok_or_else(|| {
        let (place, name) = (connection.place(), environment.unwrap_or_default());
        format!("the project `{project}` of {place} has no environment `{name}`")
    })?;
    Ok(id(&found))
}

/// Whether this is what somebody calls `name`.
fn is(thing: &Value, name: &str) -> bool {
    thing["key"] == name || thing["id"] == name
}

fn id(thing: &Value) -> String {
    thing["id"].as_str().unwrap_or_default().to_owned()
}
