//! The matrix as data, as a table and as JSON.

use core::fmt::{self, Write as _};

use ftp_conformance::case::Outcome;
use ftp_conformance::cases;
use ftp_conformance::checklist::{ROWS, Row, Shown};
use ftp_conformance::report::Outcomes;
use serde_json::{Map, Value, json};

use super::named_tests::Results;

/// The checklist with what became of each line.
pub(super) struct Matrix<'a> {
    /// The worlds, then the tests.
    columns: Vec<&'a str>,
    lines: Vec<Line>,
}

struct Line {
    id: &'static str,
    about: String,
    /// One for each column.
    marks: Vec<Mark>,
    /// Why a mark is what it is.
    remarks: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    /// Nothing is shown in this column.
    Blank,
    Passed,
    NotRun,
    NotApplicable,
    Failed,
}

impl Mark {
    const ALL: [Self; 4] = [Self::Passed, Self::Failed, Self::NotRun, Self::NotApplicable];

    const fn word(self) -> &'static str {
        match self {
            Self::Blank => "",
            Self::Passed => "passed",
            Self::Failed => "FAILED",
            Self::NotRun => "not run",
            Self::NotApplicable => "not applicable",
        }
    }
}

impl<'a> Matrix<'a> {
    pub(super) fn new(
        worlds: Vec<(&'a str, Outcomes)>,
        tests: &Results,
        wanted: impl Fn(&Row) -> bool,
    ) -> Self {
        let columns = worlds.iter().map(|(name, _)| *name).chain(["tests"]).collect();
        let rows = ROWS.iter().filter(|row| wanted(row));
        Self { columns, lines: rows.map(|row| line(row, &worlds, tests)).collect() }
    }

    /// How many lines have failed.
    pub(super) fn failed(&self) -> usize {
        self.count(Mark::Failed)
    }

    fn count(&self, mark: Mark) -> usize {
        self.lines.iter().filter(|line| line.worst() == mark).count()
    }

    pub(super) fn table(&self) -> String {
        let mut table = format!("{:<9}", "id");
        for column in &self.columns {
            put(&mut table, format_args!("{column:<9}"));
        }
        table.push_str("requirement\n");
        for line in &self.lines {
            put(&mut table, format_args!("{:<9}", line.id));
            for mark in &line.marks {
                // What is so in no column at all is told in the last one.
                let word = if matches!(mark, Mark::NotApplicable) { "-" } else { mark.word() };
                put(&mut table, format_args!("{word:<9}"));
            }
            put(&mut table, format_args!("{}", line.about));
            for remark in &line.remarks {
                put(&mut table, format_args!(" ({remark})"));
            }
            table.push('\n');
        }
        table.push_str(&self.counts());
        table
    }

    fn counts(&self) -> String {
        let counts: Vec<String> = Mark::ALL
            .iter()
            .map(|&mark| format!("{} {}", self.count(mark), mark.word().to_lowercase()))
            .collect();
        format!("\n{} lines: {}\n", self.lines.len(), counts.join(", "))
    }

    pub(super) fn json(&self) -> String {
        let lines = self.lines.iter().map(|line| {
            let shown = self.columns.iter().zip(&line.marks).filter(|(_, mark)| **mark != Mark::Blank);
            let columns: Map<String, Value> = shown
                .map(|(column, mark)| ((*column).to_owned(), mark.word().to_lowercase().into()))
                .collect();
            json!({
                "id": line.id, "about": line.about, "result": line.worst().word().to_lowercase(),
                "columns": columns, "remarks": line.remarks,
            })
        });
        format!("{:#}\n", Value::Array(lines.collect()))
    }
}

impl Line {
    /// The line as a whole: a failure anywhere is one, and what passes somewhere passes where nothing fails.
    fn worst(&self) -> Mark {
        let marks = || self.marks.iter().copied().filter(|mark| *mark != Mark::Blank);
        match marks().max() {
            Some(Mark::NotRun) if marks().any(|mark| mark == Mark::Passed) => Mark::Passed,
            worst => worst.unwrap_or(Mark::NotRun),
        }
    }
}

fn line(row: &Row, worlds: &[(&str, Outcomes)], tests: &Results) -> Line {
    let everywhere = |mark| vec![mark; worlds.len() + 1];
    let (about, marks, remarks) = match row.shown {
        Shown::Case => return played(row.id, worlds),
        Shown::Tests { named, under } => {
            let failure = tests.failure(named, under);
            let mut marks = everywhere(Mark::Blank);
            marks[worlds.len()] = if failure.is_some() { Mark::Failed } else { Mark::Passed };
            (format!("tests named {named} in {under}"), marks, failure.into_iter().collect())
        }
        Shown::NotApplicable(why) => {
            (format!("not applicable: {why}"), everywhere(Mark::NotApplicable), vec![])
        }
    };
    Line { id: row.id, about, marks, remarks }
}

fn played(id: &'static str, worlds: &[(&str, Outcomes)]) -> Line {
    let about = cases::all().find(|case| case.id == id).map_or("", |case| case.about);
    let mut line = Line { id, about: about.to_owned(), marks: Vec::new(), remarks: Vec::new() };
    for (world, outcomes) in worlds {
        let outcome = outcomes.iter().find(|(case, _)| case.id == id).map(|(_, outcome)| outcome);
        let (mark, remark) = match outcome {
            Some(Outcome::Passed) => (Mark::Passed, None),
            Some(Outcome::Failed(why)) => (Mark::Failed, Some(why.to_string())),
            Some(Outcome::NotRun(why)) => (Mark::NotRun, Some((*why).to_owned())),
            None => (Mark::Blank, None),
        };
        line.marks.push(mark);
        line.remarks.extend(remark.map(|why| format!("{world}: {why}")));
    }
    line.marks.push(Mark::Blank);
    line
}

fn put(table: &mut String, what: fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = table.write_fmt(what);
}
