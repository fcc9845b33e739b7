//! `doctor`: every data port mode tried, and what the failures tell together.

use super::url;
use crate::args::{Doctor, Mode, TlsMode};
use crate::driver::{Tls, Upload};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::out;
use crate::site::{Connection, Context, Site};
use crate::tls;
use crate::url::{FtpUrl, Scheme};
use core::net::{IpAddr, SocketAddr};
use ftp_doctor::verdict::{Cause, Probe, verdict};
use ftp_dtp::storage::Source;
use ftp_proto::command::PathName;
use ftp_proto::data::{DataMode, FailureId, Opening, Saw, Side};
use serde_json::json;

/// The modes of the matrix.
const MODES: [(Mode, DataMode); 4] = [
    (Mode::Epsv, DataMode::EPSV),
    (Mode::Pasv, DataMode::PASV),
    (Mode::Eprt, DataMode::EPRT),
    (Mode::Port, DataMode::PORT),
];

/// What came of a cell.
#[derive(Debug, Clone)]
enum Outcome {
    Works,
    /// The data connection failed.
    Fails(FailureId),
    /// It did not come to a data connection.
    NotTried(String),
}

/// A row: one family, with TLS or without, one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    v6: bool,
    tls: bool,
    upload: bool,
}

impl Row {
    fn name(self) -> String {
        format!(
            "{}{}{}",
            if self.v6 { "IPv6" } else { "IPv4" },
            if self.tls { ", TLS" } else { "" },
            if self.upload { ", up" } else { "" }
        )
    }
}

struct Cell {
    row: Row,
    mode: DataMode,
    outcome: Outcome,
    /// By who listens.
    announced: Option<SocketAddr>,
    /// What the server saw, if it is one of ours.
    saw: Option<Saw>,
    server: Option<IpAddr>,
}

pub(super) fn doctor(context: &Context, doctor: &Doctor) -> Result<Exit, Failure> {
    let url = url(&doctor.url)?;
    let tls = tls::wanted(&context.options, &url)?;
    // Each row says itself whether there is TLS.
    let url = FtpUrl { scheme: Scheme::Ftp, ..url };
    let context = &in_general(context, tls);
    let site = Site::new(context, &url)?;
    let rows = rows(doctor, context, &site);
    if let Some(&row) = rows.iter().find(|row| row.tls) {
        // A certificate that nobody knows is asked about once, and not by each probe. What else fails, they will tell.
        site.connect(&in_row(context, row)).map_or_else(drop, Connection::close);
    }
    let cells = probe_all(context, &site, &rows, url.path.as_ref());
    let causes = causes(&cells);
    if context.options.json {
        out::json(&as_json(&cells, &causes))?;
    } else {
        out::write(as_text(&cells, &causes).as_bytes())?;
    }
    Ok(exit(&cells))
}

/// A password is not sent in the clear to find out whether that would work, unless the user says so.
fn rows(doctor: &Doctor, context: &Context, site: &Site) -> Vec<Row> {
    let clear = match context.options.tls {
        TlsMode::Auto => doctor.clear || site.is_anonymous(),
        TlsMode::Explicit | TlsMode::Implicit => doctor.clear,
        TlsMode::Off => true,
    };
    let literal: Option<IpAddr> = site.host().trim_matches(['[', ']']).parse().ok();
    let exists = |v6: &bool| literal.is_none_or(|ip| ip.is_ipv6() == *v6);
    let families = [false, true]
        .into_iter()
        .filter(exists)
        .filter(|&v6| !(v6 && context.options.ipv4 || !v6 && context.options.ipv6));
    let levels = [false, true]
        .into_iter()
        .filter(move |&tls| if tls { context.options.tls != TlsMode::Off } else { clear });
    let directions = if doctor.write { &[false, true][..] } else { &[false] };
    families
        .flat_map(|v6| levels.clone().map(move |tls| (v6, tls)))
        .flat_map(|(v6, tls)| directions.iter().map(move |&upload| Row { v6, tls, upload }))
        .collect()
}

/// All at once: most of the time is waiting for what never comes.
fn probe_all(context: &Context, site: &Site, rows: &[Row], path: Option<&PathName>) -> Vec<Cell> {
    std::thread::scope(|scope| {
        let probes: Vec<_> = rows
            .iter()
            .flat_map(|&row| MODES.map(|mode| (row, mode)))
            .filter(|(row, (_, mode))| !row.v6 || !matches!(*mode, DataMode::PASV | DataMode::PORT))
            .map(|(row, mode)| scope.spawn(move || probe(context, site, row, mode, path)))
            .collect();
        probes.into_iter().filter_map(|probe| probe.join().ok()).collect()
    })
}

/// What the URL says of TLS, as an option.
fn in_general(context: &Context, tls: Tls) -> Context {
    let mut context = context.clone();
    context.options.tls = match tls {
        Tls::Off => TlsMode::Off,
        Tls::Auto => TlsMode::Auto,
        Tls::Explicit => TlsMode::Explicit,
        Tls::Implicit => TlsMode::Implicit,
    };
    context
}

/// The options that make a row.
fn in_row(context: &Context, row: Row) -> Context {
    let mut context = context.clone();
    (context.options.ipv4, context.options.ipv6) = (!row.v6, row.v6);
    context.options.tls = match (row.tls, context.options.tls) {
        (false, _) => TlsMode::Off,
        (true, TlsMode::Implicit) => TlsMode::Implicit,
        (true, _) => TlsMode::Explicit,
    };
    context
}

