//! Commands that show something: ls, stat, quote.

use super::{path_of, url};
use crate::args::Ls;
use crate::exit::Exit;
use crate::failure::{Failure, exit_of_refusal};
use crate::out::{self, Style};
use crate::remote;
use crate::site::{Context, Sites};
use ftp_proto::command::Text;
use ftp_proto::escape::escape;
use ftp_proto::facts::Entry;
use ftp_proto::reply::{Refusal, Reply};
use serde_json::{Value, json};

pub(super) fn ls(context: &Context, sites: &mut Sites, ls: &Ls) -> Result<Exit, Failure> {
    let url = url(&ls.url)?;
    let connection = sites.at(context, &url)?;
    let entries = remote::entries(&mut connection.client, url.path.as_ref())?;
    if context.options.json {
        let entries: Vec<_> = entries
            .iter()
            .map(|entry| {
                let path = remote::join(url.path.as_ref(), &entry.name).ok();
                out::entry_json(entry, &url.at(path).to_string())
            })
            .collect();
        out::json(&Value::Array(entries))?;
    } else {
        out::write(&out::table(&entries, Style::detect(ls.long, ls.names)))?;
    }
    Ok(Exit::Ok)
}

pub(super) fn stat(context: &Context, sites: &mut Sites, text: &str) -> Result<Exit, Failure> {
    let url = url(text)?;
    let client = &mut sites.at(context, &url)?.client;
    if url.path.is_none() {
        let reply = client.stat()?;
        return show(context, &reply);
    }
    let entry = remote::entry(client, path_of(&url)?)?;
    if context.options.json {
        out::json(&out::entry_json(&entry, &url.to_string()))?;
    } else {
        out::write(facts(&entry).as_bytes())?;
    }
    Ok(Exit::Ok)
}

/// One fact a line.
pub(crate) fn facts(entry: &Entry) -> String {
    let text = |octets: &bytes::Bytes| escape(octets).to_string();
    let rows = [
        ("Name", Some(text(&entry.name))),
        ("Type", Some(out::kind_name(entry.kind).to_owned())),
        ("Size", entry.size.map(|size| size.to_string())),
        ("Modified", entry.modify.map(out::rfc3339)),
        ("Mode", entry.unix_mode.map(|mode| format!("{mode:04o}"))),
        ("Owner", entry.owner.as_ref().map(text)),
        ("Group", entry.group.as_ref().map(text)),
        ("Target", entry.target.as_ref().map(text)),
    ];
    rows.into_iter().filter_map(|(name, value)| Some(format!("{name:9} {}\n", value?))).collect()
}

pub(super) fn quote(
    context: &Context,
    sites: &mut Sites,
    text: &str,
    words: &[String],
) -> Result<Exit, Failure> {
    let url = url(text)?;
    let line = Text::new(words.join(" "))
        .map_err(|error| Failure::usage(format!("the command cannot be sent: {error}")))?;
    let reply = sites.at(context, &url)?.client.quote(line)?;
    show(context, &reply)
}

fn show(context: &Context, reply: &Reply) -> Result<Exit, Failure> {
    if context.options.json {
        let lines: Vec<_> = reply.lines.iter().map(|line| String::from_utf8_lossy(line)).collect();
        out::json(&json!({ "code": reply.code.to_string(), "lines": lines }))?;
    } else {
        out::write(reply_lines(reply).as_bytes())?;
    }
    Ok(Refusal::of(reply).map_or(Exit::Ok, exit_of_refusal))
}

/// A reply as it stands on the wire, safe for a terminal.
pub(crate) fn reply_lines(reply: &Reply) -> String {
    let last = reply.lines.len().saturating_sub(1);
    let line = |(number, line): (usize, &bytes::Bytes)| {
        let mark = if number == last { ' ' } else { '-' };
        format!("{}{mark}{}\n", reply.code, escape(line))
    };
    reply.lines.iter().enumerate().map(line).collect()
}
