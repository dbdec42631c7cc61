//! The four rate limits: what each counts by, what it says, and when it lets go.

use serde_json::{Value, json};

use crate::support::{Answer, Client, EPOCH, PASSWORD, Server};

/// Limit, remaining and reset; the last in seconds after the clock's first moment.
#[track_caller]
fn state(answer: &Answer) -> (i64, i64, i64) {
    let number = |name: &str| {
        let text = answer.header(name).unwrap_or_else(|| panic!("no {name}: {answer:?}"));
        text.parse::<i64>().expect("a number")
    };
    (number("x-ratelimit-limit"), number("x-ratelimit-remaining"), number("x-ratelimit-reset") - EPOCH / 1000)
}

#[track_caller]
fn denied(answer: &Answer) -> i64 {
    answer.refused(429, "RATE_LIMIT_EXCEEDED");
    answer.header("retry-after").expect("Retry-After").parse().expect("seconds")
}

fn attempt(client: &Client) -> Answer {
    client.post("/api/v1/auth/login", &json!({"email": "ada@example.com", "password": "wrong password"}))
}

fn evaluate(client: &Client) -> Answer {
    client.post("/api/v1/evaluate", &json!({"flags": ["*"], "context": {"user_key": "u"}}))
}

fn events(client: &Client) -> Answer {
    client.post("/api/v1/sdk/events", &json!({"events": []}))
}

#[test]
fn a_limit_is_told_with_every_answer_and_ends_when_it_says() {
    let server = Server::with(&["--rate-limit-auth=3"]);
    let client = server.anonymous();
    // A success, a refusal and a malformed request count alike.
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    let made = client.post("/api/v1/auth/register", &body);
    made.expect(201);
    assert_eq!(state(&made), (3, 2, 21));
    assert!(made.header("retry-after").is_none());
    let refused = attempt(&client);
    refused.refused(401, "INVALID_CREDENTIALS");
    assert_eq!(state(&refused), (3, 1, 41));
    let malformed = client.json("POST", "/api/v1/auth/login", "{");
    malformed.refused(400, "VALIDATION_ERROR");
    assert_eq!(state(&malformed), (3, 0, 61));

    let answer = attempt(&client);
    assert_eq!(denied(&answer), 20);
    assert_eq!(state(&answer), (3, 0, 61));
    assert_eq!(denied(&client.get("/api/v1/auth/me")), 20);
    server.clock.advance_seconds(19);
    assert_eq!(denied(&attempt(&client)), 1);
    server.clock.advance_seconds(1);
    let allowed = attempt(&client);
    allowed.refused(401, "INVALID_CREDENTIALS");
    assert_eq!(state(&allowed), (3, 0, 81));
    assert_eq!(denied(&attempt(&client)), 20);

    // Rested, it holds all of them again.
    server.clock.advance_seconds(60);
    assert_eq!(state(&attempt(&client)).1, 2);
}

#[test]
fn the_auth_limit_counts_by_address_and_believes_only_trusted_proxies() {
    let from =
        |server: &Server, forwarded: &str| attempt(&server.anonymous().with("X-Forwarded-For", forwarded));
    let open = Server::with(&["--rate-limit-auth=2"]);
    from(&open, "203.0.113.1").refused(401, "INVALID_CREDENTIALS");
    from(&open, "203.0.113.2").refused(401, "INVALID_CREDENTIALS");
    denied(&from(&open, "203.0.113.3"));

    let behind = Server::with(&["--rate-limit-auth=2", "--trusted-proxies=127.0.0.0/8,10.0.0.0/8"]);
    for (forwarded, remaining) in [
        ("203.0.113.1", 1),
        ("203.0.113.2", 1),
        // What the client wrote itself stands on the left; proxies of ours stand on the right.
        ("198.51.100.7, 203.0.113.1", 0),
        ("203.0.113.2, 10.1.2.3", 0),
        // Nothing to be believed: the proxy itself.
        ("nonsense", 1),
        // One customer has a whole /64.
        ("2001:db8::1", 1),
        ("2001:db8::2", 0),
        ("2001:db8:0:1::1", 1),
    ] {
        let answer = from(&behind, forwarded);
        answer.refused(401, "INVALID_CREDENTIALS");
        assert_eq!(state(&answer).1, remaining, "{forwarded}");
    }
    for spent in ["203.0.113.1", "spoofed, 203.0.113.2", "2001:db8::3"] {
        denied(&from(&behind, spent));
    }
    assert_eq!(state(&attempt(&behind.anonymous())).1, 0);
}

#[test]
fn a_script_counts_with_the_organization_of_its_owner() {
    let server = Server::with(&["--rate-limit-management=20"]);
    let team = server.admin();
    let made = team.client.post("/api/v1/auth/tokens", &json!({"name": "ci", "role": "viewer"})).expect(201);
    let script = server.anonymous().bearer(made["data"]["token"].as_str().expect("a token"));
    let (_, left, _) = state(&team.client.get("/api/v1/projects"));
    assert_eq!(state(&script.get("/api/v1/projects")).1, left - 1);
}

