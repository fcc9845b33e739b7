//! Replies of several lines.

use super::{Reply, ReplyCode};
use alloc::vec::Vec;
use bytes::Bytes;

impl Reply {
    /// A multi-line reply: the first line, lines between, the last line (RFC 959 §4.2).
    ///
    /// ```
    /// use bytes::BytesMut;
    /// use ftp_proto::reply::{Reply, ReplyCode};
    /// use ftp_proto::wire::Encode;
    ///
    /// let reply = Reply::multi(ReplyCode::SYSTEM_STATUS, "Features:", ["SIZE"], "End");
    /// let mut out = BytesMut::new();
    /// reply.encode(&mut out);
    /// assert_eq!(out, "211-Features:\r\n SIZE\r\n211 End\r\n");
    /// ```
    #[must_use]
    pub fn multi<L: Into<Bytes>>(
        code: ReplyCode,
        first: impl Into<Bytes>,
        between: impl IntoIterator<Item = L>,
        last: impl Into<Bytes>,
    ) -> Self {
        let mut lines = Vec::new();
        lines.push(first.into());
        lines.extend(between.into_iter().map(Into::into));
        lines.push(last.into());
        Self { code, lines }
    }
}
