//! What a throwaway server starts with beside a project: people and credentials that are known beforehand.

use crate::{
    domain::{api_key::KeyKind, role::Role},
    request,
};

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
