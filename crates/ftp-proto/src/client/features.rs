//! What FEAT says (RFC 2389 §3.2), read tolerantly.

use crate::reply::Reply;
use alloc::vec::Vec;
use bytes::Bytes;

/// The server's features, in its order. Labels are compared without regard to case; what is not known is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features {
    lines: Vec<Bytes>,
}

impl Features {
    /// Reads the reply to FEAT: the lines between the first and the last. A leading space, which the codec may have
    /// left, and trailing spaces and full stops are not part of a feature.
    #[must_use]
    pub fn from_reply(reply: &Reply) -> Self {
        let inner = match &reply.lines[..] {
            [_, inner @ .., _] => inner,
            _ => &[],
        };
        Self { lines: inner.iter().map(trim).filter(|line| !line.is_empty()).collect() }
    }

    /// Whether the label is listed.
    #[must_use]
    pub fn has(&self, label: &str) -> bool {
        self.parameters(label).is_some()
    }

    /// Whether the server knows MLSD and MLST: one label stands for both (RFC 3659 §7.8).
    #[must_use]
    pub fn has_mlsd(&self) -> bool {
        self.has("MLST")
    }

    /// What follows the label on its line; empty when nothing does. `None` when the label is not listed.
    #[must_use]
    pub fn parameters(&self, label: &str) -> Option<&[u8]> {
        self.lines.iter().find_map(|line| {
            let (head, rest) = line.split_at_checked(label.len())?;
            let ends = rest.first().is_none_or(|&octet| octet == b' ');
            (ends && head.eq_ignore_ascii_case(label.as_bytes())).then(|| rest.trim_ascii_start())
        })
    }

    /// Every feature line, without the space before it.
    #[must_use]
    pub fn lines(&self) -> &[Bytes] {
        &self.lines
    }
}

fn trim(line: &Bytes) -> Bytes {
    let text = line.trim_ascii();
    line.slice_ref(text.strip_suffix(b".").unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::ReplyCode;

    fn features(lines: &[&'static str]) -> Features {
        let lines = lines.iter().map(|&line| Bytes::from_static(line.as_bytes())).collect();
        Features::from_reply(&Reply { code: ReplyCode::SYSTEM_STATUS, lines })
    }

    #[test]
    fn rfc2389_6_labels_are_found_in_any_case_unknown_lines_are_kept_in_order() {
        let features = features(&[
            "Features:",
            " mdtm",
            " X-NEW a=b",
            "REST stream",
            " MLST type*;size*;",
            " UTF8.",
            "End",
        ]);
        assert!(features.has("MDTM") && features.has("x-new") && features.has("utf8"));
        assert!(features.has_mlsd());
        assert_eq!(features.parameters("REST"), Some(&b"stream"[..]));
        assert_eq!(features.parameters("MLST"), Some(&b"type*;size*;"[..]));
        assert!(!features.has("X") && !features.has("MD") && !features.has("End"));
        assert_eq!(features.lines().len(), 5);
    }

    #[test]
    fn rfc2389_2_no_features_is_one_line() {
        assert_eq!(features(&["No features"]), Features::default());
    }
}
