//! The result: a matrix for each pair of peers, and a reason for every cell that is not "ok".

use core::fmt::Write as _;

use super::case::{Column, Operation, Outcome};

/// One server and one client.
pub(crate) struct Matrix {
    pub(crate) server: &'static str,
    server_version: String,
    pub(crate) client: &'static str,
    client_version: String,
    cells: Vec<(Operation, Column, Outcome)>,
}

impl Matrix {
    pub(crate) fn new(
        server: &'static str,
        server_version: String,
        client: &'static str,
        client_version: String,
    ) -> Self {
        Self { server, server_version, client, client_version, cells: Vec::new() }
    }

    pub(crate) fn add(&mut self, operation: Operation, column: Column, outcome: Outcome) {
        self.cells.push((operation, column, outcome));
    }

    fn cell(&self, operation: Operation, column: Column) -> Option<&Outcome> {
        let cell = self.cells.iter().find(|cell| cell.0 == operation && cell.1 == column);
        cell.map(|cell| &cell.2)
    }

    fn write(&self, text: &mut String) {
        line(text, format_args!("\n{} under {}", self.server_version, self.client_version));
        let head: String = Column::ALL.iter().map(|column| format!("{column:<9}")).collect();
        line(text, format_args!("  {:<13}{}", "", head.trim_end()));
        for operation in Operation::ALL {
            let cells = Column::ALL.map(|column| self.cell(operation, column).map(Outcome::word));
            if cells.iter().any(Option::is_some) {
                let row: String = cells.iter().map(|word| format!("{:<9}", word.unwrap_or("-"))).collect();
                line(text, format_args!("  {:<13}{}", operation.name(), row.trim_end()));
            }
        }
        self.write_reasons(text);
    }

    /// Every reason once, with the cells that it holds for.
    fn write_reasons(&self, text: &mut String) {
        let mut reasons: Vec<&str> = Vec::new();
        for reason in self.cells.iter().filter_map(|cell| cell.2.reason()) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        for reason in reasons {
            let cells = self.cells.iter().filter(|cell| cell.2.reason() == Some(reason));
            let (mut operations, mut columns) = (Vec::new(), Vec::new());
            let mut word = "";
            for (operation, column, outcome) in cells {
                word = outcome.word();
                push_new(&mut operations, operation.name().to_owned());
                push_new(&mut columns, column.to_string());
            }
            let operations = if operations.len() > 6 { "all".to_owned() } else { operations.join(", ") };
            let reason = reason.replace('\n', "\n      ");
            line(text, format_args!("  {word}: {operations} ({}): {reason}", columns.join(", ")));
        }
    }

    fn json(&self) -> serde_json::Value {
        let cells = self.cells.iter().map(|(operation, column, outcome)| {
            serde_json::json!({
                "operation": operation.name(),
                "mode": column.mode.verb(),
                "family": format!("{:?}", column.family),
                "outcome": outcome.word(),
                "reason": outcome.reason(),
            })
        });
        serde_json::json!({
            "server": self.server, "server_version": self.server_version,
            "client": self.client, "client_version": self.client_version,
            "cells": cells.collect::<Vec<_>>(),
        })
    }
}

fn push_new(list: &mut Vec<String>, item: String) {
    if !list.contains(&item) {
        list.push(item);
    }
}

fn line(text: &mut String, arguments: core::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{arguments}");
}

pub(crate) struct Report {
    pub(crate) matrices: Vec<Matrix>,
}

impl Report {
    pub(crate) fn failures(&self) -> usize {
        self.count("FAILED")
    }

    fn count(&self, word: &str) -> usize {
        let cells = self.matrices.iter().flat_map(|matrix| &matrix.cells);
        cells.filter(|cell| cell.2.word() == word).count()
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for matrix in &self.matrices {
            matrix.write(&mut text);
        }
        let (passed, failed, not) = (self.count("ok"), self.failures(), self.count("n/a"));
        line(&mut text, format_args!("\n{passed} passed, {failed} failed, {not} not applicable"));
        text
    }

    pub(crate) fn json(&self) -> String {
        let matrices: Vec<_> = self.matrices.iter().map(Matrix::json).collect();
        format!("{:#}\n", serde_json::json!({ "peers": matrices }))
    }
}
