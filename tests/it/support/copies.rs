//! Many flags at once, written into the data file of a stopped server: making each by a request takes too long where
//! a limit is in the thousands.

use phaseflag::domain::{
    id::{FlagId, ProjectId},
    key::FlagKey,
};
use phaseflag::store::{Store, environment, flag};

use super::{Server, Team};

/// Copies the flag `key` of the team's project `count` times, with its configurations, as `{key}-0` and so on, and
/// starts the server again.
pub fn copy_flag(server: &mut Server, team: &Team, key: &str, count: usize) -> Team {
    server.stop();
    {
        let store = Store::open(&server.data()).expect("the data file");
        let writer = store.write().expect("a transaction");
        let project = ProjectId::parse(&team.project).expect("an id");
        let original = flag::by_key(&writer, project, key).expect("the table").expect("the flag");
        let environments = environment::of_project(&writer, project).expect("the environments");
        for number in 0..count {
            let mut copy = original.clone();
            copy.id = FlagId::from_bits(original.id.bits() + 1 + number as u128);
            copy.key = FlagKey::parse(&format!("{key}-{number}")).expect("a key");
            flag::put(&writer, &copy).expect("the flag is kept");
            for environment in &environments {
                let says = flag::configuration(&writer, environment.id, original.id).expect("the table");
                let says = says.expect("a configuration");
                flag::put_configuration(&writer, environment.id, copy.id, &says).expect("it is kept");
            }
        }
        writer.commit().expect("it is written");
    }
    server.restart();
    team.at(server)
}
