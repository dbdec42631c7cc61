//! `phaseflag user`: accounts, made and let in again by whoever operates the server. A password that was generated is
//! all that stands on standard output, so that a script can take it from there.

use std::error::Error;
use std::io::{self, BufRead, Read, Write};

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::connection::Connection;
use super::listing::{Column, Listing, text};
use super::target::Target;
use crate::auth::password;
use crate::domain::role::Role;
use crate::server;

const USERS: &str = "/api/v1/system/users";

/// Bytes of a password that are read from standard input, at most: more than the server accepts.
const MAX_PASSWORD_BYTES: u64 = 4_096;

const COLUMNS: [Column; 6] = [
    ("EMAIL", "/email"),
    ("NAME", "/full_name"),
    ("ROLE", "/role"),
    ("LAST LOGIN AT", "/last_login_at"),
    ("CREATED AT", "/created_at"),
    ("ID", "/id"),
];

#[derive(Args, Debug)]
pub(super) struct User {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Make an account; the first one of a server is its admin
    Create(Create),
    /// Give an account another password, and end all its sessions
    ResetPassword(ResetPassword),
    /// List the accounts of the server
    List(List),
}

#[derive(Args, Debug)]
struct Create {
    /// How the person signs in
    #[arg(long, value_name = "EMAIL")]
    email: String,

    /// What the person may do in the organization; viewer by default
    #[arg(long, value_parser = PossibleValuesParser::new(Role::ALL.iter().map(|(_, name)| *name)))]
    role: Option<String>,

    /// The organization that the account belongs to, by its id; by default the one that was made first
    #[arg(long, value_name = "ID")]
    organization: Option<String>,

    /// What the person is called
    #[arg(long, value_name = "NAME")]
    full_name: Option<String>,

    #[command(flatten)]
    password: PasswordSource,

    #[command(flatten)]
    target: Target,
}

#[derive(Args, Debug)]
struct ResetPassword {
    /// How the person signs in
    email: String,

    #[command(flatten)]
    password: PasswordSource,

    #[command(flatten)]
    target: Target,
}

#[derive(Args, Debug)]
struct List {
    #[command(flatten)]
    listing: Listing,

    #[command(flatten)]
    target: Target,
}

#[derive(Args, Clone, Copy, Debug)]
struct PasswordSource {
    /// Read the password from standard input; without this, one is generated and printed
    #[arg(long)]
    password_stdin: bool,
}

/// A password, and whether somebody has to be told.
enum Chosen {
    Given(String),
    Generated(String),
}

impl PasswordSource {
    fn choose(self) -> Result<Chosen, Box<dyn Error>> {
        if !self.password_stdin {
            return Ok(Chosen::Generated(password::generated(server::random()?)));
        }
        let mut line = String::new();
        io::stdin().lock().take(MAX_PASSWORD_BYTES).read_line(&mut line)?;
        Ok(Chosen::Given(line.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

impl Chosen {
    fn text(&self) -> &str {
        match self {
            Self::Given(text) | Self::Generated(text) => text,
        }
    }

    /// Says what was done, and the password if nobody knows it yet.
    fn told(&self, done: &str) -> io::Result<()> {
        match self {
            Self::Given(_) => writeln!(io::stderr().lock(), "{done}"),
            Self::Generated(password) => {
                writeln!(io::stderr().lock(), "{done} with this password, which is not shown again:")?;
                writeln!(io::stdout().lock(), "{password}")
            }
        }
    }
}

pub(super) fn run(command: User) -> Result<(), Box<dyn Error>> {
    match command.command {
        Command::Create(command) => create(command),
        Command::ResetPassword(command) => reset_password(command),
        Command::List(command) => list(command),
    }
}

fn create(command: Create) -> Result<(), Box<dyn Error>> {
    let Create { email, role, organization, full_name, password, target } = command;
    let password = password.choose()?;
    let said = [("full_name", full_name), ("organization_id", organization), ("role", role)];
    let said = said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?))));
    let mut body: Map<String, Value> = said.collect();
    body.insert("email".to_owned(), email.into());
    body.insert("password".to_owned(), password.text().into());
    let made = target.connection()?.post(USERS, &body.into())?;
    let account = &made["data"];
    let (email, role) = (text(account, "/email"), text(account, "/role"));
    Ok(password
        .told(&format!("made the account {email}, {role} of {}", text(account, "/organizations/0/name")))?)
}

fn reset_password(command: ResetPassword) -> Result<(), Box<dyn Error>> {
    let ResetPassword { email, password, target } = command;
    let password = password.choose()?;
    let connection = target.connection()?;
    let id = account_id(&connection, &email)?;
    connection.post(&format!("{USERS}/{id}/password"), &json!({"password": password.text()}))?;
    Ok(password.told(&format!("reset the password of {email}"))?)
}

fn account_id(connection: &Connection, email: &str) -> Result<String, Box<dyn Error>> {
    let users = connection.rows(USERS, &[])?;
    let is =
        |user: &&Value| user["email"].as_str().is_some_and(|it| it.to_lowercase() == email.to_lowercase());
    let found = users.iter().find(is).map(|user| text(user, "/id"));
    found.ok_or_else(|| format!("{} has no account `{email}`", connection.place()).into())
}

fn list(command: List) -> Result<(), Box<dyn Error>> {
    let users = command.target.connection()?.rows(USERS, &[])?;
    Ok(command.listing.print(&users, &COLUMNS, "no accounts")?)
}
