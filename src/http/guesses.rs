//! Wrong passwords for one account, from however many addresses they come: the limit of each address does not see that they
//! belong together. NIST SP 800-63B allows no more than 100 of them in a row.
//!
//! Whoever guesses must not keep the owner out by it. So an address from which an account was signed in to has the limit
//! of its address alone, and a sign-in lets the account forget what was guessed. That an account exists is not told:
//! one that nobody has is counted in the same way.

use std::collections::HashSet;
use std::mem;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::{
    auth::entropy::sha256,
    domain::{time::Timestamp, user::Email},
    http::plane::network,
    limit::{Limiter, Verdict},
};

/// Wrong passwords for an account, one after the other.
pub const MAX_WRONG_PASSWORDS: u32 = 100;
/// Seconds after which one more may be tried.
pub const WRONG_PASSWORD_SECONDS: u64 = 36;
/// Addresses of accounts that are remembered, twice: those that came lately, and those before them. At about 70 bytes each.
const MAX_KNOWN: usize = 16_384;

/// What an account is told apart by: the SHA-256 of its email address, folded.
type Account = [u8; 32];

/// The guesses at all accounts.
#[derive(Debug)]
pub struct Guesses {
    wrong: Limiter<Account>,
    known: Mutex<Known>,
}

/// From where accounts were signed in to. What was not used for the longest time is forgotten first, half of all at once.
#[derive(Debug, Default)]
struct Known {
    lately: HashSet<(Account, IpAddr)>,
    before: HashSet<(Account, IpAddr)>,
}

impl Known {
    fn add(&mut self, pair: (Account, IpAddr)) {
        if self.lately.len() >= MAX_KNOWN {
            self.before = mem::take(&mut self.lately);
        }
        self.lately.insert(pair);
    }

    fn has(&self, pair: &(Account, IpAddr)) -> bool {
        self.lately.contains(pair) || self.before.contains(pair)
    }
}

impl Guesses {
    /// So many wrong passwords for an account, and then one more in a while.
    pub fn limited() -> Self {
        let interval = Duration::from_secs(WRONG_PASSWORD_SECONDS);
        Self { wrong: Limiter::refilled(MAX_WRONG_PASSWORDS, interval), known: Mutex::default() }
    }

    /// As many as anybody likes.
    pub fn unlimited() -> Self {
        Self { wrong: Limiter::per_minute(0), known: Mutex::default() }
    }

    /// Counts an attempt to sign in, before the password is looked at: it is wrong until [`Self::right`] says otherwise.
    pub fn attempt(&self, email: &Email, address: Option<IpAddr>, now: Timestamp) -> Verdict {
        let account = account(email);
        let known = |address| self.lock(|known| known.has(&(account, network(address))));
        if address.is_some_and(known) {
            return Verdict::Allowed;
        }
        self.wrong.check(&account, now.millis()).map_or(Verdict::Allowed, |decision| decision.verdict)
    }

    /// The password was right.
    pub fn right(&self, email: &Email, address: Option<IpAddr>) {
        let account = account(email);
        self.wrong.forget(&account);
        if let Some(address) = address {
            self.lock(|known| known.add((account, network(address))));
        }
    }

    /// Forgets accounts at which nobody has guessed for a while.
    pub fn sweep(&self, now: Timestamp) {
        self.wrong.sweep(now.millis());
    }

    fn lock<T>(&self, work: impl FnOnce(&mut Known) -> T) -> T {
        // Whatever a panic left there is a set of addresses.
        work(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn account(email: &Email) -> Account {
    sha256(&[email.folded().as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn email(text: &str) -> Email {
        Email::parse(text).expect("an address")
    }

    fn guess_all(guesses: &Guesses, email: &Email) {
        for number in 0..MAX_WRONG_PASSWORDS {
            let address = Some(address(u8::try_from(number).expect("a byte")));
            assert_eq!(guesses.attempt(email, address, START), Verdict::Allowed);
        }
    }

    #[test]
    fn after_so_many_there_is_one_more_in_a_while() {
        let (guesses, ada) = (Guesses::limited(), email("ada@example.com"));
        guess_all(&guesses, &ada);
        let denied = Verdict::Denied { retry_after_seconds: WRONG_PASSWORD_SECONDS };
        assert_eq!(guesses.attempt(&email("Ada@Example.com"), Some(address(200)), START), denied);
        assert_eq!(guesses.attempt(&email("grace@example.com"), Some(address(200)), START), Verdict::Allowed);
        let later = START.plus_seconds(i64::try_from(WRONG_PASSWORD_SECONDS).expect("seconds"));
        assert_eq!(guesses.attempt(&ada, Some(address(200)), later), Verdict::Allowed);
        assert_eq!(guesses.attempt(&ada, Some(address(201)), later), denied);
    }

    #[test]
    fn who_was_there_before_is_not_kept_out() {
        let (guesses, ada) = (Guesses::limited(), email("ada@example.com"));
        guesses.right(&ada, Some(address(250)));
        guess_all(&guesses, &ada);
        assert_ne!(guesses.attempt(&ada, Some(address(251)), START), Verdict::Allowed);
        assert_eq!(guesses.attempt(&ada, Some(address(250)), START), Verdict::Allowed);
        guesses.right(&ada, Some(address(250)));
        assert_eq!(guesses.attempt(&ada, Some(address(251)), START), Verdict::Allowed);
    }

    #[test]
    fn the_longest_unused_addresses_are_forgotten() {
        let mut known = Known::default();
        let pair = |number: u32| ([0; 32], IpAddr::from(number.to_be_bytes()));
        let most = u32::try_from(MAX_KNOWN).expect("a number");
        (0..3 * most).for_each(|number| known.add(pair(number)));
        assert!(!known.has(&pair(0)) && known.has(&pair(most)) && known.has(&pair(3 * most - 1)));
        assert!(known.lately.len() + known.before.len() <= 2 * MAX_KNOWN);
    }

    #[test]
    fn they_are_not_limited_where_signing_in_is_not() {
        let (guesses, ada) = (Guesses::unlimited(), email("ada@example.com"));
        guess_all(&guesses, &ada);
        assert_eq!(guesses.attempt(&ada, Some(address(1)), START), Verdict::Allowed);
    }
}
