//! The data-link machine.
