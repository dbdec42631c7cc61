//! The first account with what came with it, and others that join it.

use phaseflag::domain::role::Role;
use serde_json::{Value, json};

use super::{Answer, Client, PASSWORD, Server};

/// An admin and the ids of the default project.
#[derive(Clone)]
pub struct Team {
    /// Sends the admin's access token.
    pub client: Client,
    /// The default project.
    pub project: String,
    /// Its first environment.
    pub development: String,
    /// Its second environment.
    pub staging: String,
    /// Its third environment.
    pub production: String,
}

impl Team {
    /// The first account of a fresh server at this address, which it makes.
    pub fn sign_in(url: &str) -> Self {
        let (client, body) = (Client::new(url), json!({"email": "admin@example.com", "password": PASSWORD}));
        client.post("/api/v1/auth/register", &body).expect(201);
        let tokens = client.post("/api/v1/auth/login", &body).expect(200);
        Self::of(client.bearer(tokens["data"]["access_token"].as_str().expect("a token")))
    }

    /// The default project, as somebody who is signed in sees it.
    pub fn of(client: Client) -> Self {
        let projects = client.get("/api/v1/projects").expect(200);
        let project = projects["data"][0]["id"].as_str().expect("a project").to_owned();
        Self::of_project(client, project)
    }

    /// The same person in a new project of the same organization.
    pub fn new_project(&self, key: &str) -> Self {
        let made = self.client.post("/api/v1/projects", &json!({"key": key, "name": key})).expect(201);
        Self::of_project(self.client.clone(), made["data"]["id"].as_str().expect("a project").to_owned())
    }

    fn of_project(client: Client, project: String) -> Self {
        let listed = client.get(&format!("/api/v1/environments?project_id={project}")).expect(200);
        let id = |index: usize| listed["data"][index]["id"].as_str().expect("an environment").to_owned();
        Self { client, project, development: id(0), staging: id(1), production: id(2) }
    }

    /// The address of `path` below `/flags` in the environment `development`; `path` is empty or begins with a slash.
    pub fn flags(&self, path: &str) -> String {
        format!("/api/v1/flags{path}?environment_id={}", self.development)
    }

    /// A sound boolean flag, off, that serves `off`; `overrides` replaces or adds members.
    pub fn flag_body(key: &str, overrides: &Value) -> Value {
        let mut body = json!({
            "key": key, "name": key, "flag_type": "boolean", "default_variation": "off",
            "variations": [{"key": "on", "name": "On", "value": true}, {"key": "off", "name": "Off", "value": false}],
        });
        for (name, value) in overrides.as_object().expect("an object") {
            body[name] = value.clone();
        }
        body
    }

    /// Makes such a flag in `development`, and answers its view.
    pub fn create_flag(&self, key: &str, overrides: &Value) -> Value {
        self.client.post(&self.flags(""), &Self::flag_body(key, overrides)).expect(201)["data"].clone()
    }

    /// An application with a fresh API key of this kind (`server` or `client`) for `environment`.
    pub fn sdk(&self, environment: &str, kind: &str) -> Client {
        let answer = self.create_key(environment, kind).expect(201);
        self.client.anonymous().with("X-API-Key", answer["data"]["key"].as_str().expect("a key"))
    }

    /// Makes an API key of this kind for `environment`; the answer shows it once.
    pub fn create_key(&self, environment: &str, kind: &str) -> Answer {
        let path = format!("/api/v1/api-keys?environment_id={environment}");
        self.client.post(&path, &json!({"name": "test", "kind": kind}))
    }

    /// The organization of the default project.
    pub fn organization(&self) -> String {
        let organizations = self.client.get("/api/v1/organizations").expect(200);
        organizations["data"][0]["id"].as_str().expect("an organization").to_owned()
    }

    /// The same team, sending to where the server is now.
    pub fn at(&self, server: &Server) -> Self {
        Self { client: server.reach(&self.client), ..self.clone() }
    }

    /// Invites somebody to the team's organization; the answer shows the token once.
    pub fn invite(&self, email: &str, role: Role) -> Answer {
        let path = format!("/api/v1/organizations/{}/invitations", self.organization());
        self.client.post(&path, &json!({"email": email, "role": role.as_str()}))
    }

    /// A new account with this role in the team's organization, signed in.
    pub fn enrol(&self, server: &Server, email: &str, role: Role) -> Client {
        let invitation = self.invite(email, role).expect(201);
        let token = &invitation["data"]["token"];
        let account = json!({"email": email, "password": PASSWORD, "invitation_token": token});
        self.client.anonymous().post("/api/v1/auth/register", &account).expect(201);
        server.login(email)
    }
}
