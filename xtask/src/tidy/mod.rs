//! What the design asks of the source tree, where neither the compiler nor clippy can say it.
//!
//! [`CHECKS`] is the list. Each check is a function from the [`Tree`] to findings. A finding that is right, and that
//! cannot be mended now, is a row of [`EXCEPTIONS`] with its reason. The task runs as a test of this package too.

mod drivers;
mod fuzz;
mod manifests;
mod purity;
mod size;
pub(crate) mod tree;

use core::fmt;

use tree::Tree;

/// Something that is not as the design asks.
#[derive(Debug)]
struct Finding {
    /// The file, from the root of the workspace.
    path: String,
    /// A line of it, if one is meant.
    line: Option<usize>,
    message: String,
    severity: Severity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Severity {
    /// Worth a look; nothing fails.
    Warning,
    Error,
}

impl Finding {
    fn error(path: impl Into<String>, line: impl Into<Option<usize>>, message: impl Into<String>) -> Self {
        Self { path: path.into(), line: line.into(), message: message.into(), severity: Severity::Error }
    }

    fn warning(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), line: None, message: message.into(), severity: Severity::Warning }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.severity == Severity::Error { "error" } else { "warning" };
        write!(f, "{word}: {}", self.path)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

type Check = fn(&Tree) -> Vec<Finding>;

/// Every check, by the name that an exception gives.
const CHECKS: &[(&str, Check)] = &[
    ("file-size", size::files),
    ("function-size", size::functions),
    ("core-is-pure", purity::core),
    ("unsafe-place", purity::unsafe_code),
    ("drivers-know-no-ftp", drivers::words),
    ("manifest", manifests::members),
    ("front-page", manifests::front_pages),
    ("fuzz-target", fuzz::targets),
];

/// Findings that stand for now.
struct Exception {
    check: &'static str,
    path: &'static str,
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[];

/// Prints what was found; fails if any of it is an error.
pub(crate) fn run() -> Result<(), String> {
    let findings = findings()?;
    for finding in &findings {
        eprintln!("{finding}");
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let warnings = findings.len() - errors;
    eprintln!("tidy: {} checks, {errors} errors, {warnings} warnings", CHECKS.len());
    if errors == 0 { Ok(()) } else { Err(String::from("the source tree is not as the design asks")) }
}

fn findings() -> Result<Vec<Finding>, String> {
    let tree = Tree::read()?;
    let mut all = Vec::new();
    for (name, check) in CHECKS {
        let (excepted, found): (Vec<_>, Vec<_>) =
            check(&tree).into_iter().partition(|finding| exception(name, &finding.path).is_some());
        all.extend(found);
        let unused = EXCEPTIONS.iter().filter(|exception| {
            exception.check == *name && excepted.iter().all(|finding| finding.path != exception.path)
        });
        all.extend(unused.map(|exception| {
            let why = exception.reason;
            Finding::warning(exception.path, format!("an exception of {name} is needed no longer ({why})"))
        }));
    }
    Ok(all)
}

fn exception(check: &str, path: &str) -> Option<&'static Exception> {
    EXCEPTIONS.iter().find(|exception| exception.check == check && exception.path == path)
}

#[test]
fn the_workspace_is_tidy() {
    let errors: Vec<_> = findings()
        .expect("the source tree can be read")
        .into_iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| finding.to_string())
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}
