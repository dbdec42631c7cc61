//! How a receiver knows that a webhook comes from here: two signatures of the same body with the same secret
//! (contract B5). One is as simple as can be, and its key is the secret's text as it was shown. The other one is that of
//! the Standard Webhooks specification, for which there are libraries: its key is the bytes that the text stands for,
//! and it also covers the event's identifier and the moment, so that nobody can send an old body again for ever.

use std::fmt;

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::{hex, time::Timestamp};

/// What the text of such a secret begins with.
pub const PREFIX: &str = "whsec_";

/// The version of the scheme that the specification signs with.
const STANDARD_VERSION: &str = "v1";

/// Signs what is sent to one receiver. Prints as `***`.
pub struct WebhookKey {
    /// The secret's text.
    shown: hmac::Key,
    /// What it stands for.
    decoded: hmac::Key,
}

impl WebhookKey {
    /// The key of a secret like `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`; `None` for any other text.
    pub fn of(secret: &str) -> Option<Self> {
        let decoded = STANDARD.decode(secret.strip_prefix(PREFIX)?).ok()?;
        let key = |bytes: &[u8]| hmac::Key::new(HMAC_SHA256, bytes);
        (!decoded.is_empty()).then(|| Self { shown: key(secret.as_bytes()), decoded: key(&decoded) })
    }

    /// The value of `X-PhaseFlag-Signature`: the digest of the body in hexadecimal digits.
    pub fn simple(&self, body: &[u8]) -> String {
        hex::write(hmac::sign(&self.shown, body).as_ref())
    }

    /// The value of `webhook-signature`, beside a `webhook-id` and a `webhook-timestamp` that are `id` and `at`.
    pub fn standard(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let mut signing = hmac::Context::with_key(&self.decoded);
        signing.update(format!("{id}.{}.", at.seconds()).as_bytes());
        signing.update(body);
        format!("{STANDARD_VERSION},{}", STANDARD.encode(signing.sign()))
    }
}

impl fmt::Debug for WebhookKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    #[test]
    fn the_example_of_the_specification_is_signed_as_it_says() {
        let at = Timestamp::from_seconds(1_614_265_330);
        let signature = WebhookKey::of(SECRET).unwrap().standard("msg_p5jXN8AQM9LWM0D4loKWxJek", at, BODY);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        // Only whole seconds are sent.
        let later = WebhookKey::of(SECRET).unwrap().standard(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            Timestamp::from_millis(1_614_265_330_999),
            BODY,
        );
        assert_eq!(later, signature);
    }

    #[test]
    fn the_simple_one_is_keyed_with_the_text_as_shown() {
        // By `hmac` of Python.
        let expected = "80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c";
        let key = WebhookKey::of(SECRET).unwrap();
        assert_eq!(key.simple(BODY), expected);
        assert_eq!(format!("{key:?}"), "***");
    }

    #[test]
    fn what_is_no_secret_signs_nothing() {
        for text in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9", "whsec_\u{1f600}"] {
            assert!(WebhookKey::of(text).is_none(), "{text}");
        }
    }
}
