//! The event stream of the protocol: whom its token lets in, what it tells, and when it ends.

use serde_json::{Value, json};

use super::{ALL, ask_all, bench};
use crate::support::stream::Stream;
use crate::support::{Client, Server, Team};

/// As long as a token is valid at most, in seconds.
const LIFETIME: i64 = 60 * 60;

/// The address of the stream in a bulk answer.
#[track_caller]
fn address(sdk: &Client) -> String {
    let streams = ask_all(sdk, &json!({"targetingKey": "u"})).expect(200)["eventStreams"].clone();
    assert_eq!((streams.as_array().map(Vec::len), &streams[0]["type"]), (Some(1), &json!("sse")));
    let endpoint = streams[0]["endpoint"].as_object().expect("an endpoint");
    assert!(endpoint.keys().eq(["requestUri"]), "it is on the server that was asked");
    endpoint["requestUri"].as_str().expect("an address").to_owned()
}

fn toggle(team: &Team, enabled: bool) {
    team.client.post(&team.flags("/f/toggle"), &json!({"enabled": enabled})).expect(200);
}

/// A server with a flag, its admin, an application, and somebody without credentials.
fn world() -> (Server, Team, Client, Client) {
    let (server, team, sdk) = bench();
    team.create_flag("f", &json!({}));
    let nobody = server.anonymous();
    (server, team, sdk, nobody)
}

#[test]
fn a_change_tells_everyone_to_ask_again() {
    let (_server, team, sdk, nobody) = world();
    for application in [sdk.clone(), team.sdk(&team.development, "client")] {
        let before = ask_all(&application, &json!({"targetingKey": "u"}));
        let mut stream = Stream::open(&nobody, &address(&application));
        toggle(&team, true);
        let event = stream.event();
        let version = sdk.get("/api/v1/sdk/ruleset").expect(200)["data"]["version"].to_string();
        assert_eq!((event.name.as_str(), event.id.as_deref()), ("message", Some(version.as_str())));
        let moment = event.data["lastModified"].as_i64().expect("a moment");
        assert!((1_800_000_000..1_800_000_100).contains(&moment), "{moment}");
        assert_eq!(event.data, json!({"type": "refetchEvaluation", "etag": version, "lastModified": moment}));
        // What a provider does then.
        let again = application.with("If-None-Match", before.header("etag").expect("a tag"));
        let path = format!("{ALL}?flagConfigEtag={version}&flagConfigLastModified={moment}");
        let after = again.post(&path, &json!({"context": {"targetingKey": "u"}})).expect(200);
        assert_eq!(after["flags"][0]["reason"], "STATIC");
        toggle(&team, false);
        assert_eq!(stream.event().data["type"], "refetchEvaluation");
    }
}

#[test]
fn who_missed_changes_gets_one_event_at_once() {
    let (_server, team, sdk, nobody) = world();
    let address = address(&sdk);
    let seen = address.rsplit_once("&version=").expect("a version").1.to_owned();
    for enabled in [true, false, true] {
        toggle(&team, enabled);
    }
    let version = (seen.parse::<u64>().expect("a number") + 3).to_string();
    // By the version of the answer that had the address, and by that of the last event, which counts more.
    for (client, address) in [
        (nobody.clone(), address.clone()),
        (
            nobody.with("Last-Event-ID", &seen),
            address.replace(&format!("version={seen}"), &format!("version={version}")),
        ),
        (nobody.clone(), address.replace(&format!("&version={seen}"), "")),
        (nobody.with("Last-Event-ID", "nonsense"), address.clone()),
    ] {
        let mut stream = Stream::open(&client, &address);
        assert_eq!(stream.next().expect("an event").id.as_deref(), Some(version.as_str()));
    }
    let mut stream = Stream::open(&nobody.with("Last-Event-ID", &version), &address);
    assert_eq!(stream.next().expect("a comment").name, "", "nothing to tell yet");
    toggle(&team, false);
    assert_eq!(stream.event().data["type"], "refetchEvaluation");
}

