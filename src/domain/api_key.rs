//! API keys: what SDKs and servers evaluate with. The kinds come from the contract, B2.

/// Where a key is meant to live, and so what it may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// Kept on a server: may evaluate and read the whole ruleset.
    Server,
    /// Shipped to browsers: may evaluate, but never read rules.
    Client,
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Server, Self::Client];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
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
        for kind in KeyKind::ALL {
            assert_eq!(KeyKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(KeyKind::parse("Server"), None);
    }
}
