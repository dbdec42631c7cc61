//! Who may do what: every operation of the published document, for every kind of principal.

mod later;
mod principals;
mod webhooks;

use std::collections::BTreeSet;

use phaseflag::domain::{role::Role, time::Timestamp};
use serde_json::{Value, json};

use crate::support::{Client, EPOCH, PASSWORD, Server, Team};
use principals::{personal_token, principals};

/// Statuses of a refusal of the person as such; everything else got past the guard and the permissions.
const REFUSALS: [u16; 3] = [401, 403, 404];

/// An operation, and what each principal is answered.
type Row = (&'static str, [u16; 7]);

/// One row an operation, and what each principal is answered.
///
/// Somebody outside of the organization learns that a thing does not exist, never that it may not be touched. Only
/// where nothing is named is there nothing to deny the existence of: making a project needs a role that the outsider
/// has nowhere.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    //                   anonymous outsider viewer editor admin server client
    ("register",         [201,     201,     201,   201,   201,  201,   201]),
    ("login",            [200,     200,     200,   200,   200,  200,   200]),
    ("refresh",          [401,     401,     401,   401,   401,  401,   401]), // The token is in the body.
    ("getMe",            [401,     200,     200,   200,   200,  403,   403]),
    ("updateMe",         [401,     200,     200,   200,   200,  403,   403]),
    ("changePassword",   [401,     400,     400,   400,   400,  403,   403]), // The next one is too short.
    ("logout",           [401,     204,     204,   204,   204,  403,   403]),
    ("listPersonalTokens",  [401,  200,     200,   200,   200,  403,   403]),
    ("createPersonalToken", [401,  201,     201,   201,   201,  403,   403]),
    ("revokePersonalToken", [401,  404,     404,   404,   204,  403,   403]), // It is the admin's.
    ("listOrganizations",[401,     200,     200,   200,   200,  403,   403]),
    ("createOrganization",[401,    403,     403,   403,   201,  403,   403]),
    ("getOrganization",  [401,     404,     200,   200,   200,  403,   403]),
    ("updateOrganization",[401,    404,     403,   403,   200,  403,   403]),
    ("listMembers",      [401,     404,     200,   200,   200,  403,   403]),
    ("setMemberRole",    [401,     404,     403,   403,   200,  403,   403]),
    ("removeMember",     [401,     404,     403,   403,   204,  403,   403]),
    ("listInvitations",  [401,     404,     403,   403,   200,  403,   403]),
    ("createInvitation", [401,     404,     403,   403,   201,  403,   403]),
    ("revokeInvitation", [401,     404,     403,   403,   204,  403,   403]),
    ("acceptInvitation", [401,     422,     422,   422,   422,  403,   403]), // There is none for them.
    ("listProjects",     [401,     200,     200,   200,   200,  403,   403]),
    ("createProject",    [401,     403,     403,   403,   201,  403,   403]),
    ("getProject",       [401,     404,     200,   200,   200,  403,   403]),
    ("exportProject",    [401,     404,     200,   200,   200,  403,   403]),
    ("followProject",    [401,     404,     200,   200,   200,  403,   403]),
    ("importProject",    [401,     404,     403,   200,   200,  403,   403]), // With the organization named.
    ("listEnvironments", [401,     404,     200,   200,   200,  403,   403]),
    ("createEnvironment",[401,     404,     403,   403,   201,  403,   403]),
    ("updateProject",    [401,     404,     403,   403,   200,  403,   403]),
    ("deleteProject",    [401,     404,     403,   403,   204,  403,   403]),
    ("deleteEnvironment", [401,    404,     403,   403,   204,  403,   403]),
    ("updateEnvironment", [401,    404,     403,   403,   200,  403,   403]),
    ("freezeEnvironment", [401,    404,     403,   403,   200,  403,   403]),
    ("unfreezeEnvironment", [401,  404,     403,   403,   200,  403,   403]),
    ("getEnvironment",   [401,     404,     200,   200,   200,  403,   403]),
    ("listApiKeys",      [401,     404,     403,   403,   200,  403,   403]),
    ("createApiKey",     [401,     404,     403,   403,   201,  403,   403]),
    ("rotateApiKey",     [401,     404,     403,   403,   201,  403,   403]),
    ("revokeApiKey",     [401,     404,     403,   403,   204,  403,   403]),
    ("listFlags",        [401,     404,     200,   200,   200,  403,   403]),
    ("createFlag",       [401,     404,     403,   201,   201,  403,   403]),
    ("getFlag",          [401,     404,     200,   200,   200,  403,   403]),
    ("updateFlag",       [401,     404,     403,   200,   200,  403,   403]),
    ("archiveFlag",      [401,     404,     403,   204,   204,  403,   403]),
    ("toggleFlag",       [401,     404,     403,   200,   200,  403,   403]),
    ("getFlagHistory",   [401,     404,     200,   200,   200,  403,   403]),
    ("listFlagRevisions",[401,     404,     200,   200,   200,  403,   403]),
    ("diffFlagRevisions",[401,     404,     200,   200,   200,  403,   403]),
    ("getFlagRevision",  [401,     404,     200,   200,   200,  403,   403]),
    ("rollBackFlag",     [401,     404,     403,   200,   200,  403,   403]),
    ("restoreFlag",      [401,     404,     403,   409,   409,  403,   403]), // It is not archived.
    ("cloneFlag",        [401,     404,     403,   201,   201,  403,   403]),
    ("restoreEnvironment", [401,   404,     403,   200,   200,  403,   403]),
    ("getFlagDependents",[401,     404,     200,   200,   200,  403,   403]),
    ("getFlagStats",     [401,     404,     200,   200,   200,  403,   403]),
    ("getEnvironmentStats", [401,  404,     200,   200,   200,  403,   403]),
    ("explainFlag",      [401,     404,     200,   200,   200,  403,   403]),
    ("previewFlag",      [401,     404,     200,   200,   200,  403,   403]),
    ("compareEnvironments", [401,  404,     200,   200,   200,  403,   403]),
    ("promoteFlag",      [401,     404,     403,   200,   200,  403,   403]),
    ("promoteEnvironment", [401,   404,     403,   200,   200,  403,   403]),
    ("listSegments",     [401,     404,     200,   200,   200,  403,   403]),
    ("createSegment",    [401,     404,     403,   201,   201,  403,   403]),
    ("getSegment",       [401,     404,     200,   200,   200,  403,   403]),
    ("updateSegment",    [401,     404,     403,   200,   200,  403,   403]),
    ("deleteSegment",    [401,     404,     403,   204,   204,  403,   403]),
    // Of a project that is not theirs; without one the list is empty.
    ("listAuditLogs",    [401,     404,     200,   200,   200,  403,   403]),
    ("verifyAuditLog",   [401,     403,     403,   403,   200,  403,   403]),
    ("getSetup",         [200,     200,     200,   200,   200,  200,   200]),
    ("listOperators",    [401,     200,     200,   200,   200,  403,   403]),
    // For the admins of the organization that was made first.
    ("downloadBackup",   [401,     403,     403,   403,   200,  403,   403]),
    ("listUsers",        [401,     403,     403,   403,   200,  403,   403]),
    ("createUser",       [401,     403,     403,   403,   201,  403,   403]),
    ("resetPassword",    [401,     403,     403,   403,   204,  403,   403]),
    ("resetTesting",     [401,     403,     403,   403,   404,  403,   403]), // It is no throwaway.
    ("evaluate",         [401,     403,     403,   403,   403,  200,   200]),
    ("getRuleset",       [401,     403,     403,   403,   403,  200,   403]),
    ("getBootstrap",     [401,     403,     403,   403,   403,  200,   403]),
    ("followChanges",    [401,     403,     403,   403,   403,  200,   200]),
    ("reportEvents",     [401,     403,     403,   403,   403,  202,   202]),
    ("ofrepEvaluateFlag",[401,     403,     403,   403,   403,  200,   200]),
    ("ofrepEvaluateFlags",[401,    403,     403,   403,   403,  200,   200]),
    ("ofrepFollow",      [401,     401,     401,   401,   401,  401,   401]), // The token is in the address.
    ("getHealth",        [200,     200,     200,   200,   200,  200,   200]),
    ("getReady",         [200,     200,     200,   200,   200,  200,   200]),
    ("getMetrics",       [200,     200,     200,   200,   200,  200,   200]),
];

