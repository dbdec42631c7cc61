//! Lists of flags: what they select, how they are sorted, and how they are cut into pages.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::at;
use crate::support::{Server, Team};

/// The keys that a list with these parameters shows, in its order.
#[track_caller]
fn listed(team: &Team, parameters: &str) -> Vec<String> {
    keys(&team.client.get(&format!("{}{parameters}", team.flags(""))).expect(200))
}

fn keys(list: &Value) -> Vec<String> {
    let rows = list["data"].as_array().expect("a list").iter();
    rows.map(|row| row["key"].as_str().expect("a key").to_owned()).collect()
}

/// A flag of `flag_type` with two variations.
fn typed(flag_type: &str, name: &str, tags: &Value) -> Value {
    let values = match flag_type {
        "string" => [json!("x"), json!("y")],
        "number" => [json!(1), json!(2)],
        "json" => [json!({}), json!([])],
        _ => [json!(true), json!(false)],
    };
    let variations = json!([{"key": "on", "value": values[0]}, {"key": "off", "value": values[1]}]);
    json!({"flag_type": flag_type, "name": name, "tags": tags, "variations": variations})
}

/// Six flags, made in this order; `parked` is inactive and `gone` archived.
fn six() -> (Server, Team) {
    let server = Server::start();
    let team = server.admin();
    for (key, flag_type, name, tags) in [
        ("delta", "boolean", "Éclair", json!(["web", "ios"])),
        ("alpha", "string", "zebra Checkout", json!(["web"])),
        ("checkout.v2", "number", "Basket", json!([])),
        ("beta", "json", "apple", json!(["ios"])),
        ("parked", "boolean", "Parked", json!(["web"])),
        ("gone", "boolean", "Gone", json!(["web"])),
    ] {
        team.create_flag(key, &typed(flag_type, name, &tags));
    }
    team.client.put(&team.flags("/parked"), &json!({"status": "inactive"})).expect(200);
    team.client.delete(&team.flags("/gone")).expect(204);
    (server, team)
}

#[test]
fn filters_select_and_add_up() {
    let (_server, team) = six();
    for (parameters, expected) in [
        ("", vec!["parked", "beta", "checkout.v2", "alpha", "delta"]),
        ("&status=active", vec!["beta", "checkout.v2", "alpha", "delta"]),
        ("&status=inactive", vec!["parked"]),
        ("&status=archived", vec!["gone"]),
        ("&flag_type=boolean", vec!["parked", "delta"]),
        ("&flag_type=string", vec!["alpha"]),
        ("&flag_type=number", vec!["checkout.v2"]),
        ("&flag_type=json", vec!["beta"]),
        ("&search=CHECK", vec!["checkout.v2", "alpha"]),
        ("&search=%C3%A9clair", vec!["delta"]),
        ("&search=nothing", vec![]),
        ("&tag=web", vec!["parked", "alpha", "delta"]),
        ("&tag=we", vec![]),
        ("&tag=web&flag_type=boolean&status=active", vec!["delta"]),
        ("&tag=web&status=archived&search=go", vec!["gone"]),
        ("&search=&tag=&status=", vec!["parked", "beta", "checkout.v2", "alpha", "delta"]),
    ] {
        assert_eq!(listed(&team, parameters), expected, "{parameters}");
    }
}

#[test]
fn sorts_go_both_ways() {
    let (_server, team) = six();
    team.client.put(&team.flags("/alpha"), &json!({"description": "changed last"})).expect(200);
    for (sort, ascending) in [
        ("name", ["beta", "checkout.v2", "parked", "alpha", "delta"]),
        ("key", ["alpha", "beta", "checkout.v2", "delta", "parked"]),
        ("created_at", ["delta", "alpha", "checkout.v2", "beta", "parked"]),
        ("updated_at", ["delta", "checkout.v2", "beta", "parked", "alpha"]),
    ] {
        assert_eq!(listed(&team, &format!("&sort={sort}&order=asc")), ascending, "{sort}");
        let mut descending = ascending;
        descending.reverse();
        assert_eq!(listed(&team, &format!("&sort={sort}&order=desc")), descending, "{sort}");
        assert_eq!(listed(&team, &format!("&sort={sort}")), descending, "desc is the default order");
    }
}

