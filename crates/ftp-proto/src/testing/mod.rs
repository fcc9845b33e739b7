//! The bodies of fuzz targets and property tests: what must hold for every input. They panic when it does not.
//!
//! A fuzz target only calls one of these, and so does a property test; what is found by the one is a case for the
//! other.

mod address;
mod alg;
mod books;
mod client;
mod command;
mod line;
mod listings;
mod reply;
mod server;
mod transforms;

pub use address::{addresses, passive_address, target_address};
pub use alg::{inspection, inspection_in_chunks};
pub use client::client_session;
pub use command::{command_line, command_round_trip};
pub use line::{line_framing, line_framing_in_chunks};
pub use listings::{listing, listing_in_chunks, listing_line, pattern};
pub use reply::{pathname_in_reply, reply_decoding, reply_decoding_in_chunks, reply_round_trip};
pub use server::server_session;
pub use transforms::{ascii, ascii_in_chunks, framing, framing_in_chunks};

/// Splits what a fuzzer gives into a plan for cutting and the octets to be cut: the first octet says how many of the
/// following are lengths.
fn split_plan(data: &[u8]) -> (&[u8], &[u8]) {
    let Some((&count, rest)) = data.split_first() else { return (&[], &[]) };
    rest.split_at(usize::from(count % 16).min(rest.len()))
}

/// Cuts `octets` into chunks of the planned lengths, over and over; a length of 0 counts as 256.
fn chunks<'a>(plan: &'a [u8], octets: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + Clone {
    let mut lengths = plan.iter().map(|&length| if length == 0 { 256 } else { usize::from(length) }).cycle();
    let mut rest = octets;
    core::iter::from_fn(move || {
        let length = lengths.next().unwrap_or(octets.len()).min(rest.len());
        let (chunk, after) = rest.split_at(length);
        rest = after;
        (!chunk.is_empty()).then_some(chunk)
    })
}