/// All rows.
fn rows() -> impl Iterator<Item = &'static Row> {
    TABLE.iter().chain(later::TABLE).chain(webhooks::TABLE)
}

/// An operation of the document.
struct Operation {
    id: String,
    method: String,
    template: String,
    /// Names of its required query parameters.
    query: Vec<String>,
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut found = Vec::new();
    for (template, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let query = parameters.iter().filter(|it| it["in"] == "query");
            found.push(Operation {
                id: operation["operationId"].as_str().expect("an id").to_owned(),
                method: method.to_uppercase(),
                template: template.clone(),
                query: query.map(|it| it["name"].as_str().expect("a name").to_owned()).collect(),
            });
        }
    }
    found
}

/// What a request of each operation is about. Things that an operation uses up are made anew for each principal.
struct World {
    team: Team,
    organization: String,
    /// Somebody whom an operation may remove from the organization.
    mallory: Client,
    serial: u32,
}

impl World {
    fn fresh(&mut self, stem: &str) -> String {
        self.serial += 1;
        format!("{stem}-{}", self.serial)
    }

    /// The id of somebody who belongs to the organization.
    fn member(&self) -> String {
        let me = self.mallory.get("/api/v1/auth/me").expect(200)["data"].clone();
        if me["organizations"] == json!([]) {
            let made = self.team.invite("mallory@example.com", Role::Viewer).expect(201);
            let token = json!({"invitation_token": made["data"]["token"]});
            self.mallory.post("/api/v1/auth/invitations/accept", &token).expect(200);
        }
        me["id"].as_str().expect("an id").to_owned()
    }

