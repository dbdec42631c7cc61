//! Environments: where a flag's configuration lives. The types come from the contract, A2 and B2.

/// What an environment is for. The prefix of its API keys tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EnvironmentType {
    /// Work in progress.
    Development,
    /// A rehearsal of production.
    Staging,
    /// Real users.
    Production,
}

impl EnvironmentType {
    /// Every type, in the order in which a change travels.
    pub const ALL: [Self; 3] = [Self::Development, Self::Staging, Self::Production];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }

    /// Reads the name in the API.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_nothing_else_is_a_name() {
        for kind in EnvironmentType::ALL {
            assert_eq!(EnvironmentType::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(EnvironmentType::parse("dev"), None);
    }
}
