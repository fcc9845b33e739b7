//! Every line of the checklist that there is, and how it is shown.
//!
//! A requirement on a server that can be seen from outside is a [`Case`](crate::case::Case), played in every world. One on
//! a client, or one that needs a real disk or process, is a test of the crate that it concerns. What does not apply says
//! why, and what is not built yet says with which issue it comes.

/// How a line of the checklist is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// By the case of the same id.
    Case,
    /// By tests whose name has this in it as whole words, in this file or folder (from the workspace's root).
    /// `cargo xtask conformance` runs them.
    Tests {
        /// What the tests' names have in them.
        named: &'static str,
        /// Where they are.
        under: &'static str,
    },
    /// Not at all: it does not apply.
    NotApplicable(&'static str),
}

/// A line of the checklist.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Its id.
    pub id: &'static str,
    /// How it is shown.
    pub shown: Shown,
}

const fn cased(id: &'static str) -> Row {
    Row { id, shown: Shown::Case }
}

const fn tested(id: &'static str, named: &'static str, under: &'static str) -> Row {
    Row { id, shown: Shown::Tests { named, under } }
}

const fn absent(id: &'static str, why: &'static str) -> Row {
    Row { id, shown: Shown::NotApplicable(why) }
}

const CORE: &str = "crates/ftp-proto";
const BACKEND: &str = "crates/ftp-backend";
const SERVER: &str = "crates/ftp-server";
const CLIENT: &str = "crates/ftp-client";