    /// Replaces the names of things that have to do with people.
    fn of_people(&mut self, template: &str) -> String {
        let mut path = template.replace("{organization_id}", &self.organization);
        let id = |made: &Value| made["data"]["id"].as_str().expect("an id").to_owned();
        if path.contains("{user_id}") {
            path = path.replace("{user_id}", &self.member());
        }
        if path.contains("{invitation_id}") {
            let email = format!("{}@example.com", self.fresh("guest"));
            path = path.replace("{invitation_id}", &id(&self.team.invite(&email, Role::Viewer).expect(201)));
        }
        if path.contains("{token_id}") {
            path = path.replace("{token_id}", &id(&personal_token(&self.team.client, "viewer", None)));
        }
        path
    }

    /// The address of something that the operation deletes, or locks out.
    fn doomed(&mut self, operation: &str) -> Option<String> {
        let key = self.fresh("doomed");
        let id = |made: &Value| made["data"]["id"].as_str().expect("an id").to_owned();
        match operation {
            "deleteProject" => {
                let body = json!({"key": key, "name": "P"});
                let made = self.team.client.post("/api/v1/projects", &body).expect(201);
                Some(format!("/api/v1/projects/{}?confirm={key}", id(&made)))
            }
            "resetPassword" => {
                let body = json!({"email": format!("{key}@example.com"), "password": PASSWORD});
                let made = self.team.client.post("/api/v1/system/users", &body).expect(201);
                Some(format!("/api/v1/system/users/{}/password", id(&made)))
            }
            "deleteEnvironment" => {
                let body = json!({"key": key, "name": "E", "type": "staging"});
                let path = format!("/api/v1/environments?project_id={}", self.team.project);
                Some(format!("/api/v1/environments/{}", id(&self.team.client.post(&path, &body).expect(201))))
            }
            _ => None,
        }
    }

