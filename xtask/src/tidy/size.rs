//! A file can be read in one sitting, and a function on one screen.

use syn::spanned::Spanned;
use syn::visit::Visit;

use super::Finding;
use super::tree::{Source, Tree, is_test_function};

/// Lines of a file, tests included.
const FILE_LIMIT: usize = 600;
const FILE_WARNING: usize = 400;
/// Lines of a function, from its signature to its closing brace.
const FUNCTION_LIMIT: usize = 60;

pub(super) fn files(tree: &Tree) -> Vec<Finding> {
    tree.sources.iter().filter_map(file).collect()
}

fn file(source: &Source) -> Option<Finding> {
    let lines = source.text.lines().count();
    let path = &*source.path;
    if lines > FILE_LIMIT {
        Some(Finding::error(path, None, format!("{lines} lines, more than {FILE_LIMIT}: cut it in two")))
    } else if lines > FILE_WARNING {
        Some(Finding::warning(path, format!("{lines} lines; more than {FILE_WARNING} are many")))
    } else {
        None
    }
}

/// Tests are not counted: a table of cases is data.
pub(super) fn functions(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &tree.sources {
        let mut functions = Functions { path: &source.path, findings: &mut findings };
        functions.visit_file(&source.file);
    }
    findings
}

struct Functions<'a> {
    path: &'a str,
    findings: &'a mut Vec<Finding>,
}

impl Functions<'_> {
    fn measure(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let start = signature.span().start().line;
        let lines = body.span().end().line - start + 1;
        if lines > FUNCTION_LIMIT {
            let name = &signature.ident;
            let message = format!("{name} has {lines} lines, more than {FUNCTION_LIMIT}");
            self.findings.push(Finding::error(self.path, start, message));
        }
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if !is_test_function(&function.attrs) {
            self.measure(&function.sig, &function.block);
            syn::visit::visit_item_fn(self, function);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.measure(&function.sig, &function.block);
        syn::visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(body) = &function.default {
            self.measure(&function.sig, body);
        }
        syn::visit::visit_trait_item_fn(self, function);
    }
}
