//! Access tokens: JWT with HS256 and nothing else (contract A2). A token says who and in which session; it says
//! nothing about rights, which can change while it lives.

use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use super::secret::Secret;
use crate::domain::id::{SessionId, UserId};
use crate::domain::time::Timestamp;

/// The longest token that is looked at, in bytes. Ours have less than half of it.
pub const MAX_TOKEN_BYTES: usize = 1024;

/// What tells an access token from any other token that the same secret may sign one day.
const ACCESS: &str = "access";

/// What an access token states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Whose token it is.
    pub user: UserId,
    /// The session whose end is the token's end.
    pub session: SessionId,
    /// When it was issued. Tokens carry whole seconds; the rest is cut off.
    pub issued_at: Timestamp,
    /// The first moment at which it is no longer valid, in whole seconds as well.
    pub expires_at: Timestamp,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwtError {
    /// It is genuine, but its time is over.
    Expired,
    /// It is not a token of this server.
    Invalid,
}

/// Signs and verifies access tokens. Prints as `***`.
pub struct JwtKey {
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    sid: String,
    iat: i64,
    exp: i64,
    typ: String,
}

impl JwtKey {
    /// The key that signs with the secret itself, so that whoever shares the secret can verify our tokens.
    pub fn new(secret: &Secret) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // The library would read the system's clock and forgive 60 seconds; `verify` takes the moment as an
        // argument and forgives none.
        validation.validate_exp = false;
        validation.leeway = 0;
        // All claims are required by their type, not by the library's list.
        validation.required_spec_claims.clear();
        Self {
            signing: EncodingKey::from_secret(secret.expose()),
            verifying: DecodingKey::from_secret(secret.expose()),
            validation,
        }
    }

    /// The token that states `access`.
    pub fn issue(&self, access: &Access) -> String {
        let claims = Claims {
            sub: access.user.to_string(),
            sid: access.session.to_string(),
            iat: access.issued_at.seconds(),
            exp: access.expires_at.seconds(),
            typ: ACCESS.to_owned(),
        };
        // Neither writing five plain members nor an HMAC can fail. Should a library disagree, the empty token
        // opens nothing, and `self_test` has stopped the start before.
        encode(&Header::new(Algorithm::HS256), &claims, &self.signing).unwrap_or_default()
    }

    /// What a genuine token states, if it is still valid at `now`.
    ///
    /// # Errors
    /// [`JwtError::Expired`] from the very second of its expiry on, and only for genuine tokens;
    /// [`JwtError::Invalid`] for everything else.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Access, JwtError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(JwtError::Invalid);
        }
        let claims =
            decode::<Claims>(token, &self.verifying, &self.validation).map_err(|_| JwtError::Invalid)?.claims;
        let access = claims.parse().ok_or(JwtError::Invalid)?;
        if now < access.expires_at { Ok(access) } else { Err(JwtError::Expired) }
    }

    /// Issues and verifies one token. Run at every start: with a wrong set of features the library compiles and
    /// panics at its first use, which must not be the first login.
    pub fn self_test(&self) -> Result<(), JwtError> {
        let access = Access {
            user: UserId::from_bits(1),
            session: SessionId::from_bits(2),
            issued_at: Timestamp::from_seconds(0),
            expires_at: Timestamp::from_seconds(1),
        };
        let read = self.verify(&self.issue(&access), access.issued_at)?;
        if read == access { Ok(()) } else { Err(JwtError::Invalid) }
    }
}

impl Claims {
    fn parse(&self) -> Option<Access> {
        if self.typ != ACCESS {
            return None;
        }
        Some(Access {
            user: UserId::parse(&self.sub)?,
            session: SessionId::parse(&self.sid)?,
            issued_at: Timestamp::from_seconds(self.iat),
            expires_at: Timestamp::from_seconds(self.exp),
        })
    }
}

impl fmt::Debug for JwtKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

impl fmt::Display for JwtError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Expired => "the token has expired",
            Self::Invalid => "the token is not valid",
        })
    }
}

