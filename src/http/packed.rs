//! Bodies that go to many clients: compressed once for each coding, by the first who asks for it, and kept. The
//! compression of answers finds such a body beside the answer and does not compress it again.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use poem::Response;
use poem::http::{HeaderValue, header};
use tokio::sync::OnceCell;

use crate::http::coding::Coding;

/// The largest body that is compressed where it stands, in bytes: well under a millisecond. A larger one is given to
/// a thread for blocking work.
pub(super) const MAX_INLINE: usize = 16 * 1024;

/// A body, and what it is in each coding. A copy of it shares both.
#[derive(Clone, Debug)]
pub struct Packed(Arc<Forms>);

#[derive(Debug)]
struct Forms {
    plain: Bytes,
    coded: [OnceCell<Bytes>; Coding::ALL.len()],
}

impl Packed {
    /// A body that is in no coding yet.
    pub fn new(plain: Bytes) -> Self {
        Self(Arc::new(Forms { plain, coded: Default::default() }))
    }

    /// As it is without a coding.
    pub fn plain(&self) -> &Bytes {
        &self.0.plain
    }

    /// An answer with this body.
    pub fn answer(&self, content_type: HeaderValue) -> Response {
        let mut response =
            Response::builder().header(header::CONTENT_TYPE, content_type).body(self.0.plain.clone());
        response.extensions_mut().insert(self.clone());
        response
    }

    /// As it is in this coding. Who asks while it is being packed waits for that.
    pub async fn coded(&self, coding: Coding) -> io::Result<Bytes> {
        let cell = &self.0.coded[coding as usize];
        cell.get_or_try_init(|| pack(coding, self.0.plain.clone())).await.cloned()
    }
}

/// Compresses bytes.
pub async fn pack(coding: Coding, bytes: Bytes) -> io::Result<Bytes> {
    let packed = if bytes.len() <= MAX_INLINE {
        coding.encode(&bytes)?
    } else {
        tokio::task::spawn_blocking(move || coding.encode(&bytes)).await??
    };
    Ok(packed.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_form_is_made_once() {
        let packed = Packed::new(Bytes::from(vec![b'a'; MAX_INLINE + 1]));
        for coding in Coding::ALL {
            let (first, second) = tokio::join!(packed.coded(coding), packed.coded(coding));
            let (first, second) = (first.unwrap(), second.unwrap());
            assert!(first.as_ptr() == second.as_ptr(), "{coding:?}");
            assert_eq!(first, pack(coding, packed.plain().clone()).await.unwrap());
        }
    }
}
