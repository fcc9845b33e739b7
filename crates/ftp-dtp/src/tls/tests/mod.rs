//! TLS between two ends in memory.

mod binding;
mod ending;
mod pair;
mod truncation;
mod trust;
