//! `phaseflag key`: API keys of an environment. A key that was made is all that stands on standard output, so that a
//! script can take it from there.

use std::error::Error;
use std::io::{self, Write};

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use serde_json::json;

use super::connection::Connection;
use super::listing::{Column, Listing, text};
use super::place::environment_id;
use super::target::Target;
use crate::domain::api_key::KeyKind;
use crate::domain::id::ApiKeyId;

const COLUMNS: [Column; 7] = [
    ("NAME", "/name"),
    ("KIND", "/kind"),
    ("PREFIX", "/prefix"),
    ("CREATED AT", "/created_at"),
    ("EXPIRES AT", "/expires_at"),
    ("LAST USED AT", "/last_used_at"),
    ("ID", "/id"),
];

#[derive(Args, Debug)]
pub(super) struct Key {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Make an API key, and print it
    Create(Create),
    /// List the API keys of an environment
    List(List),
    /// End an API key at once
    Revoke(Revoke),
}

/// The environment that a key belongs to.
#[derive(Args, Debug)]
struct Place {
    /// The project, by its key or id
    #[arg(long, value_name = "KEY")]
    project: String,

    /// The environment, by its key or id
    #[arg(long, value_name = "KEY")]
    environment: String,
}

#[derive(Args, Debug)]
struct Create {
    #[command(flatten)]
    place: Place,

    /// What people call the key
    #[arg(long)]
    name: String,

    /// Whether it reads whole rulesets, or evaluates only, as in browsers
    #[arg(
        long,
        default_value = KeyKind::Server.as_str(),
        value_parser = PossibleValuesParser::new(KeyKind::ALL.iter().map(|(_, name)| *name))
    )]
    kind: String,

    /// When it stops working, as in 2027-01-31T00:00:00Z; never by default
    #[arg(long, value_name = "MOMENT")]
    expires_at: Option<String>,

    #[command(flatten)]
    target: Target,
}

#[derive(Args, Debug)]
struct List {
    #[command(flatten)]
    place: Place,

    #[command(flatten)]
    listing: Listing,

    #[command(flatten)]
    target: Target,
}

#[derive(Args, Debug)]
struct Revoke {
    /// The API key, by its id
    #[arg(value_parser = id)]
    id: ApiKeyId,

    #[command(flatten)]
    target: Target,
}

fn id(text: &str) -> Result<ApiKeyId, &'static str> {
    ApiKeyId::parse(text).ok_or("it must be the id of an API key, which begins with key_")
}

pub(super) fn run(command: Key) -> Result<(), Box<dyn Error>> {
    match command.command {
        Command::Create(command) => create(command),
        Command::List(command) => list(command),
        Command::Revoke(command) => revoke(command),
    }
}

fn of_environment(connection: &Connection, place: &Place) -> Result<String, Box<dyn Error>> {
    let id = environment_id(connection, &place.project, Some(&place.environment))?;
    Ok(format!("environment_id={id}"))
}

fn create(command: Create) -> Result<(), Box<dyn Error>> {
    let Create { place, name, kind, expires_at, target } = command;
    let connection = target.connection()?;
    let path = format!("/api/v1/api-keys?{}", of_environment(&connection, &place)?);
    let made = connection.post(&path, &json!({"name": name, "kind": kind, "expires_at": expires_at}))?;
    writeln!(
        io::stderr().lock(),
        "made the {kind} key {} of {}, which is not shown again:",
        text(&made, "/data/name"),
        place.environment
    )?;
    Ok(writeln!(io::stdout().lock(), "{}", text(&made, "/data/key"))?)
}

fn list(command: List) -> Result<(), Box<dyn Error>> {
    let connection = command.target.connection()?;
    let keys = connection.rows("/api/v1/api-keys", &[&of_environment(&connection, &command.place)?])?;
    Ok(command.listing.print(&keys, &COLUMNS, "no API keys")?)
}

fn revoke(command: Revoke) -> Result<(), Box<dyn Error>> {
    let Revoke { id, target } = command;
    target.connection()?.delete(&format!("/api/v1/api-keys/{id}"))?;
    Ok(writeln!(io::stderr().lock(), "revoked {id}")?)
}