    fn path(&mut self, operation: &Operation) -> String {
        if let Some(path) = self.doomed(&operation.id) {
            return path;
        }
        let people = self.of_people(&operation.template);
        let mut path = webhooks::named(self, &people);
        path = path.replace("{project_id}", &self.team.project);
        path = path.replace("{environment_id}", &self.team.development);
        for name in ["{flag_id}", "{key}"] {
            if path.contains(name) {
                let key = self.fresh("flag");
                self.team.create_flag(&key, &json!({}));
                path = later::replaced(&self.team, &key, &path.replace(name, &key));
            }
        }
        if path.contains("{segment_id}") {
            let key = self.fresh("segment");
            let segments = format!("/api/v1/segments?project_id={}", self.team.project);
            self.team.client.post(&segments, &json!({"key": key, "name": key})).expect(201);
            path = path.replace("{segment_id}", &key);
        }
        if path.contains("{api_key_id}") {
            let made = self.team.create_key(&self.team.development, "server").expect(201);
            path = path.replace("{api_key_id}", made["data"]["id"].as_str().expect("an id"));
        }
        path = path.replace("{revision}", "1");
        assert!(!path.contains('{'), "{path} has a parameter that this test does not know");
        let known = [
            ("environment_id", &self.team.development),
            ("project_id", &self.team.project),
            ("against", &self.team.production),
        ];
        // Either of the two names the project of a segment, but not both.
        let known = if operation.id.ends_with("Segment") || operation.id.ends_with("Segments") {
            &known[1..2]
        } else {
            &known[..]
        };
        let query = known.iter().filter(|(name, _)| operation.query.iter().any(|it| it == name));
        let query: Vec<String> = query.map(|(name, value)| format!("{name}={value}")).collect();
        let own = match operation.id.as_str() {
            "diffFlagRevisions" => "&from=1&to=1".to_owned(),
            "importProject" => format!("organization_id={}", self.team.organization()),
            _ => String::new(),
        };
        format!("{path}?{}{own}", query.join("&"))
    }

    fn body(&mut self, id: &str) -> Option<Value> {
        Some(match id {
            "register" => {
                json!({"email": format!("{}@example.com", self.fresh("new")), "password": PASSWORD})
            }
            "login" => json!({"email": "admin@example.com", "password": PASSWORD}),
            "createUser" => {
                json!({"email": format!("{}@example.com", self.fresh("made")), "password": PASSWORD})
            }
            "resetPassword" => json!({"password": PASSWORD}),
            "refresh" => json!({"refresh_token": "rt_x"}),
            "updateMe" => json!({"full_name": "N"}),
            "changePassword" => json!({"current_password": PASSWORD, "new_password": "short"}),
            "createPersonalToken" => json!({"name": "T", "role": "viewer"}),
            "createOrganization" => json!({"name": "O"}),
            "updateOrganization" => json!({}),
            "setMemberRole" => json!({"role": "viewer"}),
            "createInvitation" => {
                json!({"email": format!("{}@example.com", self.fresh("guest")), "role": "viewer"})
            }
            "acceptInvitation" => json!({"invitation_token": "invite_x"}),
            "createProject" => json!({"key": self.fresh("project"), "name": "P"}),
            "importProject" => json!({"project": {"key": "default"}}),
            "createEnvironment" => json!({"key": self.fresh("env"), "name": "E", "type": "staging"}),
            "createApiKey" => json!({"name": "K", "kind": "server"}),
            "rotateApiKey" => json!({"grace_seconds": 60}),
            "createFlag" => Team::flag_body(&self.fresh("made"), &json!({})),
            "updateFlag" | "updateSegment" | "updateProject" | "updateEnvironment" => {
                json!({"name": "Renamed"})
            }
            "freezeEnvironment" => json!({"reason": "R"}),
            "rollBackFlag" => json!({"revision": 1}),
            "cloneFlag" => json!({"key": self.fresh("copy")}),
            // Moments are printed without their fraction, so that this one is not in the future.
            "restoreEnvironment" => json!({"at": Timestamp::from_millis(EPOCH).to_string(), "dry_run": true}),
            "toggleFlag" => json!({"enabled": true}),
            "promoteFlag" => json!({
                "from_environment_id": self.team.development, "to_environment_id": self.team.staging,
            }),
            "promoteEnvironment" => json!({"from_environment_id": self.team.staging}),
            "previewFlag" => json!({"change": {"enabled": true}, "contexts": [{"user_key": "u"}]}),
            "explainFlag" => json!({"context": {"user_key": "u"}}),
            "createSchedule" => later::schedule(),
            "createRamp" => later::ramp(),
            "createSegment" => json!({"key": self.fresh("made"), "name": "S"}),
            "evaluate" => json!({"flags": ["*"], "context": {"user_key": "u"}}),
            "reportEvents" => json!({"events": []}),
            other => return webhooks::body(other),
        })
    }
}

