//! Listings for people: LIST and NLST, written in the form of `ls -l` and read in the forms that servers use.
//!
//! RFC 959 says nothing about what LIST's lines are like. [`ListingReader`] tells the format from the lines themselves.
//! A new format is a file with a function from a line to an entry, a row in the table of `format`, and a listing for its
//! tests.

mod clock;
mod date;
mod dos;
mod eplf;
mod fields;
mod format;
mod months;
mod mvs_dataset;
mod mvs_member;
mod netware;
mod os2;
mod os400;
mod reader;
mod unix;
mod vms;
mod write;
mod zvm;

pub use clock::ListingClock;
pub use format::{LineFormat, parse_line};
pub use reader::{ListingError, ListingFormat, ListingLimits, ListingReader};
pub use write::{write_name, write_unix, write_unix_entry};
