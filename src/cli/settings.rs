//! The file of settings: TOML, each setting by the name of its flag with underscores. What it says becomes the default of
//! the flag, so that flags and variables win, and whatever reads the flag reads the file too.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::builder::Resettable;
use clap::{Arg, Command};
use toml::de::{DeInteger, DeTable, DeValue};

use super::usage;

/// Bytes of the file, at most.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The command whose settings the file has.
const SERVE: &str = "serve";
/// The settings that are lists, and so may be arrays.
const LISTS: [&str; 4] = ["cors_origins", "trusted_proxies", "log_level", "webhook_allow_host"];
/// What is not set in a file: where the file is, and what is no setting.
const ELSEWHERE: [&str; 2] = ["config", "help"];
/// What nobody but the server should read.
const SECRET: &str = "jwt_secret_key";

/// The bit of a file's mode that lets everybody read it.
const READABLE_BY_ALL: u32 = 0o004;

/// The same commands with what the file says as their defaults. The error is one sentence that names file, line and
/// key, and never a value of the key for tokens.
pub(super) fn with_file(definition: Command, path: &Path) -> Result<Command, String> {
    let text = read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let at = |offset: usize| {
        let line = text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1;
        format!("{}, line {line}", path.display())
    };
    let table = DeTable::parse(&text)
        .map_err(|error| format!("{}: {}", at(error.span().map_or(0, |span| span.start)), error.message()))?;
    let mut definition = definition;
    for (key, value) in table.get_ref() {
        let (name, place) = (key.get_ref().as_ref(), at(key.span().start));
        let setting = definition
            .find_subcommand(SERVE)
            .and_then(|serve| serve.get_arguments().find(|setting| key_of(setting).as_deref() == Some(name)))
            .ok_or_else(|| format!("{place}: `{name}` is no setting"))?;
        let text = text_of(name, value.get_ref()).map_err(|why| format!("{place}: {name}: {why}"))?;
        try_out(setting, &text).map_err(|why| format!("{place}: {name}: {why}"))?;
        definition = definition.mut_subcommands(|command| {
            command.mut_args(|setting| match key_of(&setting) {
                Some(key) if key == name => setting.default_value(text.clone()),
                _ => setting,
            })
        });
    }
    Ok(definition)
}

/// Whether the file has the secret that signs tokens, and everybody on this machine can read it.
pub(super) fn shows_secret(path: &Path) -> bool {
    let open = fs::metadata(path).is_ok_and(|file| file.permissions().mode() & READABLE_BY_ALL != 0);
    open && read(path)
        .is_ok_and(|text| DeTable::parse(&text).is_ok_and(|it| it.get_ref().contains_key(SECRET)))
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
    if read as u64 > MAX_FILE_BYTES {
        return Err(std::io::Error::other(format!("it has more than {MAX_FILE_BYTES} bytes")));
    }
    Ok(text)
}

/// What a setting is called in the file.
fn key_of(setting: &Arg) -> Option<String> {
    let key = setting.get_long()?.replace('-', "_");
    if ELSEWHERE.contains(&key.as_str()) { None } else { Some(key) }
}

/// A value as the flag would have it.
fn text_of(key: &str, value: &DeValue<'_>) -> Result<String, String> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) => integer(number),
        DeValue::Boolean(truth) => Ok(truth.to_string()),
        DeValue::Array(entries) if LISTS.contains(&key) => {
            let entries = entries.iter().map(|entry| match entry.get_ref() {
                DeValue::String(text) => Ok(text.as_ref()),
                _ => Err("the array must hold nothing but text".to_owned()),
            });
            Ok(entries.collect::<Result<Vec<_>, _>>()?.join(","))
        }
        DeValue::Array(_) => Err("this is no list".to_owned()),
        DeValue::Float(_) => Err("a number must be whole".to_owned()),
        DeValue::Datetime(_) => Err("a date is no setting".to_owned()),
        DeValue::Table(_) => Err("a table is no setting".to_owned()),
    }
}

fn integer(number: &DeInteger<'_>) -> Result<String, String> {
    let read = i64::from_str_radix(number.as_str(), number.radix());
    read.map(|number| number.to_string()).map_err(|_| "the number is too large".to_owned())
}

