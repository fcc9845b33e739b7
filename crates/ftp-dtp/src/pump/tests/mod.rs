//! The pump against streams and storage that misbehave in every way.

mod any_pattern;
mod encodings;
mod fake;
mod loopback;
mod receive;
mod send;
mod stop;