impl std::error::Error for JwtError {}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;

    const SECRET: [u8; 32] = [7; 32];
    const ISSUED: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn key(secret: [u8; 32]) -> JwtKey {
        JwtKey::new(&Secret::from_entropy(secret))
    }

    fn access() -> Access {
        Access {
            user: UserId::from_bits(5),
            session: SessionId::from_bits(6),
            issued_at: ISSUED,
            expires_at: ISSUED.plus_seconds(60),
        }
    }

    fn claims() -> Value {
        json!({
            "sub": access().user.to_string(), "sid": access().session.to_string(),
            "iat": ISSUED.seconds(), "exp": ISSUED.seconds() + 60, "typ": "access",
        })
    }

    fn signed(algorithm: Algorithm, claims: &Value) -> String {
        encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(&SECRET)).unwrap()
    }

    #[test]
    fn a_token_of_this_key_states_what_was_issued() {
        assert_eq!(key(SECRET).verify(&key(SECRET).issue(&access()), ISSUED), Ok(access()));
        assert_eq!(key(SECRET).verify(&signed(Algorithm::HS256, &claims()), ISSUED), Ok(access()));
        assert_eq!(key(SECRET).self_test(), Ok(()));
        assert!(key(SECRET).issue(&access()).len() * 2 < MAX_TOKEN_BYTES);
    }

    #[test]
    fn it_ends_at_the_millisecond_of_its_expiry() {
        let (key, token) = (key(SECRET), key(SECRET).issue(&access()));
        let end = access().expires_at.millis();
        assert_eq!(key.verify(&token, Timestamp::from_millis(end - 1)), Ok(access()));
        assert_eq!(key.verify(&token, Timestamp::from_millis(end)), Err(JwtError::Expired));
        assert_eq!(key.verify(&token, ISSUED.plus_seconds(10_000_000)), Err(JwtError::Expired));
    }

    #[test]
    fn another_secret_or_algorithm_is_invalid() {
        let key = key(SECRET);
        assert_eq!(key.verify(&self::key([8; 32]).issue(&access()), ISSUED), Err(JwtError::Invalid));
        for algorithm in [Algorithm::HS384, Algorithm::HS512] {
            assert_eq!(key.verify(&signed(algorithm, &claims()), ISSUED), Err(JwtError::Invalid));
        }
        // A forged token does not even learn that it would have expired.
        let forged = self::key([8; 32]).issue(&access());
        assert_eq!(key.verify(&forged, ISSUED.plus_seconds(10_000)), Err(JwtError::Invalid));
    }

    #[test]
    fn no_algorithm_at_all_is_invalid() {
        let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let body = encode(claims());
        let signature = key(SECRET).issue(&access()).rsplit('.').next().unwrap().to_owned();
        for name in ["none", "None", "NONE", ""] {
            let header = encode(json!({"typ": "JWT", "alg": name}));
            for token in [format!("{header}.{body}."), format!("{header}.{body}.{signature}")] {
                assert_eq!(key(SECRET).verify(&token, ISSUED), Err(JwtError::Invalid), "{token}");
            }
        }
    }

    #[test]
    fn a_missing_or_mistyped_claim_is_invalid() {
        for name in ["sub", "sid", "iat", "exp", "typ"] {
            for replacement in [None, Some(Value::Null), Some(json!("wrong")), Some(json!(1.5))] {
                let mut claims = claims();
                match replacement {
                    None => drop(claims.as_object_mut().unwrap().remove(name)),
                    Some(value) => claims[name] = value,
                }
                let token = signed(Algorithm::HS256, &claims);
                assert_eq!(key(SECRET).verify(&token, ISSUED), Err(JwtError::Invalid), "{claims}");
            }
        }
    }

    #[test]
    fn garbage_is_invalid() {
        let good = key(SECRET).issue(&access());
        let long = "x".repeat(MAX_TOKEN_BYTES + 1);
        let cut = &good[..good.len() - 1];
        for token in ["", ".", "..", "a.b.c", "sdk-dev-x", "\u{1f600}.\u{1f600}.\u{1f600}", &long, cut] {
            assert_eq!(key(SECRET).verify(token, ISSUED), Err(JwtError::Invalid), "{token}");
        }
        for token in [format!("{good} "), format!(" {good}"), format!("{good}="), format!("{good}.x")] {
            assert_eq!(key(SECRET).verify(&token, ISSUED), Err(JwtError::Invalid), "{token}");
        }
    }

    #[test]
    fn the_key_never_prints() {
        assert_eq!(format!("{:?}", key(SECRET)), "***");
    }
}