#[test]
fn a_token_opens_the_stream_and_nothing_else() {
    let (_server, team, sdk, nobody) = world();
    let address = address(&sdk);
    let (_, token) = address.split_once("token=").expect("a token");
    let (token, _) = token.split_once('&').expect("more");
    for client in [nobody.with("X-API-Key", token), nobody.bearer(token)] {
        for path in ["/api/v1/evaluate", ALL, "/api/v1/sdk/events"] {
            assert_eq!(client.post(path, &json!({})).status, 401, "{path}");
        }
        for path in ["/api/v1/sdk/ruleset", "/api/v1/sdk/stream", "/api/v1/auth/me", &team.flags("")] {
            assert_eq!(client.get(path).status, 401, "{path}");
        }
    }
    let ruleset = nobody.get(&format!("/api/v1/sdk/ruleset?token={token}"));
    ruleset.refused(401, "UNAUTHENTICATED");
    // And nothing but a token opens it.
    let bare = address.split_once('?').expect("a query").0;
    for client in [&sdk, &team.client, &nobody] {
        client.get(bare).refused(401, "UNAUTHENTICATED");
    }
    let key = sdk.sends("X-API-Key").expect("a key");
    let mut forged = token.to_owned();
    forged.replace_range(3..4, if token.as_bytes()[3] == b'A' { "B" } else { "A" });
    for wrong in [key, "", "x", &forged, &token[1..]] {
        let answer = sdk.get(&format!("{bare}?token={wrong}"));
        answer.refused(401, "TOKEN_INVALID");
        assert_eq!(answer.body()["errorCode"], "GENERAL");
    }
}

#[test]
fn a_stream_ends_with_its_token_and_with_its_key() {
    let (server, team, sdk, nobody) = world();
    let kept = address(&sdk);
    let mut stream = Stream::open(&nobody, &kept);
    stream.next().expect("a comment");
    server.clock.advance_seconds(LIFETIME + 1);
    // It looks at the time whenever there is something to tell.
    toggle(&team, true);
    while let Some(event) = stream.next() {
        assert_eq!(event.name, "", "nothing but signs of life");
    }
    nobody.get(&kept).refused(401, "TOKEN_EXPIRED");

    let made = team.create_key(&team.development, "client").expect(201);
    let application = nobody.with("X-API-Key", made["data"]["key"].as_str().expect("a key"));
    let kept = address(&application);
    let mut stream = Stream::open(&nobody, &kept);
    stream.next().expect("a comment");
    let path = format!("/api/v1/api-keys/{}", made["data"]["id"].as_str().expect("an id"));
    team.client.delete(&path).expect(204);
    while let Some(event) = stream.next() {
        assert_eq!(event.name, "", "nothing but signs of life");
    }
    nobody.get(&kept).refused(401, "API_KEY_INVALID");
}

#[test]
fn an_answer_that_is_still_current_has_an_address_that_still_opens() {
    let (server, _team, sdk, nobody) = world();
    let context = json!({"targetingKey": "u"});
    let first = ask_all(&sdk, &context);
    let (tag, kept) = (first.header("etag").expect("a tag").to_owned(), address(&sdk));
    let again = sdk.with("If-None-Match", &tag);
    let (mut same, mut minutes) = (0, 0);
    while ask_all(&again, &context).status == 304 {
        assert_eq!(address(&sdk), kept, "an address is kept as long as it can be");
        Stream::open(&nobody, &kept).next().expect("a comment");
        server.clock.advance_seconds(60);
        (same, minutes) = (same + 1, minutes + 1);
        assert!(minutes < LIFETIME / 60, "the tag outlives the token");
    }
    assert!(same > 0);
    let fresh: Value = ask_all(&again, &context).expect(200);
    assert_ne!(fresh["eventStreams"][0]["endpoint"]["requestUri"], json!(kept));
}

#[test]
fn connecting_is_counted_by_key() {
    let server = Server::with(&["--rate-limit-ruleset=2"]);
    let team = server.admin();
    let [one, other] = [(); 2].map(|()| address(&team.sdk(&team.development, "client")));
    let nobody = server.anonymous();
    for _ in 0..2 {
        Stream::open(&nobody, &one).next().expect("a comment");
    }
    let refused = nobody.get(&one);
    refused.refused(429, "RATE_LIMIT_EXCEEDED");
    assert!(refused.header("retry-after").is_some());
    Stream::open(&nobody, &other).next().expect("a comment");
}
