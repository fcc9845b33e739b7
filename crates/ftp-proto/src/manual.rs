//! The protocol as this crate runs it: tables made from the code, and what they do not say.
//!
//! The tables are written by `cargo xtask codegen` from the functions that run, or by asking the machine itself in every
//! state; continuous integration checks that they are current. So what stands here is what happens.

pub mod access {
    //! Who is logged in: USER, PASS, ACCT, REIN, HOST (RFC 959 §5.4, RFC 7151).
    //!
    //! Each cell tells the replies to a line in a stage of the login, and the stage after it. The application asks the user
    //! `needs-account` for an account instead of a password, and lets everybody in.
    //!
    #![doc = include_str!("manual/access.md")]
    //!
    //! A refused login waits by timer, never by sleeping, and is the same for an unknown name and a wrong password (RFC 2577
    //! §5 and §6).
}

pub mod security {
    //! TLS on the control connection: AUTH, PBSZ, PROT, CCC (RFC 2228, RFC 4217).
    //!
    //! Each cell tells the replies to an input in a state, and what the driver is told to do. In `Offered` the 234 is queued and
    //! not yet written; in `Handshaking` TLS is being agreed on, and what is sent in the clear is nobody's command; in
    //! `Clearing` TLS is being ended.
    //!
    #![doc = include_str!("manual/security.md")]
    //!
    //! "nothing" for a line is the point of it: what arrived in the clear behind AUTH does not act, neither at once nor after
    //! the handshake. That is how commands have been injected into other servers (CVE-2011-0411).
}

pub mod link {
    //! The data connection: one machine for both sides, from [`LinkState::next`](crate::data::link::LinkState::next).
    //!
    //! Which side listens is known in one place, [`DataMode::opening`](crate::data::DataMode::opening). A dash is an input
    //! that does not fit the state and changes nothing: an event that came too late.
    //!
    #![doc = include_str!("manual/link.md")]
    //!
    //! What each state and input is, is told at [`LinkState`](crate::data::link::LinkState) and
    //! [`LinkInput`](crate::data::link::LinkInput).
}

pub mod transfer {
    //! RETR and its kin: from the question to the final reply (RFC 959 §5.4).
    //!
    //! The rows are the phases of RETR in passive mode: the application was asked to open the file (`Asked`); 150 was said and
    //! the data connection is waited for (`Announced`); octets move (`Moving`); storage settles (`Settling`). A dash is a step
    //! that nobody can take there.
    //!
    #![doc = include_str!("manual/transfer.md")]
}

pub mod abort {
    //! What cuts into a transfer: ABOR, QUIT, STAT (RFC 959 §4.1.3, RFC 1123 §4.1.3).
    //!
    //! The rows are the phases of [`transfer`](super::transfer). Each cell tells the replies, the last of them once the driver
    //! and storage have done their part.
    //!
    #![doc = include_str!("manual/abort.md")]
}

pub mod commands {
    //! Every command, from the table that parsing, HELP and FEAT are made of:
    //! [`SPECS`](crate::command::SPECS).
    //!
    #![doc = include_str!("manual/commands.md")]
}
