//! A line cut into the fields that blanks separate.

/// As many fields as a line of any format has before the name, with room to spare for names of groups with blanks.
const MOST: usize = 20;

/// The first fields of a line.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    line: &'a [u8],
    fields: [&'a [u8]; MOST],
    /// Where each field ends in the line.
    ends: [usize; MOST],
    count: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn split(line: &'a [u8]) -> Self {
        let mut this = Self { line, fields: [b""; MOST], ends: [0; MOST], count: 0 };
        let mut at = 0;
        for (field, end) in this.fields.iter_mut().zip(&mut this.ends) {
            let rest = line.get(at..).unwrap_or_default();
            let Some(start) = rest.iter().position(|&octet| !is_blank(octet)) else { break };
            let rest = rest.get(start..).unwrap_or_default();
            let length = rest.iter().position(|&octet| is_blank(octet)).unwrap_or(rest.len());
            *field = rest.get(..length).unwrap_or_default();
            at += start + length;
            *end = at;
            this.count += 1;
        }
        this
    }

    pub(super) fn as_slice(&self) -> &[&'a [u8]] {
        self.fields.get(..self.count).unwrap_or_default()
    }

    /// The fields from the `nth` on.
    pub(super) fn from(&self, nth: usize) -> &[&'a [u8]] {
        self.as_slice().get(nth..).unwrap_or_default()
    }

    /// What follows the first `count` fields and one blank. More blanks belong to it.
    pub(super) fn after(&self, count: usize) -> Option<&'a [u8]> {
        let end = *self.ends.get(..self.count)?.get(count.checked_sub(1)?)?;
        self.line.get(end + 1..)
    }
}

pub(super) const fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}
