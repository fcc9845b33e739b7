//! `mirror`, `get -r` and `put -r`: make one tree like another.
//!
//! Both sides are read into a [`Tree`](tree::Directory), [`plan`] compares them without any I/O, and what it says is
//! carried out.

pub(crate) mod plan;
pub(crate) mod tree;
