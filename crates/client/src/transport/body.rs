//! Reading an answer, up to a cap.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;

use crate::error::BadResponse;

/// All of `body`, which is not copied where it comes in one piece.
pub(super) async fn read<B: Body<Data = Bytes> + Unpin>(body: &mut B, most: usize) -> Result<Bytes, BadResponse> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > most {
        return Err(BadResponse::TooLarge);
    }
    let Some(first) = piece(body).await? else { return Ok(Bytes::new()) };
    if first.len() <= most && body.is_end_stream() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(announced.max(first.len()));
    let mut next = Some(first);
    while let Some(piece) = next {
        if whole.len() + piece.len() > most {
            return Err(BadResponse::TooLarge);
        }
        whole.extend_from_slice(&piece);
        next = self::piece(body).await?;
    }
    Ok(whole.freeze())
}

/// The next bytes, or `None` at the end.
async fn piece<B: Body<Data = Bytes> + Unpin>(body: &mut B) -> Result<Option<Bytes>, BadResponse> {
    while let Some(frame) = body.frame().await {
        // What is no data is trailers.
        if let Ok(data) = frame.map_err(|_| BadResponse::Truncated)?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}