/// The checklist's sections 5.1 to 5.9, then security.
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    cased("959-01"), cased("959-02"), cased("959-03"),
    tested("959-04", "rfc959_04", CORE), tested("959-05", "rfc959_05", CORE),
    cased("959-06"), cased("959-07"), cased("959-08"),
    tested("959-09", "rfc959_09", CORE),
    cased("959-10"), cased("959-11"),
    cased("959-20"), cased("959-21"), cased("959-22"), cased("959-23"), cased("959-24"), cased("959-25"), cased("959-26"),
    cased("959-27"), cased("959-28"), cased("959-29"), cased("959-30"), cased("959-31"), cased("959-32"), cased("959-33"),
    cased("959-34"), cased("959-35"), cased("959-36"), cased("959-37"), cased("959-38"), cased("959-39"), cased("959-40"),
    cased("959-41"), cased("959-42"), cased("959-43"), cased("959-44"), cased("959-45"), cased("959-46"), cased("959-47"),
    cased("959-48"), cased("959-49"), cased("959-50"), cased("959-51"),
    cased("959-52"), cased("959-53"),
    tested("959-54", "rfc959_54", CORE),
    cased("959-x1"), cased("959-x2"), cased("959-x3"), cased("959-x4"),

    cased("1123-01"), cased("1123-02"),
    tested("1123-03", "rfc1123_03", CORE),
    cased("1123-04"), cased("1123-05"),
    tested("1123-06", "rfc1123_06", CORE),
    cased("1123-07"), cased("1123-08"), cased("1123-09"), cased("1123-10"), cased("1123-11"), cased("1123-12"),
    tested("1123-13", "rfc1123_13", CORE),
    tested("1123-14", "rfc1123_14", CORE), tested("1123-15", "rfc1123_15", CORE), tested("1123-16", "rfc1123_16", CORE),
    tested("1123-17", "rfc959_50", CORE), tested("1123-18", "rfc1123_18", CORE),
    cased("1123-19"), cased("1123-20"), cased("1123-21"), cased("1123-22"),
    cased("1123-23"), cased("1123-24"), cased("1123-25"),
    absent("1123-26", "optional commands: REIN STOU ALLO REST ABOR SITE are there and have rows of their own; SMNT is 959-25"),
    tested("1123-27", "rfc1123_27", CLIENT), tested("1123-28", "rfc1123_28", CLIENT),
    tested("1123-29", "rfc1123_29", CORE),
    tested("1123-30", "rfc1123_30", CLIENT),
    tested("1123-31", "rfc1123_31", CORE),

    cased("2389-1"),
    absent("2389-2", "there always are features"),
    cased("2389-3"), cased("2389-4"), cased("2389-5"),
    tested("2389-6", "rfc2389_6", CORE), tested("2389-7", "rfc2389_7", CORE),

    tested("2428-01", "rfc2428_01", CORE),
    cased("2428-02"), cased("2428-03"), cased("2428-04"), cased("2428-05"),
    tested("2428-06", "rfc2428_06", CORE),
    cased("2428-07"), cased("2428-08"),
    tested("2428-09", "rfc2428_09", CORE),
    cased("2428-10"),
    tested("2428-11", "rfc2428_11", CORE),
    tested("2428-12", "rfc2428_12", CORE),
    tested("2428-13", "rfc2428_13", CORE),
    cased("2428-x1"), cased("2428-x2"),

    cased("2577-1"), cased("2577-2"), cased("2577-3"), cased("2577-4"),
    tested("2577-5", "s41", SERVER),
    cased("2577-6"), cased("2577-7"), cased("2577-8"),
    tested("2577-9", "rfc2577_9", CORE),

    cased("2640-1"), cased("2640-2"), cased("2640-3"), cased("2640-4"),
    tested("2640-5", "rfc2640_5", CORE),
    cased("2640-6"), cased("2640-7"),
    tested("2640-8", "rfc2640_8", CORE),

    cased("3659-01"), cased("3659-02"), cased("3659-03"), cased("3659-04"), cased("3659-05"),
    tested("3659-06", "rfc3659_06", CLIENT),
    cased("3659-07"), cased("3659-08"), cased("3659-09"), cased("3659-10"), cased("3659-11"), cased("3659-12"),
    cased("3659-13"), cased("3659-14"), cased("3659-15"), cased("3659-16"), cased("3659-17"), cased("3659-18"),
    cased("3659-19"), cased("3659-20"), cased("3659-21"), cased("3659-22"), cased("3659-23"), cased("3659-24"),
    cased("3659-25"),

    cased("4217-01"),
    tested("4217-02", "rfc4217_02", CORE),
    cased("4217-03"), cased("4217-04"), cased("4217-05"), cased("4217-06"), cased("4217-07"), cased("4217-08"),
    cased("4217-09"), cased("4217-10"),
    tested("4217-11", "rfc4217_11", "crates"),
    cased("4217-12"), cased("4217-13"), cased("4217-14"), cased("4217-15"), cased("4217-16"), cased("4217-17"),

    cased("7151-1"), cased("7151-2"), cased("7151-3"),
    tested("7151-4", "rfc7151_4", CORE),
    cased("7151-5"),
    tested("7151-6", "rfc7151_6", CORE),
    cased("7151-7"),
    tested("7151-8", "rfc7151_8", CORE),
    cased("7151-9"),
    cased("mfxx-1"), cased("mfxx-2"), cased("1579-1"),
    tested("1639", "rfc1639", CORE),
    cased("5797"),
    cased("mode-z"), cased("hash"), cased("rang"), cased("x-digests"), cased("avbl"), cased("clnt"), cased("site"),

    cased("S1"),
    tested("S2", "s2_", BACKEND), tested("S3", "s3_", BACKEND), tested("S4", "s4_", BACKEND),
    cased("S5"), cased("S6"), cased("S7"),
    tested("S8", "s8_", SERVER),
    cased("S9"),
    cased("S10"), cased("S11"),
    tested("S12", "s12", CORE), cased("S13"), tested("S14", "s14", "crates/ftp-dtp"), tested("S15", "s15", "crates/ftp-dtp"),
    cased("S16"),
    tested("S17", "s17", CORE), tested("S18", "s18_", BACKEND), tested("S19", "s19_", BACKEND),
    cased("S20"), cased("S21"), cased("S22"), cased("S23"), cased("S24"), cased("S25"), cased("S26"),
    tested("S27", "s27_", BACKEND),
    cased("S28"),
    tested("S29", "s29_", SERVER),
    tested("S30", "s30_", SERVER), tested("S31", "s31_", SERVER), tested("S32", "s32_", SERVER),
    tested("S33", "s33_", CORE),
    cased("S34"),
    tested("S35", "s35_", SERVER),
    tested("S36", "s36_", SERVER),
    tested("S37", "s37_", "crates"),
    tested("S38", "s38_", SERVER), tested("S39", "s39_", SERVER), tested("S40", "s40_", SERVER),
    tested("S41", "s41_", SERVER),
    tested("S42", "s42_", SERVER),
    cased("S43"),
    cased("bad-1"), cased("bad-2"), cased("bad-3"), cased("bad-4"), cased("bad-5"), cased("bad-6"), cased("bad-7"),
    cased("bad-8"),
    tested("C1", "c1_", CLIENT), tested("C2", "c2_", CLIENT), tested("C3", "c3_", CORE), tested("C4", "c4_", CORE),
    tested("C5", "c5_", CORE), tested("C6", "c6_", CLIENT),
    tested("C7", "c7_", "crates"),
    tested("C8", "c8", "crates"), tested("C9", "c9", CORE), tested("C10", "c10", CORE), tested("C11", "c11", "crates/ftp-dtp"),
    tested("C12", "c12_", "crates"), tested("C13", "c13_", CLIENT), tested("C14", "c14_", "crates"),
];

#[cfg(test)]
mod tests {
    use super::{ROWS, Shown};
    use crate::cases;
    use std::collections::BTreeSet;

    #[test]
    fn every_case_has_a_row_and_every_row_its_case() {
        let cases: BTreeSet<_> = cases::all().map(|case| case.id).collect();
        let rows: BTreeSet<_> = ROWS.iter().map(|row| row.id).collect();
        assert_eq!(cases.len(), cases::all().count(), "an id stands twice");
        assert_eq!(rows.len(), ROWS.len(), "a row stands twice");
        let shown: BTreeSet<_> =
            ROWS.iter().filter(|row| row.shown == Shown::Case).map(|row| row.id).collect();
        assert_eq!(cases, shown);
    }
}
