//! What a throwaway server starts with beside a project: people and credentials that are known beforehand.

use serde_json::Value;

use super::{
    key,
    manifest::{ProjectDocument, list, project_document},
};
use crate::{
    auth::{
        api_key::ApiKeyText,
        password::Password,
        token::{TokenKind, TokenText},
    },
    control::seed,
    domain::{
        api_key::KeyKind,
        key::EnvironmentKey,
        role::Role,
        text::Name,
        user::Email,
        violation::{Draft, Path, Violations},
    },
    http::shape::Shape,
    request,
};

/// People of a seed, at most.
const MAX_USERS: usize = 100;
/// API keys of a seed, at most.
const MAX_KEYS: usize = 100;
/// Tokens of a seed, at most.
const MAX_TOKENS: usize = 20;

request! {
    /// What a server starts with beside the project; for `phaseflag serve --seed` alone. What is not given is made up, and
    /// stands in the ready file.
    #[derive(Clone)]
    pub struct SeedBody {
        /// People, with what they sign in by.
        #[oai(validator(max_items = 100))]
        pub users: Option<Vec<SeedUser>>,
        /// API keys that are known beforehand.
        #[oai(validator(max_items = 100))]
        pub api_keys: Option<Vec<SeedKey>>,
        /// Personal access tokens of the admin that are known beforehand.
        #[oai(validator(max_items = 20))]
        pub tokens: Option<Vec<SeedToken>>,
    }

    /// Somebody who can sign in.
    #[derive(Clone)]
    pub struct SeedUser {
        /// How the person signs in.
        #[oai(validator(max_length = 254))]
        pub email: String,
        /// The password; where absent, one is made up.
        #[oai(validator(min_length = 8, max_length = 128))]
        pub password: Option<String>,
        /// What the person may do; where absent, `admin`.
        pub role: Option<Role>,
    }

    /// An API key that is known beforehand.
    #[derive(Clone)]
    pub struct SeedKey {
        /// The key of the environment whose flags it evaluates.
        pub environment: String,
        /// What it may read; where absent, `server`.
        pub kind: Option<KeyKind>,
        /// What people call it; where absent, `seed`.
        #[oai(validator(min_length = 1, max_length = 200))]
        pub name: Option<String>,
        /// The key itself; it begins with `sdk-` or, of kind `client`, with `pub-`. Where absent, one is made up.
        #[oai(validator(min_length = 8, max_length = 200))]
        pub key: Option<String>,
    }

    /// A personal access token that is known beforehand.
    #[derive(Clone)]
    pub struct SeedToken {
        /// What people call it; where absent, `seed`.
        #[oai(validator(min_length = 1, max_length = 200))]
        pub name: Option<String>,
        /// What it may do; where absent, `admin`.
        pub role: Option<Role>,
        /// The token itself; it begins with `pat_`. Where absent, one is made up.
        #[oai(validator(min_length = 8, max_length = 200))]
        pub token: Option<String>,
    }
}

/// The seed that a document is, whole; what is wrong with the meaning of the project is found when it grows.
pub fn read(document: &Value) -> Result<seed::Seed, Violations> {
    let mut faults = Violations::new();
    let mut document = ProjectDocument::read(document, &Path::ROOT, &mut faults);
    let body = document.seed.take();
    let manifest = project_document(document, &mut faults);
    let mut own = Violations::new();
    let (users, api_keys, tokens) = match body {
        Some(SeedBody { users, api_keys, tokens }) => (
            list("users", users.unwrap_or_default(), MAX_USERS, &mut own, user),
            list("api_keys", api_keys.unwrap_or_default(), MAX_KEYS, &mut own, api_key),
            list("tokens", tokens.unwrap_or_default(), MAX_TOKENS, &mut own, token),
        ),
        None => Default::default(),
    };
    faults.add_of("seed", own);
    match manifest {
        Some(value) if !faults.is_malformed() => {
            Ok(seed::Seed { manifest: Some(Draft { value, faults }), users, api_keys, tokens })
        }
        Some(_) | None => Err(faults),
    }
}

fn user(body: SeedUser, faults: &mut Violations) -> Option<seed::SeedUser> {
    let email = Email::parse(&body.email).map_err(|message| faults.malformed("email", message));
    let password = body.password.map(Password::parse).transpose();
    let password = password.map_err(|error| faults.malformed("password", error.to_string()));
    Some(seed::SeedUser {
        email: email.ok()?,
        password: password.ok()?,
        role: body.role.unwrap_or(Role::Admin),
    })
}

fn api_key(body: SeedKey, faults: &mut Violations) -> Option<seed::SeedKey> {
    let kind = body.kind.unwrap_or(KeyKind::Server);
    let text = body.key.map(|text| ApiKeyText::chosen(kind, &text));
    if text == Some(None) {
        let example = ApiKeyText::example(kind);
        faults.malformed("key", format!("must be like `{example}`, of letters, digits, - and _"));
    }
    let environment = key(EnvironmentKey::parse, &body.environment, "environment", faults);
    Some(seed::SeedKey {
        environment: environment?,
        kind,
        name: name(body.name, faults),
        text: text.flatten(),
    })
}

fn token(body: SeedToken, faults: &mut Violations) -> Option<seed::SeedToken> {
    let text = body.token.map(|text| TokenText::chosen(TokenKind::Personal, &text));
    if text == Some(None) {
        faults.malformed("token", "must be like `pat_something`, of letters, digits, - and _");
    }
    let role = body.role.unwrap_or(Role::Admin);
    Some(seed::SeedToken { name: name(body.name, faults), role, text: text.flatten() })
}

fn name(text: Option<String>, faults: &mut Violations) -> Option<Name> {
    text.and_then(|text| Name::parse(&text, &Path::ROOT.field("name"), faults))
}