#[test]
fn updated_at_is_that_of_the_environment() {
    let (_server, team) = six();
    team.client.post(&at(&team.staging, "/delta/toggle"), &json!({"enabled": true})).expect(200);
    let first = |environment: &str| {
        let list = team.client.get(&format!("{}&sort=updated_at", at(environment, ""))).expect(200);
        keys(&list)[0].clone()
    };
    assert_eq!((first(&team.development), first(&team.staging)), ("parked".into(), "delta".into()));
}

#[test]
fn pages_by_number_cover_the_list() {
    let (_server, team) = six();
    let page = |number: u32| {
        let path = format!("{}&sort=key&order=asc&per_page=2&page={number}", team.flags(""));
        let list = team.client.get(&path).expect(200);
        assert_eq!(list["meta"]["total"], 5);
        assert_eq!((&list["meta"]["page"], &list["meta"]["per_page"]), (&json!(number), &json!(2)));
        (keys(&list), list["meta"]["next_cursor"].is_string())
    };
    assert_eq!(page(1), (vec!["alpha".into(), "beta".into()], true));
    assert_eq!(page(2), (vec!["checkout.v2".into(), "delta".into()], true));
    assert_eq!(page(3), (vec!["parked".into()], false));
    assert_eq!(page(4), (vec![], false));
}

