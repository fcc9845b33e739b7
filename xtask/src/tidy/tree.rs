//! The source tree as the checks see it: every Rust file parsed, every manifest read.

use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

use crate::workspace;

/// Directories that are not ours to check.
const LEFT_OUT: [&str; 4] = ["target", "corpus", "artifacts", ".git"];

/// Everything that is checked.
pub(crate) struct Tree {
    pub(crate) sources: Vec<Source>,
    pub(super) manifests: Vec<Manifest>,
}

/// A Rust file.
pub(crate) struct Source {
    /// From the root of the workspace, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    pub(super) file: syn::File,
}

/// A `Cargo.toml`.
pub(super) struct Manifest {
    pub(super) path: String,
    pub(super) table: toml::Table,
}

impl Tree {
    pub(crate) fn read() -> Result<Self, String> {
        let mut tree = Self { sources: Vec::new(), manifests: Vec::new() };
        tree.take_directory(&workspace::root(), "")?;
        tree.sources.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(tree)
    }

    fn take_directory(&mut self, directory: &Path, prefix: &str) -> Result<(), String> {
        let entries = fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
        for entry in entries {
            let entry = entry.map_err(|error| format!("{}: {error}", directory.display()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            if entry.path().is_dir() {
                if !LEFT_OUT.contains(&name.as_str()) {
                    self.take_directory(&entry.path(), &format!("{path}/"))?;
                }
            } else if name.ends_with(".rs") || name == "Cargo.toml" {
                self.take_file(&entry.path(), path)?;
            }
        }
        Ok(())
    }

    fn take_file(&mut self, file: &Path, path: String) -> Result<(), String> {
        let text = fs::read_to_string(file).map_err(|error| format!("{path}: {error}"))?;
        if path.ends_with(".rs") {
            let file = syn::parse_file(&text).map_err(|error| format!("{path}: {error}"))?;
            self.sources.push(Source { path, text, file });
        } else {
            let table = text.parse().map_err(|error| format!("{path}: {error}"))?;
            self.manifests.push(Manifest { path, table });
        }
        Ok(())
    }

    pub(super) fn source(&self, path: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.path == path)
    }

    pub(super) fn manifest(&self, path: &str) -> Option<&Manifest> {
        self.manifests.iter().find(|manifest| manifest.path == path)
    }
}

impl Source {
    /// Whether the whole file is tests.
    pub(super) fn is_test(&self) -> bool {
        let mut parts = self.path.split('/');
        parts.any(|part| matches!(part, "tests" | "tests.rs" | "benches"))
    }

    /// The file's own inner attribute `name`, as `#![name(...)]` or `#![name]`, with what is in it as text.
    pub(super) fn inner_attribute(&self, name: &str) -> Option<String> {
        let attribute = self.file.attrs.iter().find(|attribute| attribute.path().is_ident(name))?;
        Some(match &attribute.meta {
            syn::Meta::List(list) => list.tokens.to_string(),
            _ => String::new(),
        })
    }

    /// The documentation at the head of the file.
    pub(super) fn front_page(&self) -> String {
        let docs = self.file.attrs.iter().filter_map(|attribute| match &attribute.meta {
            syn::Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
                syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        });
        docs.collect::<Vec<_>>().join("\n")
    }
}

/// Visits the identifiers and literals of code that is not a test and not documentation, also within macros.
pub(super) fn each_token(file: &syn::File, visit: &mut dyn FnMut(&TokenTree)) {
    Tokens { visit }.visit_file(file);
}

struct Tokens<'a> {
    visit: &'a mut dyn FnMut(&TokenTree),
}

impl Tokens<'_> {
    fn stream(&mut self, stream: TokenStream) {
        for token in stream {
            match token {
                TokenTree::Group(group) => self.stream(group.stream()),
                token => (self.visit)(&token),
            }
        }
    }
}

impl Visit<'_> for Tokens<'_> {
    fn visit_attribute(&mut self, _: &syn::Attribute) {}

    fn visit_item_mod(&mut self, module: &syn::ItemMod) {
        if !module.attrs.iter().any(is_cfg_test) {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &syn::ItemFn) {
        if !is_test_function(&function.attrs) {
            syn::visit::visit_item_fn(self, function);
        }
    }

    fn visit_ident(&mut self, ident: &syn::Ident) {
        (self.visit)(&TokenTree::Ident(ident.clone()));
    }

    fn visit_lit(&mut self, literal: &syn::Lit) {
        let token = match literal {
            syn::Lit::Str(text) => text.token(),
            syn::Lit::ByteStr(text) => text.token(),
            _ => return,
        };
        (self.visit)(&TokenTree::Literal(token));
    }

    fn visit_macro(&mut self, call: &syn::Macro) {
        self.stream(call.tokens.clone());
    }
}

fn is_cfg_test(attribute: &syn::Attribute) -> bool {
    matches!(&attribute.meta, syn::Meta::List(list) if list.path.is_ident("cfg") && list.tokens.to_string() == "test")
}

/// Whether a function with these attributes is a test, of whichever runtime.
pub(super) fn is_test_function(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let last = attribute.path().segments.last();
        last.is_some_and(|segment| segment.ident == "test") || is_cfg_test(attribute)
    })
}
