//! A file with many flags: a single one is made by the API, the others are copies of it.

use std::path::Path;

use phaseflag::domain::id::FlagId;
use phaseflag::domain::key::FlagKey;
use phaseflag::store::{self, Store};
use serde_json::{Value, json};
use ureq::Agent;

use crate::Outcome;
use crate::running::Running;

/// The account that everything belongs to.
pub(crate) const EMAIL: &str = "bench@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Makes a file with so many flags.
pub(crate) fn fill(program: &Path, data: &Path, flags: u128) -> Outcome<()> {
    let mut running = Running::start(program, data, &[])?;
    make_one_flag(&format!("{}/api/v1", running.url))?;
    running.stop()?;
    let store = Store::open(data)?;
    let reader = store.read()?;
    let environments = store::environment::every(&reader)?;
    let project = environments.first().ok_or("no environment")?.project;
    let model = store::flag::of_project(&reader, project)?.pop().ok_or("no flag")?;
    let mut configured = None;
    for environment in &environments {
        let found = store::flag::configuration(&reader, environment.id, model.id)?;
        configured = configured.or(found.filter(|it| !it.rules.is_empty()));
    }
    let configured = configured.ok_or("no configuration")?;
    drop(reader);
    let writer = store.write()?;
    for number in 0..flags {
        let mut flag = model.clone();
        if number > 0 {
            flag.id = FlagId::from_bits(model.id.bits() + number);
            flag.key = FlagKey::parse(&format!("flag-{number}")).map_err(|_| "no key")?;
        }
        store::flag::put(&writer, &flag)?;
        for environment in &environments {
            store::flag::put_configuration(&writer, environment.id, flag.id, &configured)?;
        }
    }
    Ok(writer.commit()?)
}

/// A flag with two rollouts: to half of those who have a plan and live in Europe, and to a quarter of all.
fn make_one_flag(api: &str) -> Outcome<()> {
    let agent = Agent::new_with_defaults();
    let account = json!({"email": EMAIL, "password": PASSWORD});
    agent.post(format!("{api}/auth/register")).send_json(&account)?;
    let login: Value = agent.post(format!("{api}/auth/login")).send_json(&account)?.body_mut().read_json()?;
    let authorization = format!("Bearer {}", login["data"]["access_token"].as_str().ok_or("no token")?);
    let get = |path: &str| -> Outcome<Value> {
        let request = agent.get(format!("{api}{path}")).header("authorization", &authorization);
        Ok(request.call()?.body_mut().read_json()?)
    };
    let id = |list: &Value| Ok::<_, &str>(list["data"][0]["id"].as_str().ok_or("no id")?.to_owned());
    let project = id(&get("/projects")?)?;
    let environment = id(&get(&format!("/environments?project_id={project}"))?)?;
    let inside = json!([
        {"attribute": "plan", "operator": "one_of", "value": ["pro", "enterprise"]},
        {"attribute": "country", "operator": "one_of", "value": ["FR", "NL", "DE"]}
    ]);
    let rule = |priority: u32, name: &str, conditions: Value, percentage: u32| {
        json!({
            "priority": priority, "name": name, "conditions": conditions,
            "percentage_rollout": [{"variation": "on", "percentage": percentage}]
        })
    };
    let flag = json!({
        "key": "flag-0", "name": "Flag", "flag_type": "boolean", "default_variation": "off", "enabled": true,
        "variations": [{"key": "on", "name": "On", "value": true}, {"key": "off", "name": "Off", "value": false}],
        "targeting_rules": [rule(1, "half of Europe", inside, 50), rule(2, "everyone", json!([]), 25)]
    });
    let url = format!("{api}/flags?environment_id={environment}");
    agent.post(url).header("authorization", &authorization).send_json(&flag)?;
    Ok(())
}