fn probe(
    context: &Context,
    site: &Site,
    row: Row,
    (name, mode): (Mode, DataMode),
    path: Option<&PathName>,
) -> Cell {
    let mut context = in_row(context, row);
    context.options.mode = name;
    let mut cell = Cell { row, mode, outcome: Outcome::Works, announced: None, saw: None, server: None };
    let mut connection = match site.connect(&context) {
        Ok(connection) => connection,
        Err(failure) => {
            cell.outcome = Outcome::NotTried(failure.text);
            return cell;
        }
    };
    cell.server = Some(connection.client.peer().ip());
    let tried = if row.upload {
        upload(&mut connection, path, mode)
    } else {
        connection.client.list(path).map_err(Failure::from).map(drop)
    };
    if let Err(failure) = tried {
        cell.outcome = failure.named.map_or(Outcome::NotTried(failure.text), Outcome::Fails);
    }
    let (told, peer) = (connection.told.last(), connection.client.peer().ip());
    cell.announced = match mode.opening(Side::User) {
        Opening::Connect => told.heard.map(|heard| SocketAddr::new(heard.ip.unwrap_or(peer), heard.port)),
        Opening::Listen => told.sent,
    };
    cell.saw = connection.client.saw().ok();
    connection.close();
    cell
}

/// A file that is told from all others by its name, and is gone afterwards.
fn upload(connection: &mut Connection, folder: Option<&PathName>, mode: DataMode) -> Result<(), Failure> {
    let mut path = folder.map_or_else(Vec::new, |folder| [folder.as_bytes(), b"/"].concat());
    path.extend(
        format!(".ftp-doctor-{}-{mode}-{}", std::process::id(), connection.client.local().port()).bytes(),
    );
    let path = PathName::new(path).map_err(|error| Failure::usage(error.to_string()))?;
    let source = Source::octets(&b"ftp-client doctor was here\n"[..]);
    let sent = connection.client.stor(&path, Upload::default(), source);
    // What failed amid the way may be there, too.
    let _ = connection.client.dele(&path);
    sent.map_err(Failure::from).map(drop)
}

fn causes(cells: &[Cell]) -> Vec<Cause> {
    let probe = |cell: &Cell| {
        let outcome = match &cell.outcome {
            Outcome::Works => Ok(()),
            Outcome::Fails(id) => Err(*id),
            Outcome::NotTried(_) => return None,
        };
        Some(Probe {
            mode: cell.mode,
            tls: cell.row.tls,
            outcome,
            announced: cell.announced,
            saw: cell.saw.clone(),
        })
    };
    let mut all: Vec<Cause> = Vec::new();
    for v6 in [false, true] {
        let cells: Vec<_> = cells.iter().filter(|cell| cell.row.v6 == v6).collect();
        let Some(server) = cells.iter().find_map(|cell| cell.server) else { continue };
        let probes: Vec<_> = cells.into_iter().filter_map(probe).collect();
        for cause in verdict(&probes, server) {
            if !all.contains(&cause) {
                all.push(cause);
            }
        }
    }
    all
}

fn exit(cells: &[Cell]) -> Exit {
    let works = cells.iter().filter(|cell| matches!(cell.outcome, Outcome::Works)).count();
    match works {
        0 => Exit::Network,
        some if some == cells.len() => Exit::Ok,
        _ => Exit::Partial,
    }
}

fn as_text(cells: &[Cell], causes: &[Cause]) -> String {
    let mut text = format!(
        "{:<16}{}\n",
        "",
        MODES.map(|(_, mode)| format!("{:<28}", mode.to_string())).concat().trim_end()
    );
    for row in cells.chunk_by(|a, b| a.row == b.row) {
        text.push_str(&format!("{:<16}", row[0].row.name()));
        for (_, mode) in MODES {
            let cell = row.iter().find(|cell| cell.mode == mode);
            text.push_str(&format!(
                "{:<28}",
                cell.map_or_else(|| "-".to_owned(), |cell| word(&cell.outcome))
            ));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    for cell in cells.chunk_by(|a, b| a.row == b.row).filter_map(<[Cell]>::first) {
        if let Outcome::NotTried(why) = &cell.outcome {
            text.push_str(&format!("\n{}: {why}\n", cell.row.name()));
        }
    }
    for cause in causes {
        text.push_str(&format!("\n{}\n  {} [{cause}]\n", cause.text(), cause.cure()));
    }
    if causes.is_empty() && exit(cells) == Exit::Ok {
        text.push_str("\nEvery mode works.\n");
    }
    text
}

fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Works => "works".to_owned(),
        Outcome::Fails(id) => id.as_str().trim_start_matches("FTP-DATA-").to_ascii_lowercase(),
        Outcome::NotTried(_) => "not tried".to_owned(),
    }
}

fn as_json(cells: &[Cell], causes: &[Cause]) -> serde_json::Value {
    let cell = |cell: &Cell| {
        let (works, failure, message) = match &cell.outcome {
            Outcome::Works => (true, None, None),
            Outcome::Fails(id) => (false, Some(id.as_str()), None),
            Outcome::NotTried(why) => (false, None, Some(why)),
        };
        json!({
            "family": if cell.row.v6 { "IPv6" } else { "IPv4" }, "tls": cell.row.tls, "upload": cell.row.upload, "mode": cell.mode.to_string(),
            "works": works, "failure": failure, "message": message,
            "announced": cell.announced.map(|address| address.to_string()),
        })
    };
    let finding = |cause: &Cause| json!({ "cause": cause.id(), "text": cause.text(), "cure": cause.cure() });
    json!({
        "cells": cells.iter().map(cell).collect::<Vec<_>>(),
        "findings": causes.iter().map(finding).collect::<Vec<_>>(),
    })
}
