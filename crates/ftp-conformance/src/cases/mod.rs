//! The cases, by the document that asks for them.

mod bad_input;
mod drafts;
mod encodings;
mod rfc1123;
mod rfc2389;
mod rfc2428;
mod rfc2577;
mod rfc2640;
mod rfc3659;
mod rfc4217;
mod rfc7151;
mod rfc959;
mod security;
mod walk;

use crate::case::Case;

/// Every case for servers, in the order of the checklist.
pub fn all() -> impl Iterator<Item = &'static Case> {
    [
        rfc959::CASES,
        walk::CASES,
        rfc1123::CASES,
        rfc2389::CASES,
        rfc2428::CASES,
        rfc2577::CASES,
        rfc2640::CASES,
        rfc3659::CASES,
        rfc4217::CASES,
        rfc7151::CASES,
        encodings::CASES,
        drafts::CASES,
        security::CASES,
        bad_input::CASES,
    ]
    .into_iter()
    .flatten()
}