/// Follows cursors from page to page, and after each page makes the flags that `made` names for it.
fn walk(team: &Team, order: &str, made: impl Fn(usize) -> Vec<String>) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for number in 1.. {
        let path = format!("{}&{order}&per_page=3{cursor}", team.flags(""));
        let list = team.client.get(&path).expect(200);
        assert_eq!(list["meta"]["page"], number, "a cursor goes on counting pages");
        seen.extend(keys(&list));
        for key in made(number) {
            team.create_flag(&key, &json!({}));
        }
        let Some(next) = list["meta"]["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    seen
}

#[test]
fn a_cursor_repeats_and_skips_nothing_while_others_insert() {
    let server = Server::start();
    let admin = server.admin();
    for (order, forwards) in [
        ("sort=key&order=asc", true),
        ("sort=key&order=desc", false),
        ("sort=name&order=asc", true),
        ("sort=created_at&order=asc", true),
        ("sort=created_at&order=desc", false),
        ("sort=updated_at&order=desc", false),
    ] {
        let team = admin.new_project(&order.replace(['=', '&'], "-"));
        let mut before: Vec<String> = (10..20).map(|number| format!("m{number}")).collect();
        for key in &before {
            team.create_flag(key, &json!({}));
        }
        // Rows appear in front of the reader and behind its back, on each of the first three pages.
        let made = |page: usize| if page < 4 { vec![format!("a{page}"), format!("z{page}")] } else { vec![] };
        let seen = walk(&team, order, made);
        let distinct: HashSet<&String> = seen.iter().collect();
        assert_eq!(distinct.len(), seen.len(), "{order}: {seen:?}");
        let present_from_the_start: Vec<_> =
            seen.iter().filter(|key| key.starts_with('m')).cloned().collect();
        if !forwards {
            before.reverse();
        }
        assert_eq!(present_from_the_start, before, "{order}");
    }
}

#[test]
fn a_cursor_goes_on_although_its_row_is_gone() {
    let server = Server::start();
    let team = server.admin();
    for key in ["a", "b", "c", "d"] {
        team.create_flag(key, &json!({}));
    }
    let order = "sort=key&order=asc&per_page=2";
    let list = team.client.get(&format!("{}&{order}", team.flags(""))).expect(200);
    team.client.delete(&team.flags("/b")).expect(204);
    let cursor = list["meta"]["next_cursor"].as_str().unwrap();
    let rest = team.client.get(&format!("{}&{order}&cursor={cursor}", team.flags(""))).expect(200);
    assert_eq!(keys(&rest), ["c", "d"]);
    assert_eq!((&rest["meta"]["next_cursor"], &rest["meta"]["total"]), (&Value::Null, &json!(3)));
}

#[test]
fn a_cursor_belongs_to_its_list() {
    let (_server, team) = six();
    let list = team.client.get(&format!("{}&sort=key&order=asc&per_page=2", team.flags(""))).expect(200);
    let cursor = list["meta"]["next_cursor"].as_str().unwrap().to_owned();
    let ask = |parameters: &str| team.client.get(&format!("{}&{parameters}", team.flags("")));
    ask(&format!("sort=key&order=asc&cursor={cursor}")).expect(200);
    for refused in [
        format!("sort=key&order=desc&cursor={cursor}"),
        format!("sort=name&order=asc&cursor={cursor}"),
        format!("cursor={cursor}"),
        format!("sort=key&order=asc&page=2&cursor={cursor}"),
        format!("sort=key&order=asc&cursor={}", &cursor[1..]),
        format!("sort=key&order=asc&cursor={cursor}x"),
        "sort=key&order=asc&cursor=nonsense".into(),
        "sort=key&order=asc&cursor=%F0%9F%98%80".into(),
        format!("sort=key&order=asc&cursor={}", "A".repeat(6_000)),
    ] {
        ask(&refused).faults(400, "VALIDATION_ERROR", &["cursor"]);
    }
    let history = format!("{}&cursor={cursor}", team.flags("/alpha/history"));
    team.client.get(&history).faults(400, "VALIDATION_ERROR", &["cursor"]);
}

#[test]
fn bad_parameters_are_all_named_at_once() {
    let (_server, team) = six();
    let ask = |parameters: &str| team.client.get(&format!("{}{parameters}", team.flags("")));
    for (parameter, value) in [
        ("per_page", "0"),
        ("per_page", "201"),
        ("per_page", "abc"),
        ("per_page", "-1"),
        ("per_page", "1.5"),
        ("page", "0"),
        ("page", "abc"),
        ("page", "4294967296"),
        ("status", "deleted"),
        ("flag_type", "Boolean"),
        ("sort", "id"),
        ("order", "up"),
    ] {
        ask(&format!("&{parameter}={value}")).faults(400, "VALIDATION_ERROR", &[parameter]);
    }
    ask("&per_page=1").expect(200);
    ask("&per_page=200&page=4294967295").expect(200);
    let all = "status=x&flag_type=x&sort=x&order=x&page=0&per_page=201";
    let named = ["environment_id", "status", "flag_type", "sort", "order", "page", "per_page"];
    team.client.get(&format!("/api/v1/flags?{all}")).faults(400, "VALIDATION_ERROR", &named);
}

#[test]
fn a_list_shows_what_other_environments_say_and_how_often_flags_were_served_if_asked() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    team.create_flag("b", &json!({}));
    let there = format!("/api/v1/flags/a/toggle?environment_id={}", team.production);
    team.client.post(&there, &json!({"enabled": true})).expect(200);
    let sdk = team.sdk(&team.development, "server");
    for _ in 0..3 {
        sdk.post("/api/v1/evaluate", &json!({"flags": ["a"], "context": {"user_key": "u"}})).expect(200);
    }
    server.clock.advance_seconds(3_600);
    sdk.post("/api/v1/evaluate", &json!({"flags": ["a", "b"], "context": {"user_key": "u"}})).expect(200);

    let list = |include: &str| {
        let path = team.flags("") + "&sort=key&order=asc" + include;
        team.client.get(&path).expect(200)["data"].as_array().unwrap().clone()
    };
    let [a, b] = &list("&include=environments,activity")[..] else { panic!("two flags") };
    let places = |flag: &Value| {
        let of = |place: &Value| (place["environment_id"].clone(), place["enabled"].clone());
        flag["environments"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    let places_of_a = [(&team.development, false), (&team.staging, false), (&team.production, true)]
        .map(|(id, on)| (json!(id), json!(on)));
    assert_eq!(places(a), places_of_a);
    assert!(places(b).iter().all(|(_, enabled)| *enabled == json!(false)));
    assert_eq!(a["environments"][2]["revision"], 2);
    let hours = |flag: &Value| {
        flag["activity"].as_array().unwrap().iter().map(|it| it.as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((hours(a).len(), &hours(a)[21..]), (24, &[0, 3, 1][..]));
    assert_eq!(hours(b).iter().sum::<u64>(), 1);

    let plain = &list("")[0];
    assert!(plain.get("environments").is_none() && plain.get("activity").is_none());
    let half = &list("&include=environments")[0];
    assert!(half.get("environments").is_some() && half.get("activity").is_none());
    let wrong = team.client.get(&(team.flags("") + "&include=environments,rules"));
    wrong.faults(400, "VALIDATION_ERROR", &["include"]);
}
