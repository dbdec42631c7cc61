//! The operator of the machine: whoever has the data file may do everything with it, under a name of their own, and
//! nobody who comes over a connection can be taken for them.

use bytes::Bytes;
use http_body_util::BodyExt;
use phaseflag::auth::jwt::{Access, JwtKey};
use phaseflag::auth::secret::Secret;
use phaseflag::config::DEFAULT_STALE_AFTER_DAYS;
use phaseflag::domain::id::{SessionId, UserId};
use phaseflag::domain::time::Timestamp;
use phaseflag::server::offline::Offline;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::{EPOCH, PASSWORD, Server};

const NOBODY: &str = "usr_00000000000000000000000000";

/// Somebody who has the data file of a server that is stopped.
struct Operator {
    offline: Offline,
    runtime: Runtime,
}

impl Operator {
    fn of(server: &Server) -> Self {
        let offline = Offline::open(&server.data(), DEFAULT_STALE_AFTER_DAYS)
            .expect("the data file of a stopped server");
        Self { offline, runtime: Runtime::new().expect("a runtime") }
    }

    fn ask(&self, method: &str, path: &str, body: &Value, headers: &[(&str, &str)]) -> (u16, Value) {
        let mut request =
            hyper::Request::builder().method(method).uri(path).header("Content-Type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let request = request.body(Bytes::from(text)).expect("a request");
        self.runtime.block_on(async {
            let answer = self.offline.send(request).await;
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await.expect("a body").to_bytes();
            (status, serde_json::from_slice(&body).unwrap_or_default())
        })
    }

    #[track_caller]
    fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask("GET", path, &Value::Null, &[]);
        assert_eq!(status, 200, "{path}: {body}");
        body["data"].clone()
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        let (status, body) = self.ask("POST", path, body, &[]);
        assert!((200..300).contains(&status), "{path}: {status} {body}");
        body["data"].clone()
    }
}

#[test]
fn the_operator_is_an_admin_everywhere_and_the_log_says_so() {
    let mut server = Server::start();
    let team = server.admin();
    let other = team.client.post("/api/v1/organizations", &json!({"name": "Other"})).expect(201);
    let other = other["data"]["id"].as_str().expect("an id");
    server.stop();

    let operator = Operator::of(&server);
    assert_eq!(operator.get("/api/v1/organizations").as_array().map(Vec::len), Some(2));
    let elsewhere =
        operator.post("/api/v1/projects", &json!({"key": "p", "name": "P", "organization_id": other}));
    assert_eq!(elsewhere["organization_id"], other);
    let flag = json!({
        "key": "made-here", "name": "M", "flag_type": "boolean", "default_variation": "off",
        "variations": [{"key": "on", "name": "On", "value": true}, {"key": "off", "name": "Off", "value": false}],
    });
    let made = operator.post(&format!("/api/v1/flags?environment_id={}", team.development), &flag);
    assert_eq!(made["created_by"], NOBODY);
    drop(operator);

    server.restart();
    let team = team.at(&server);
    let logged = team.client.get(&format!("/api/v1/audit-logs?actor_id={NOBODY}")).expect(200);
    let named: Vec<_> = logged["data"].as_array().expect("entries").iter().collect();
    let actions: Vec<&str> = named.iter().map(|it| it["action"].as_str().expect("a name")).collect();
    assert_eq!(&actions[..1], ["flag.created"], "{logged}");
    assert!(actions.contains(&"project.created"), "{logged}");
    assert!(named.iter().all(|it| it["actor"] == json!({"id": NOBODY, "email": "operator"})), "{logged}");
    let chain = team.client.get("/api/v1/audit-logs/verify").expect(200);
    assert_eq!(chain["data"]["whole"], true);
    assert_eq!(team.client.get(&team.flags("/made-here")).expect(200)["data"]["key"], "made-here");
}