#[test]
fn every_operation_answers_every_principal_as_the_table_says() {
    let server = Server::start();
    let (mut world, principals) = principals(&server);
    let document = server.anonymous().get("/openapi.json").expect(200);

    let operations = operations(&document);
    let published: BTreeSet<&str> = operations.iter().map(|operation| operation.id.as_str()).collect();
    let expected: BTreeSet<&str> = rows().map(|(id, _)| *id).collect();
    let without_a_row: Vec<_> = published.difference(&expected).collect();
    let no_more: Vec<_> = expected.difference(&published).collect();
    assert!(without_a_row.is_empty(), "operations without a row: {without_a_row:?}");
    assert!(no_more.is_empty(), "rows without an operation: {no_more:?}");

    let mut wrong = Vec::new();
    for operation in &operations {
        let row = &rows().find(|(id, _)| *id == operation.id).expect("a row").1;
        for principal in &principals {
            // Signing out ends a session, which is needed no more.
            let client = match principal.email {
                Some(email) if operation.id == "logout" => server.login(email),
                _ => principal.client.clone(),
            };
            let path = world.path(operation);
            let answer = match world.body(&operation.id) {
                Some(body) => client.json(&operation.method, &path, &body.to_string()),
                None => client.send(&operation.method, &path, None),
            };
            let (status, wanted) = (answer.status, principal.rights.answer(&operation.id, row));
            if status != wanted {
                wrong.push(format!("{} as {}: {status}, not {wanted}", operation.id, principal.name));
            }
            if REFUSALS.contains(&status) {
                assert!(answer.body()["error"]["code"].is_string(), "{}: {}", operation.id, answer.text());
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_refused_role_is_told_which_one_it_needs() {
    let server = Server::start();
    let team = server.admin();
    let viewer = team.enrol(&server, "vera@example.com", Role::Viewer);
    let refused = viewer.post(&team.flags(""), &Team::flag_body("a", &json!({})));
    assert_eq!(refused.refused(403, "INSUFFICIENT_PERMISSIONS")["required_role"], "editor");
    let refused = viewer.post("/api/v1/projects", &json!({"key": "p", "name": "P"}));
    assert_eq!(refused.refused(403, "INSUFFICIENT_PERMISSIONS")["required_role"], "admin");
    assert_eq!(team.client.get(&team.flags("")).expect(200)["meta"]["total"], 0);
}

#[test]
fn another_organizations_things_cannot_be_told_from_nothing() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("secret-plan", &json!({}));
    server.register("eve@example.com").expect(201);
    let eve = server.login("eve@example.com");
    let organization =
        team.client.get("/api/v1/auth/me").expect(200)["data"]["organizations"][0]["id"].clone();
    let nothing = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    for (there, nowhere) in [
        (format!("/api/v1/projects/{}", team.project), format!("/api/v1/projects/prj_{nothing}")),
        (
            format!("/api/v1/flags/secret-plan?environment_id={}", team.development),
            format!("/api/v1/flags/secret-plan?environment_id=env_{nothing}"),
        ),
    ] {
        let (there, nowhere) = (eve.get(&there).expect(404), eve.get(&nowhere).expect(404));
        assert_eq!(there["error"]["code"], nowhere["error"]["code"]);
        assert_eq!(there["error"]["details"], nowhere["error"]["details"]);
    }
    let body = json!({"key": "p", "name": "P", "organization_id": organization});
    eve.post("/api/v1/projects", &body).refused(404, "ORGANIZATION_NOT_FOUND");
    assert!(!eve.get("/api/v1/projects").text().contains(&team.project));
}
