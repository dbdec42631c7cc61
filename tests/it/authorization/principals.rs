//! Everybody who asks: people of every role, scripts, applications, and those whose credentials are worth nothing.

use phaseflag::domain::role::Role;
use serde_json::{Value, json};

use super::World;
use crate::support::{Client, Server, Team};

/// The columns of the table.
#[derive(Clone, Copy)]
pub(super) enum Column {
    Anonymous,
    Outsider,
    Viewer,
    Editor,
    Admin,
    ServerKey,
    ClientKey,
}

/// What nobody but a person who signed in may do: no script, whatever the role of its token.
const SIGNED_IN: [&str; 7] = [
    "logout",
    "updateMe",
    "changePassword",
    "listPersonalTokens",
    "createPersonalToken",
    "revokePersonalToken",
    "acceptInvitation",
];

/// What takes a role in any organization, whichever it is.
const OF_ANY_ADMIN: [&str; 2] = ["createProject", "createOrganization"];

/// How what a principal is answered follows from the table.
#[derive(Clone, Copy)]
pub(super) enum Rights {
    /// It stands there.
    Of(Column),
    /// As an outsider, who is an admin elsewhere.
    AdminElsewhere,
    /// A personal access token with this role: as a person with the role, but for what takes a person.
    Script(Column),
    /// A credential that has expired or was revoked: as nobody.
    Nobody,
}

impl Rights {
    pub(super) fn answer(self, operation: &str, row: &[u16; 7]) -> u16 {
        match self {
            Self::AdminElsewhere if OF_ANY_ADMIN.contains(&operation) => row[Column::Admin as usize],
            Self::AdminElsewhere => row[Column::Outsider as usize],
            Self::Script(_) if SIGNED_IN.contains(&operation) => 403,
            Self::Of(column) | Self::Script(column) => row[column as usize],
            Self::Nobody => row[Column::Anonymous as usize],
        }
    }
}

/// Somebody who asks.
pub(super) struct Principal {
    pub(super) name: &'static str,
    pub(super) rights: Rights,
    pub(super) client: Client,
    /// The account that can sign in anew.
    pub(super) email: Option<&'static str>,
}

pub(super) fn personal_token(owner: &Client, role: &str, expires_at: Option<&str>) -> Value {
    let body = json!({"name": "T", "role": role, "expires_at": expires_at});
    owner.post("/api/v1/auth/tokens", &body).expect(201)
}

/// The credentials that were worth something: what was signed, what was made, and how it is sent.
fn worthless(server: &Server, team: &Team) -> Vec<(&'static str, Client)> {
    const SOON: &str = "2027-01-15T09:00:00Z";
    let nobody = server.anonymous();
    let script = |made: &Value| nobody.bearer(made["data"]["token"].as_str().expect("a token"));
    let application = |made: &Value| nobody.with("X-API-Key", made["data"]["key"].as_str().expect("a key"));
    let keys = format!("/api/v1/api-keys?environment_id={}", team.development);
    let key = json!({"name": "K", "kind": "server", "expires_at": SOON});
    let expiring = [
        ("expired access token", server.login("admin@example.com")),
        ("expired personal token", script(&personal_token(&team.client, "admin", Some(SOON)))),
        ("expired API key", application(&team.client.post(&keys, &key).expect(201))),
    ];
    server.clock.advance_seconds(2 * 86_400);
    let admin = server.login("admin@example.com");
    let (token, signed_out) = (personal_token(&admin, "admin", None), server.login("admin@example.com"));
    let key = admin.post(&keys, &json!({"name": "K", "kind": "server"})).expect(201);
    signed_out.send("POST", "/api/v1/auth/logout", None).expect(204);
    let id = |made: &Value| made["data"]["id"].as_str().expect("an id").to_owned();
    admin.delete(&format!("/api/v1/auth/tokens/{}", id(&token))).expect(204);
    admin.delete(&format!("/api/v1/api-keys/{}", id(&key))).expect(204);
    let revoked = [
        ("revoked access token", signed_out),
        ("revoked personal token", script(&token)),
        ("revoked API key", application(&key)),
    ];
    expiring.into_iter().chain(revoked).collect()
}

/// Everybody, on a fresh server.
pub(super) fn principals(server: &Server) -> (World, Vec<Principal>) {
    let team = server.admin();
    let worthless = worthless(server, &team);
    let team = Team { client: server.login("admin@example.com"), ..team };
    let organization = team.organization();
    let mallory = team.enrol(server, "mallory@example.com", Role::Viewer);

    let elsewhere = team.client.post("/api/v1/organizations", &json!({"name": "Other"})).expect(201);
    let path =
        format!("/api/v1/organizations/{}/invitations", elsewhere["data"]["id"].as_str().expect("an id"));
    let invited = team.client.post(&path, &json!({"email": "ann@example.com", "role": "admin"})).expect(201);
    let ann = server.outsider("ann@example.com");
    let token = json!({"invitation_token": invited["data"]["token"]});
    ann.post("/api/v1/auth/invitations/accept", &token).expect(200);

    let mut principals = Vec::new();
    let mut add = |name, rights, client: Client, email| {
        principals.push(Principal { name, rights, client, email });
    };
    add("anonymous", Rights::Of(Column::Anonymous), server.anonymous(), None);
    let eve = server.outsider("eve@example.com");
    add("outsider", Rights::Of(Column::Outsider), eve, Some("eve@example.com"));
    add("admin of another organization", Rights::AdminElsewhere, ann, Some("ann@example.com"));
    let vera = team.enrol(server, "vera@example.com", Role::Viewer);
    add("viewer", Rights::Of(Column::Viewer), vera, Some("vera@example.com"));
    let eddy = team.enrol(server, "eddy@example.com", Role::Editor);
    add("editor", Rights::Of(Column::Editor), eddy, Some("eddy@example.com"));
    add("admin", Rights::Of(Column::Admin), team.client.clone(), Some("admin@example.com"));
    for (name, column, role) in [
        ("viewer's token", Column::Viewer, "viewer"),
        ("editor's token", Column::Editor, "editor"),
        ("admin's token", Column::Admin, "admin"),
    ] {
        let made = personal_token(&team.client, role, None);
        let script = server.anonymous().bearer(made["data"]["token"].as_str().expect("a token"));
        add(name, Rights::Script(column), script, None);
    }
    let key = |kind| team.sdk(&team.development, kind);
    add("server key", Rights::Of(Column::ServerKey), key("server"), None);
    add("client key", Rights::Of(Column::ClientKey), key("client"), None);
    for (name, client) in worthless {
        add(name, Rights::Nobody, client, None);
    }
    (World { team, organization, mallory, serial: 0 }, principals)
}