#[test]
fn an_organization_of_the_operator_has_no_member_until_somebody_is_put_there() {
    let mut server = Server::start();
    server.admin();
    server.stop();
    let operator = Operator::of(&server);
    let own = operator.post("/api/v1/organizations", &json!({"name": "Own"}));
    let own = own["id"].as_str().expect("an id").to_owned();
    let members = format!("/api/v1/organizations/{own}/members");
    assert_eq!(operator.get(&members), json!([]));
    let ada =
        json!({"email": "ada@example.com", "password": PASSWORD, "organization_id": own, "role": "admin"});
    operator.post("/api/v1/system/users", &ada);
    drop(operator);
    server.restart();
    let ada = server.login("ada@example.com");
    assert_eq!(ada.get(&members).expect(200)["data"][0]["role"], "admin");
    let logged = ada.get("/api/v1/audit-logs?action=user.added").expect(200);
    assert_eq!(logged["data"][0]["actor"]["email"], "operator", "{logged}");
}

#[test]
fn what_belongs_to_an_account_is_not_for_the_operator() {
    let mut server = Server::start();
    server.admin();
    server.stop();
    let operator = Operator::of(&server);
    for (method, path, body) in [
        ("POST", "/api/v1/auth/tokens", json!({"name": "T", "role": "admin"})),
        ("PATCH", "/api/v1/auth/me", json!({"full_name": "N"})),
        ("POST", "/api/v1/auth/logout", Value::Null),
        ("POST", "/api/v1/auth/change-password", json!({"current_password": "x", "new_password": PASSWORD})),
    ] {
        let (status, answer) = operator.ask(method, path, &body, &[]);
        let code = &answer["error"]["code"];
        assert_eq!((status, code), (403, &json!("INSUFFICIENT_PERMISSIONS")), "{path}");
    }
    // Whoever shows credentials is who they say.
    let (status, _) = operator.ask("GET", "/api/v1/projects", &Value::Null, &[("Authorization", "Bearer x")]);
    assert_eq!(status, 401);
}

#[test]
fn nobody_becomes_the_operator_over_a_connection() {
    const SECRET: &str = "a secret that this test knows, and no attacker";
    let mut server = Server::with(&[&format!("--jwt-secret-key={SECRET}")]);
    let team = server.admin();
    let nobody = server.anonymous();
    for (name, value) in [
        ("Authorization", "Operator"),
        ("Authorization", "Bearer operator"),
        ("Authorization", &format!("Bearer {NOBODY}")),
        ("X-API-Key", "operator"),
        ("X-PhaseFlag-Operator", "true"),
        ("Operator", "operator"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("Host", "localhost"),
    ] {
        let asked = nobody.with(name, value).get("/api/v1/system/users");
        assert_eq!(asked.status, 401, "{name}: {value}: {}", asked.text());
    }
    // Not even with a genuine signature: there is no such session, and no such account.
    let secret = Secret::new(SECRET.as_bytes().to_vec()).expect("a long secret");
    let now = Timestamp::from_millis(EPOCH);
    let forged = JwtKey::new(&secret).issue(&Access {
        user: UserId::OPERATOR,
        session: SessionId::from_bits(0),
        issued_at: now,
        expires_at: now.plus_seconds(3_600),
    });
    nobody.bearer(&forged).get("/api/v1/system/users").refused(401, "TOKEN_INVALID");
    // No account has the operator's name or identifier, and none can get it.
    nobody.post("/api/v1/auth/register", &json!({"email": "operator", "password": PASSWORD})).faults(
        400,
        "VALIDATION_ERROR",
        &["email"],
    );
    let made = json!({"email": "operator", "password": PASSWORD});
    team.client.post("/api/v1/system/users", &made).faults(400, "VALIDATION_ERROR", &["email"]);
    let reset = format!("/api/v1/system/users/{NOBODY}/password");
    team.client.post(&reset, &json!({"password": PASSWORD})).refused(404, "MEMBER_NOT_FOUND");
    nobody
        .post("/api/v1/auth/login", &json!({"email": "operator", "password": ""}))
        .refused(401, "INVALID_CREDENTIALS");
    server.stop();
}
