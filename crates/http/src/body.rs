//! The body of a request of `/v4`.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use futures::StreamExt as _;
use hansard_types::limits::REQUEST_BODY_BYTES_MAX;
use hansard_v4::BodyBroken;
use tokio::time::timeout;

/// How long a body may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(30);
/// How much of a body that is not wanted is read, so that the caller gets to see the answer.
const DRAINED_BYTES_MAX: usize = 16 * REQUEST_BODY_BYTES_MAX;

/// A body, and how long it says that it is.
pub(crate) struct Incoming {
    body: Body,
    announced: Option<usize>,
}

impl Incoming {
    pub(crate) fn new(headers: &HeaderMap, body: Body) -> Self {
        let announced = headers.get(CONTENT_LENGTH);
        Self {
            body,
            announced: announced.and_then(|value| value.to_str().ok()?.parse().ok()),
        }
    }
}

impl hansard_v4::Body for Incoming {
    async fn read(self) -> Result<Bytes, BodyBroken> {
        if self
            .announced
            .is_some_and(|bytes| bytes > REQUEST_BODY_BYTES_MAX)
        {
            self.drain().await;
            return Err(BodyBroken::TooLarge);
        }
        let Self { body, announced } = self;
        match timeout(BODY_WITHIN, to_bytes(body, REQUEST_BODY_BYTES_MAX)).await {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(_)) if announced.is_none() => Err(BodyBroken::TooLarge),
            Ok(Err(_)) => Err(BodyBroken::BrokeOff),
            Err(_elapsed) => Err(BodyBroken::TooSlow),
        }
    }

    /// Reads up to a limit: a connection that is closed with data under way is reset, and the
    /// caller never sees the answer.
    async fn drain(self) {
        let mut frames = self.body.into_data_stream();
        let mut left = DRAINED_BYTES_MAX;
        let reading = async {
            while let Some(Ok(frame)) = frames.next().await {
                left = left.saturating_sub(frame.len());
                if left == 0 {
                    break;
                }
            }
        };
        if timeout(BODY_WITHIN, reading).await.is_err() {
            tracing::debug!("a refused request's body took too long");
        }
    }
}