/// Has the flag's own parser read a value.
fn try_out(setting: &Arg, text: &str) -> Result<(), String> {
    if !setting.get_action().takes_values() {
        return match text {
            "true" | "false" => Ok(()),
            _ => Err("it must be true or false".to_owned()),
        };
    }
    let alone = Arg::new("setting").long("setting").value_parser(setting.get_value_parser().clone());
    let command = Command::new(SERVE).arg(alone.env(Resettable::Reset)).no_binary_name(true);
    match command.try_get_matches_from([format!("--setting={text}")]) {
        Ok(_) => Ok(()),
        Err(error) => Err(usage::reason(&error)),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches};
    use tempfile::TempDir;

    use super::super::{Command as Chosen, CommandLine};
    use super::*;
    use crate::config::{Config, CorsOrigins, LogFormat, TrustedProxies};

    /// The settings of a file and flags, as `phaseflag serve` would have them.
    fn settings(text: &str, flags: &[&str]) -> Result<Config, String> {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("phaseflag.toml");
        fs::write(&path, text).unwrap();
        let definition = CommandLine::command()
            .mut_subcommands(|command| command.mut_args(|setting| setting.env(Resettable::Reset)));
        let definition = with_file(definition, &path)
            .map_err(|sentence| sentence.replace(&path.display().to_string(), "FILE"))?;
        let line = ["phaseflag", SERVE].iter().chain(flags);
        let matches = definition.try_get_matches_from(line).map_err(|error| error.to_string())?;
        match CommandLine::from_arg_matches(&matches).unwrap().command {
            Chosen::Serve(config) => Ok(*config),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_setting_can_be_in_the_file_and_flags_win() {
        let secret = "a secret of at least thirty-two bytes";
        let text = format!(
            "# Everything\nport = 9_000\nhost = \"0.0.0.0\"\njwt_secret_key = '{secret}'\nlog_format = \"json\"\n\
             cors_origins = [\"https://a.example\", \"https://b.example\"]\ntrusted_proxies = \"10.0.0.0/8,unix\"\n"
        );
        let config = settings(&text, &["--host=::1"]).unwrap();
        assert_eq!((config.listen.port, config.listen.host.to_string()), (9_000, "[::1]".to_owned()));
        assert_eq!(config.log.log_format, LogFormat::Json);
        assert_eq!(config.identity.jwt_secret_key.unwrap().expose(), secret.as_bytes());
        assert_eq!(config.cors_origins, CorsOrigins::parse("https://a.example,https://b.example").unwrap());
        assert_eq!(config.trusted_proxies, TrustedProxies::parse("10.0.0.0/8, unix").unwrap());
    }

    #[test]
    fn the_example_of_the_readme_is_one() {
        let (_, example) = include_str!("../../README.md").split_once("```toml\n").expect("an example");
        let config = settings(example.split("```").next().unwrap(), &[]).unwrap();
        assert_eq!(config.listen.port, 8080);
    }

    #[test]
    fn what_is_wrong_is_one_sentence_with_its_line() {
        for (text, sentence) in [
            ("\nprot = 1", "FILE, line 2: `prot` is no setting"),
            ("config = \"other\"", "FILE, line 1: `config` is no setting"),
            ("[listen]\nport = 1", "FILE, line 1: `listen` is no setting"),
            (
                "host = \"a\"\nport = 70000",
                "FILE, line 2: port: `70000` is not a whole number from 0 to 65535",
            ),
            ("port = 1.5", "FILE, line 1: port: a number must be whole"),
            ("port = [1]", "FILE, line 1: port: this is no list"),
            ("cors_origins = [1]", "FILE, line 1: cors_origins: the array must hold nothing but text"),
            ("log_format = \"xml\"", "FILE, line 1: log_format: `xml` is none of auto, human, json"),
            ("data = \"\"", "FILE, line 1: data: needs a value"),
            (
                "jwt_secret_key = 'hunter2'",
                "FILE, line 1: jwt_secret_key: the secret must have at least 32 bytes",
            ),
        ] {
            assert_eq!(settings(text, &[]).unwrap_err(), sentence);
        }
        let broken = settings("port = 1\njwt_secret_key = hunter2", &[]).unwrap_err();
        assert!(broken.starts_with("FILE, line 2: ") && !broken.contains("hunter2"), "{broken}");
        assert!(!broken.contains('\n'), "{broken}");
    }

    #[test]
    fn every_list_is_a_setting() {
        let definition = CommandLine::command();
        let serve = definition.find_subcommand(SERVE).unwrap();
        for list in LISTS.into_iter().chain([SECRET]) {
            assert!(serve.get_arguments().any(|setting| key_of(setting).as_deref() == Some(list)), "{list}");
        }
    }

    #[test]
    fn a_secret_that_everybody_can_read_is_noticed() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("phaseflag.toml");
        for (text, mode, shown) in [
            ("jwt_secret_key = 'x'", 0o644, true),
            ("jwt_secret_key = 'x'", 0o640, false),
            ("port = 1 # jwt_secret_key", 0o644, false),
        ] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(shows_secret(&path), shown, "{text} {mode:o}");
        }
    }
}
