//! Whatever is scheduled: when all of it is over, the flag is what it would be had somebody made the changes by hand, one
//! after the other in the order of their moments.

use serde_json::{Value, json};

use super::MINUTE;
use crate::support::later::{made, wait_for};
use crate::support::{Server, Team};

/// Rounds, and changes of each.
const ROUNDS: u64 = 8;
const CHANGES: usize = 25;

/// A sequence that looks random, and is the same every time (Knuth's constants).
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn change(&mut self) -> Value {
        let mut change = json!({});
        // At least one of three.
        let members = self.below(7) + 1;
        if members & 1 != 0 {
            change["enabled"] = json!(self.below(2) == 0);
        }
        if members & 2 != 0 {
            change["default_variation"] =
                json!(["on", "off"][usize::try_from(self.below(2)).expect("an index")]);
        }
        if members & 4 != 0 {
            let rule = |percentage: u64| {
                let shares = json!([{"variation": "on", "percentage": percentage}]);
                json!({"conditions": [], "percentage_rollout": shares, "name": format!("{percentage}")})
            };
            let count = self.below(3);
            let rules: Vec<Value> = (0..count).map(|_| rule(self.below(101))).collect();
            change["targeting_rules"] = json!(rules);
        }
        change
    }
}

/// What evaluation goes by. Rules that were made twice have other ids.
fn content(team: &Team, flag: &str) -> Value {
    let mut shown = team.flag(flag);
    for rule in shown["targeting_rules"].as_array_mut().expect("rules") {
        rule.as_object_mut().expect("a rule").remove("id");
    }
    json!([shown["enabled"], shown["default_variation"], shown["targeting_rules"], shown["revision"]])
}

#[test]
fn the_end_is_that_of_the_same_changes_by_hand() {
    let server = Server::start();
    let team = server.admin();
    for round in 0..ROUNDS {
        let mut sequence = Sequence(round);
        let (later, by_hand) = (format!("later-{round}"), format!("by-hand-{round}"));
        for flag in [&later, &by_hand] {
            team.create_flag(flag, &json!({}));
        }
        // Few moments, so that many fall together.
        let mut planned: Vec<(String, usize, Value)> = Vec::new();
        let mut ids = Vec::new();
        for number in 0..CHANGES {
            let in_minutes = i64::try_from(sequence.below(5)).expect("a number") + 1;
            let (at, change) = (server.moment(in_minutes * MINUTE), sequence.change());
            ids.push(made(&team.schedule(&later, &at, &change)));
            planned.push((at, number, change));
        }
        planned.sort_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
        for (_, _, change) in &planned {
            team.client.put(&team.flags(&format!("/{by_hand}")), change).expect(200);
        }
        server.clock.advance_seconds(6 * MINUTE);
        wait_for("the last one", || {
            let pending = format!("{}&status=pending", team.flags(&format!("/{later}/schedules")));
            (team.client.get(&pending).expect(200)["meta"]["total"] == 0).then_some(())
        });
        assert!(ids.iter().all(|id| team.scheduled(&later, id)["status"] == "applied"));
        assert_eq!(content(&team, &later), content(&team, &by_hand), "round {round}");
    }
}
