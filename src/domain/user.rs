//! People's accounts and their sessions.

use super::{
    id::{SessionId, UserId},
    named::named,
    text::Name,
    time::Timestamp,
};

/// Characters of an email address, at most (RFC 5321, 4.5.3.1.3).
pub const MAX_EMAIL_LENGTH: usize = 254;

/// What stands for the address of the operator of the machine: no account can have it, as it is none.
const OPERATOR: &str = "operator";

/// Sessions of an account, at most: one more sign-in ends the oldest.
pub const MAX_SESSIONS_PER_USER: usize = 50;

/// An email address. Two that differ in case alone are one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(Box<str>);

impl Email {
    /// Reads an address: one `@` with text around it, a domain, no spaces. Whether it exists is for mail to find out.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let sound = text.len() <= MAX_EMAIL_LENGTH
            && !text.chars().any(|c| c.is_whitespace() || c.is_control())
            && text.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty()
                    && local.len() <= 64
                    && !domain.is_empty()
                    && !domain.contains('@')
                    && !domain.starts_with('.')
                    && !domain.ends_with('.')
                    && !domain.contains("..")
            });
        if sound { Ok(Self(text.into())) } else { Err("must be an email address") }
    }

    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which addresses are compared.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

named! {
    /// Whether strangers may make accounts. The first account can always be made.
    Registration {
        /// They may.
        Open = "open",
        /// They may not: it takes an invitation.
        Closed = "closed",
    }

    /// Where a client keeps its refresh token.
    RefreshTokenIn {
        /// Where it likes: the token is in the body of the answer, and each one counts once.
        Body = "body",
        /// In an `HttpOnly` cookie, as browsers should: no script can read it. All tabs share it, and it stays the same as
        /// long as the session does.
        Cookie = "cookie",
    }
}

/// A person's account.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// Identity.
    pub id: UserId,
    /// How the person signs in.
    pub email: Email,
    /// What the person is called.
    pub full_name: Option<Name>,
    /// The password's argon2 hash in PHC form.
    pub password_hash: String,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When the person last signed in.
    pub last_login_at: Option<Timestamp>,
}

impl UserId {
    /// Whoever has the data file in their hands, and no account. No identifier that is made is this one.
    pub const OPERATOR: Self = Self::from_bits(0);
}

impl User {
    /// What stands for an account where the operator of the machine acts. It is kept nowhere, and nobody can sign in
    /// with it.
    #[must_use]
    pub fn operator() -> Self {
        Self {
            id: UserId::OPERATOR,
            email: Email(OPERATOR.into()),
            full_name: None,
            password_hash: String::new(),
            created_at: Timestamp::from_millis(0),
            last_login_at: None,
        }
    }
}

/// A sign-in, from login to logout: one refresh token at a time, and any number of access tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Identity, which the tokens name.
    pub id: SessionId,
    /// Who signed in.
    pub user: UserId,
    /// Which refresh token is the current one; an earlier one is a replay.
    pub generation: u64,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When its refresh token stops working.
    pub expires_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_and_compared_without_case() {
        for good in ["a@b", "Ada@Example.com", "o'hara+x@mail.example.org"] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "@b", "a@", "a@@b", "a b@c", "a@.b", "a@b..c", &format!("{}@b", "x".repeat(65))]
        {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(
            Email::parse("Ada@Example.com").map(|email| email.folded()).as_deref(),
            Ok("ada@example.com")
        );
    }
}