#[test]
fn the_management_limit_counts_by_organization() {
    use phaseflag::domain::role::Role;

    let mut server = Server::with(&["--rate-limit-management=20"]);
    let team = server.admin();
    server.register("eve@example.com").expect(201);
    let viewer = team.enrol(&server, "vera@example.com", Role::Viewer);
    // A restart forgets what was counted.
    server.restart();
    let (team, viewer) = (team.at(&server), server.reach(&viewer));
    let another_session = server.login("admin@example.com");
    let outsider = server.login("eve@example.com");
    for (remaining, member) in [(19, &team.client), (18, &another_session), (17, &viewer)] {
        assert_eq!(state(&member.get("/api/v1/projects")).1, remaining);
    }
    let missing = viewer.get("/api/v1/projects/prj_x");
    missing.refused(404, "PROJECT_NOT_FOUND");
    assert_eq!((state(&missing).0, state(&missing).1), (20, 16));
    // Somebody without an organization counts alone, and what has no person behind it is not counted.
    assert_eq!(state(&outsider.get("/api/v1/projects")).1, 19);
    let anonymous = team.client.anonymous().get("/api/v1/projects");
    anonymous.refused(401, "UNAUTHENTICATED");
    assert!(anonymous.header("x-ratelimit-limit").is_none());
    for _ in 0..16 {
        team.client.get("/api/v1/projects").expect(200);
    }
    assert_eq!(denied(&viewer.get("/api/v1/projects")), 3);
    outsider.get("/api/v1/projects").expect(200);
    // Signing in is another matter.
    server.login("admin@example.com");
    server.clock.advance_seconds(3);
    viewer.get("/api/v1/projects").expect(200);
}

#[test]
fn the_evaluation_limit_counts_by_environment() {
    let server = Server::with(&["--rate-limit-evaluation=4"]);
    let team = server.admin();
    let (first, second) = (team.sdk(&team.development, "server"), team.sdk(&team.development, "client"));
    let elsewhere = team.sdk(&team.production, "server");
    assert_eq!(state(&evaluate(&first)).1, 3);
    assert_eq!(state(&evaluate(&second)).1, 2);
    let reported = events(&second);
    reported.expect(202);
    assert_eq!(state(&reported).1, 1);
    let unknown = first.post("/api/v1/evaluate", &json!({"flag_key": "none", "context": {"user_id": "u"}}));
    unknown.refused(404, "FLAG_NOT_FOUND");
    assert_eq!(state(&unknown).1, 0);
    for client in [&first, &second] {
        assert_eq!(denied(&evaluate(client)), 15);
        assert_eq!(denied(&events(client)), 15);
    }
    assert_eq!(state(&evaluate(&elsewhere)).1, 3);
    // Rulesets are counted apart.
    first.get("/api/v1/sdk/ruleset").expect(200);
    server.clock.advance_seconds(15);
    assert_eq!(state(&evaluate(&second)).1, 0);
}

#[test]
fn the_ruleset_limit_counts_by_key() {
    let server = Server::with(&["--rate-limit-ruleset=3"]);
    let team = server.admin();
    let (first, second) = (team.sdk(&team.development, "server"), team.sdk(&team.development, "server"));
    let answer = first.get("/api/v1/sdk/ruleset");
    assert_eq!((answer.status, state(&answer).1), (200, 2));
    assert_eq!(state(&first.get("/api/v1/sdk/bootstrap")).1, 1);
    let tag = answer.header("etag").unwrap();
    let unchanged = first.with("If-None-Match", tag).get("/api/v1/sdk/ruleset");
    assert_eq!((unchanged.status, state(&unchanged).1), (304, 0));
    assert_eq!(denied(&first.get("/api/v1/sdk/ruleset")), 20);
    assert_eq!(denied(&first.get("/api/v1/sdk/bootstrap")), 20);
    assert_eq!(state(&second.get("/api/v1/sdk/bootstrap")).1, 2);
    evaluate(&first).expect(200);
    server.clock.advance_seconds(20);
    first.get("/api/v1/sdk/ruleset").expect(200);
}

#[test]
fn zero_turns_a_limit_off() {
    let server = Server::start();
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    for _ in 0..3 {
        let answers = [
            attempt(&server.anonymous()),
            team.client.get("/api/v1/projects"),
            evaluate(&sdk),
            events(&sdk),
            sdk.get("/api/v1/sdk/ruleset"),
        ];
        for answer in answers {
            assert_ne!(answer.status, 429);
            for header in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after"] {
                assert_eq!(answer.header(header), None, "{answer:?}");
            }
        }
    }
}

#[test]
fn the_server_itself_is_never_limited() {
    let server = Server::with(&["--rate-limit-auth=1", "--rate-limit-management=1"]);
    for path in ["/health", "/ready", "/openapi.json"] {
        for _ in 0..3 {
            let answer = server.anonymous().get(path);
            assert!(answer.body() != Value::Null && answer.header("x-ratelimit-limit").is_none());
            answer.expect(200);
        }
    }
}
