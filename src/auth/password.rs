//! Passwords: argon2id, away from the threads that answer requests, and never more of it at once than the machine
//! can bear.
//!
//! One hash costs about 20 ms and 19 MiB. Inline it would stall every other request on its thread; unbounded, a
//! hundred logins would take 2 GiB. So one runs at a time and a short queue waits; whoever finds the queue full is
//! told so at once.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use super::api_key::{ENTROPY_BYTES, base62};

/// The fewest characters of a password (contract A4).
pub const MIN_PASSWORD_CHARS: usize = 8;
/// The most characters of a password (contract A4).
pub const MAX_PASSWORD_CHARS: usize = 128;
/// Characters of a password that was generated: 119 bits that nobody can foresee.
const GENERATED_CHARS: usize = 20;
/// Bytes of salt in a hash.
pub const SALT_BYTES: usize = 16;
/// Hashes computed at the same time.
pub const MAX_RUNNING_HASHES: usize = 1;
/// Hashes computed or waiting; at about 20 ms each, the last one waits little more than a second.
pub const MAX_PENDING_HASHES: usize = 64;

/// Blocks of 1 KiB that a computation reserves; it touches only those that it needs. glibc keeps memory that was
/// freed, for each of a dozen groups of threads, and a few logins would fill it all. What is larger than 32 MiB it
/// always gives back to the system.
const RESERVED_BLOCKS: usize = 33 * 1024;

/// The hash of no password: the same parameters as a real one, and an output that nobody knows an input for.
const ABSENT: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A password of an allowed length. Prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// A password with fewer than [`MIN_PASSWORD_CHARS`] or more than [`MAX_PASSWORD_CHARS`] characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordLength;

/// What comparing a password with a hash gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password of this hash.
    Match,
    /// It is another one.
    Mismatch,
}

/// Why a password could be neither hashed nor compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashError {
    /// [`MAX_PENDING_HASHES`] are under way: try again in a moment.
    Busy,
    /// The stored hash does not parse, or the computation failed.
    Broken,
}

/// How much work a guess of a password shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// What the recommendations say: about 20 ms.
    Full,
    /// As little as there is: for servers whose passwords guard nothing.
    Throwaway,
}

/// Hashes and compares passwords, a bounded number at a time. Needs a tokio runtime around it.
#[derive(Debug)]
pub struct Hasher {
    strength: Strength,
    pending: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

/// The right to compute. It travels into the computation, so that a client which hangs up frees its place only
/// when the work on its behalf is over.
struct Turn {
    _pending: OwnedSemaphorePermit,
    _running: OwnedSemaphorePermit,
}

/// A password for somebody who is told it once, from fresh entropy.
#[must_use]
pub fn generated(entropy: [u8; ENTROPY_BYTES]) -> String {
    let mut text = base62(entropy);
    text.truncate(GENERATED_CHARS);
    text
}

impl Password {
    /// Takes a password of [`MIN_PASSWORD_CHARS`] to [`MAX_PASSWORD_CHARS`] characters (Unicode code points).
    pub fn parse(text: impl Into<String>) -> Result<Self, PasswordLength> {
        let text = text.into();
        let allowed = MIN_PASSWORD_CHARS..=MAX_PASSWORD_CHARS;
        if allowed.contains(&text.chars().count()) { Ok(Self(text)) } else { Err(PasswordLength) }
    }
}

impl Hasher {
    /// A hasher with nothing to do.
    pub fn new(strength: Strength) -> Self {
        Self {
            strength,
            pending: Arc::new(Semaphore::new(MAX_PENDING_HASHES)),
            running: Arc::new(Semaphore::new(MAX_RUNNING_HASHES)),
        }
    }

    /// The hash to store, in the PHC text form, which names its own parameters. `salt` is fresh entropy.
    pub async fn hash(&self, password: Password, salt: [u8; SALT_BYTES]) -> Result<String, HashError> {
        let strength = self.strength;
        self.run(move || hashed(&password, &salt, strength)).await
    }

    /// Compares a password with a stored hash.
    pub async fn verify(&self, password: Password, phc: String) -> Result<Verdict, HashError> {
        self.run(move || compare(&password, &phc)).await
    }

    /// Costs what [`Self::verify`] costs, for the login of an unknown email: the duration must not tell whether the
    /// email exists (contract A4).
    pub async fn verify_absent(&self, password: Password) -> Result<(), HashError> {
        self.run(move || compare(&password, ABSENT)).await.map(|_never_a_match| ())
    }

    async fn run<T, F>(&self, work: F) -> Result<T, HashError>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, HashError> + Send + 'static,
    {
        let turn = self.turn().await?;
        let computation = spawn_blocking(move || {
            let _held_to_the_end = turn;
            work()
        });
        computation.await.unwrap_or(Err(HashError::Broken))
    }

    async fn turn(&self) -> Result<Turn, HashError> {
        let pending = Arc::clone(&self.pending).try_acquire_owned().map_err(|_| HashError::Busy)?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| HashError::Broken)?;
        Ok(Turn { _pending: pending, _running: running })
    }
}

