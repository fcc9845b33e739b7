//! Letters and numbers: TYPE, STRU, MODE, REST, ALLO, EPSV, PBSZ, PROT.

use super::Parsed;
use super::field::{letter, malformed, words};
use crate::address::decimal;
use crate::command::{Command, CommandError, EpsvArgument, ProtectionLevel};
use crate::params::{DataType, FormControl, Structure, TransferMode};

const fn not_supported<T>(what: &'static str) -> Parsed<T> {
    Err(CommandError::NotSupported { what })
}

/// TYPE (RFC 959 §3.1.1, §5.3.2).
pub(super) fn data_type(given: &[u8]) -> Parsed<Command> {
    let what = "TYPE takes A or E with an optional N, T or C, or I, or L and a number of bits";
    let mut words = words(given);
    let (code, parameter) = (words.next().unwrap_or_default(), words.next());
    if words.next().is_some() {
        return malformed(what);
    }
    let data_type = match (letter(code), parameter) {
        (Some(b'A'), form) => DataType::Ascii(form_control(form, what)?),
        (Some(b'E'), form) => DataType::Ebcdic(form_control(form, what)?),
        (Some(b'I'), None) => DataType::Image,
        (Some(b'L'), Some(bits)) => DataType::Local(local(bits, what)?),
        (Some(b'I' | b'L') | None, _) => return malformed(what),
        (Some(_), _) => return not_supported("Unknown representation type"),
    };
    Ok(Command::Type(data_type))
}

fn form_control(given: Option<&[u8]>, what: &'static str) -> Parsed<FormControl> {
    let Some(given) = given else { return Ok(FormControl::NonPrint) };
    match letter(given) {
        Some(b'N') => Ok(FormControl::NonPrint),
        Some(b'T') => Ok(FormControl::Telnet),
        Some(b'C') => Ok(FormControl::CarriageControl),
        Some(_) => not_supported("Unknown format control"),
        None => malformed(what),
    }
}

fn local(bits: &[u8], what: &'static str) -> Parsed<u8> {
    match decimal::<u64>(bits) {
        None | Some(0) => malformed(what),
        Some(bits) => u8::try_from(bits).or(not_supported("Unknown size of a logical byte")),
    }
}

/// STRU (RFC 959 §3.1.2).
pub(super) fn stru(given: &[u8]) -> Parsed<Command> {
    match letter(given.trim_ascii()) {
        Some(b'F') => Ok(Command::Stru(Structure::File)),
        Some(b'R') => Ok(Command::Stru(Structure::Record)),
        Some(b'P') => Ok(Command::Stru(Structure::Page)),
        Some(_) => not_supported("Unknown file structure"),
        None => malformed("STRU takes F, R or P"),
    }
}

/// MODE (RFC 959 §3.4; Z: draft-preston-ftpext-deflate).
pub(super) fn mode(given: &[u8]) -> Parsed<Command> {
    match letter(given.trim_ascii()) {
        Some(b'S') => Ok(Command::Mode(TransferMode::Stream)),
        Some(b'B') => Ok(Command::Mode(TransferMode::Block)),
        Some(b'C') => Ok(Command::Mode(TransferMode::Compressed)),
        Some(b'Z') => Ok(Command::Mode(TransferMode::Deflate)),
        Some(_) => not_supported("Unknown transfer mode"),
        None => malformed("MODE takes S, B, C or Z"),
    }
}

/// A number of octets: a file's length is signed on most systems.
pub(super) fn octets(given: &[u8]) -> Option<u64> {
    decimal(given).filter(|&octets| i64::try_from(octets).is_ok())
}

/// REST in stream mode (RFC 3659 §5.3).
pub(super) fn rest(given: &[u8]) -> Parsed<Command> {
    let what = "REST takes a number of octets, at most 9223372036854775807";
    octets(given.trim_ascii()).map(Command::Rest).ok_or(CommandError::Argument { what })
}

/// ALLO (RFC 959 §4.1.3).
pub(super) fn allo(given: &[u8]) -> Parsed<Command> {
    let mut words = words(given);
    let total = words.next().and_then(octets);
    let record = match (words.next(), words.next(), words.next()) {
        (None, _, _) => Some(None),
        (Some(b"R" | b"r"), Some(record), None) => octets(record).map(Some),
        _ => None,
    };
    let what = "ALLO takes a number of octets, and may take R and the size of a record";
    total
        .zip(record)
        .map(|(octets, record)| Command::Allo { octets, record })
        .ok_or(CommandError::Argument { what })
}

/// EPSV (RFC 2428 §3, §4).
pub(super) fn epsv(given: &[u8]) -> Parsed<Command> {
    let given = given.trim_ascii();
    let argument = match decimal::<u64>(given) {
        _ if given.is_empty() => EpsvArgument::None,
        _ if given.eq_ignore_ascii_case(b"ALL") => EpsvArgument::All,
        Some(1) => EpsvArgument::V4,
        Some(2) => EpsvArgument::V6,
        Some(_) => return Err(CommandError::NetworkProtocol),
        None => return malformed("EPSV takes 1, 2, ALL or nothing"),
    };
    Ok(Command::Epsv(argument))
}

/// PBSZ (RFC 2228 §3).
pub(super) fn pbsz(given: &[u8]) -> Parsed<Command> {
    let what = "PBSZ takes a number of at most 4294967295";
    decimal(given.trim_ascii()).map(Command::Pbsz).ok_or(CommandError::Argument { what })
}

/// PROT (RFC 2228 §3): 504 for any other code.
pub(super) fn prot(given: &[u8]) -> Parsed<Command> {
    let given = given.trim_ascii();
    match letter(given) {
        Some(b'C') => Ok(Command::Prot(ProtectionLevel::Clear)),
        Some(b'S') => Ok(Command::Prot(ProtectionLevel::Safe)),
        Some(b'E') => Ok(Command::Prot(ProtectionLevel::Confidential)),
        Some(b'P') => Ok(Command::Prot(ProtectionLevel::Private)),
        None if given.is_empty() => malformed("PROT takes C, S, E or P"),
        _ => not_supported("Unknown protection level"),
    }
}