fn hashed(password: &Password, salt: &[u8], strength: Strength) -> Result<String, HashError> {
    let (algorithm, version) = (Algorithm::default(), Version::default());
    let params = match strength {
        Strength::Full => Params::default(),
        Strength::Throwaway => Params::new(Params::MIN_M_COST, Params::MIN_T_COST, Params::MIN_P_COST, None)
            .map_err(|_| HashError::Broken)?,
    };
    let hash = PasswordHash {
        algorithm: algorithm.ident(),
        version: Some(version.into()),
        params: ParamsString::try_from(&params)?,
        salt: Some(Salt::new(salt).map_err(|_| HashError::Broken)?),
        hash: Some(computed(password, salt, &Argon2::new(algorithm, version, params))?),
    };
    Ok(hash.to_string())
}

fn compare(password: &Password, phc: &str) -> Result<Verdict, HashError> {
    let hash = PasswordHash::new(phc).map_err(|_| HashError::Broken)?;
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return Err(HashError::Broken) };
    let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
    let version =
        hash.version.map_or(Ok(Version::default()), Version::try_from).map_err(|_| HashError::Broken)?;
    let argon = Argon2::new(algorithm, version, Params::try_from(&hash)?);
    // The comparison takes the same time wherever the two differ.
    let matches = computed(password, salt, &argon)? == *expected;
    Ok(if matches { Verdict::Match } else { Verdict::Mismatch })
}

fn computed(password: &Password, salt: &[u8], argon: &Argon2<'_>) -> Result<Output, HashError> {
    let blocks = argon.params().block_count();
    let mut memory = Vec::with_capacity(blocks.max(RESERVED_BLOCKS));
    memory.resize(blocks, Block::new());
    let mut bytes = [0; Output::MAX_LENGTH];
    let length = argon.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let output = bytes.get_mut(..length).ok_or(HashError::Broken)?;
    argon
        .hash_password_into_with_memory(password.0.as_bytes(), salt, output, &mut memory)
        .map_err(|_| HashError::Broken)?;
    Output::new(output).map_err(|_| HashError::Broken)
}

impl Password {
    /// The password itself, for whom it was made up.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

impl fmt::Display for PasswordLength {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "must have {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters")
    }
}

impl std::error::Error for PasswordLength {}

impl fmt::Display for HashError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Busy => "too many passwords are being checked",
            Self::Broken => "the password could not be checked",
        })
    }
}

impl std::error::Error for HashError {}

impl From<argon2::password_hash::Error> for HashError {
    fn from(_: argon2::password_hash::Error) -> Self {
        Self::Broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::parse(text).unwrap()
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert_eq!(Password::parse("1234567"), Err(PasswordLength));
        assert!(Password::parse("12345678").is_ok());
        assert!(Password::parse("é".repeat(128)).is_ok());
        assert_eq!(Password::parse("é".repeat(129)), Err(PasswordLength));
        assert_eq!(format!("{:?}", password("12345678")), "***");
    }

    #[tokio::test]
    async fn only_the_password_itself_matches() {
        let hasher = Hasher::new(Strength::Full);
        let phc = hasher.hash(password("correct horse"), [1; SALT_BYTES]).await.unwrap();
        assert_eq!(hasher.verify(password("correct horse"), phc.clone()).await, Ok(Verdict::Match));
        assert_eq!(hasher.verify(password("correct horsf"), phc.clone()).await, Ok(Verdict::Mismatch));
        let salted = hasher.hash(password("correct horse"), [2; SALT_BYTES]).await.unwrap();
        assert_ne!(salted, phc);
    }

    #[tokio::test]
    async fn an_absent_password_is_compared_at_the_price_of_a_real_one() {
        let hasher = Hasher::new(Strength::Full);
        let phc = hasher.hash(password("correct horse"), [1; SALT_BYTES]).await.unwrap();
        // Everything that sets the price stands before the salt; salt and output have the usual lengths.
        let price = |phc: &str| phc.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(price(ABSENT), price(&phc));
        assert_eq!(ABSENT.len(), phc.len());
        assert_eq!(compare(&password("correct horse"), ABSENT), Ok(Verdict::Mismatch));
        assert_eq!(hasher.verify_absent(password("correct horse")).await, Ok(()));
    }

    #[tokio::test]
    async fn a_damaged_hash_is_no_mismatch() {
        let hasher = Hasher::new(Strength::Full);
        for phc in ["", "plain", "$argon2id$v=19$m=19456,t=2,p=1$AAAA", "$md5$v=1$AAAAAAAA$AAAAAAAAAAAAAAAA"]
        {
            let verdict = hasher.verify(password("correct horse"), phc.to_owned()).await;
            assert_eq!(verdict, Err(HashError::Broken), "{phc}");
        }
    }

    #[tokio::test]
    async fn a_full_queue_is_busy_until_a_place_is_free() {
        let hasher = Hasher::new(Strength::Full);
        let first = hasher.turn().await.unwrap();
        let mut places: Vec<_> = (1..MAX_PENDING_HASHES)
            .map(|_| Arc::clone(&hasher.pending).try_acquire_owned().unwrap())
            .collect();
        let busy = hasher.hash(password("correct horse"), [1; SALT_BYTES]).await;
        assert_eq!(busy, Err(HashError::Busy));
        drop(first);
        places.pop();
        assert_eq!(hasher.verify_absent(password("correct horse")).await, Ok(()));
    }
}
