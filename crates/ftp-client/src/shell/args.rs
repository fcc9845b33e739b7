//! The commands of the shell.

use crate::args::Mode;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// One line.
#[derive(Debug, Parser)]
#[command(
    name = "",
    no_binary_name = true,
    disable_help_flag = true,
    disable_help_subcommand = true,
    subcommand_required = true,
    subcommand_value_name = "COMMAND",
    subcommand_help_heading = "Commands",
    help_template = "{subcommands}\n\nWords may be quoted; \\xff is an octet. * ? [] stand for names. help COMMAND says more.",
    disable_version_flag = true
)]
pub(super) struct Line {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Connect to a server
    Open { url: String },
    /// Leave the server
    Close,
    /// Change the directory on the server; without PATH to where the login leads to
    Cd { path: Option<OsString> },
    /// Show the directory on the server
    Pwd,
    /// Change the directory here; without PATH to the home directory
    Lcd { path: Option<PathBuf> },
    /// Show the directory here
    Lpwd,
    /// List directories
    #[command(visible_alias = "dir")]
    Ls {
        /// Type, size, time (UTC) and name
        #[arg(short)]
        long: bool,
        /// Names only
        #[arg(short = '1')]
        names: bool,
        paths: Vec<OsString>,
    },
    /// Show files
    Cat {
        #[arg(required = true)]
        paths: Vec<OsString>,
    },
    /// Download a file, or with -r a directory
    Get {
        #[command(flatten)]
        how: How,
        remote: OsString,
        local: Option<PathBuf>,
    },
    /// Download several files or directories
    Mget {
        #[command(flatten)]
        how: How,
        #[arg(required = true)]
        paths: Vec<OsString>,
    },
    /// Upload a file, or with -r a directory
    Put {
        #[command(flatten)]
        how: How,
        local: PathBuf,
        remote: Option<OsString>,
    },
    /// Upload several files or directories
    Mput {
        #[command(flatten)]
        how: How,
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Make one tree like another: LOCAL like REMOTE, or with -R the other way round
    Mirror(Mirror),
    /// Delete files, or with -r directories
    Rm {
        /// Also directories and what is in them
        #[arg(short)]
        recursive: bool,
        #[arg(required = true)]
        paths: Vec<OsString>,
    },
    /// Make directories
    Mkdir {
        /// Also the directories above
        #[arg(short)]
        parents: bool,
        #[arg(required = true)]
        paths: Vec<OsString>,
    },
    /// Remove empty directories
    Rmdir {
        #[arg(required = true)]
        paths: Vec<OsString>,
    },
    /// Rename
    Mv { from: OsString, to: OsString },
    /// Show what the server knows about a file; without PATH its status
    Stat { path: Option<OsString> },
    /// Send a command as it is
    Quote {
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
    /// Show or choose how data connections are made; nothing is sent
    Mode { mode: Option<Mode> },
    /// Show or choose how files are transferred; the server is told at once
    Type { representation: Option<Representation> },
    /// Show the commands
    #[command(visible_alias = "?")]
    Help { command: Option<String> },
    /// Leave
    #[command(visible_aliases = ["quit", "bye"])]
    Exit,
}

/// How files are moved.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct How {
    /// Whole directories
    #[arg(short)]
    pub(super) recursive: bool,
    /// Go on where a broken transfer ended
    #[arg(short = 'c')]
    pub(super) resume: bool,
}

#[derive(Debug, Args)]
pub(super) struct Mirror {
    /// To the server
    #[arg(short = 'R', long)]
    pub(super) reverse: bool,
    /// Delete what the source does not have
    #[arg(short = 'e', long)]
    pub(super) delete: bool,
    /// Copy only what is newer in the source
    #[arg(short = 'n', long)]
    pub(super) only_newer: bool,
    /// Connections that work at a time
    #[arg(short = 'P', long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub(super) parallel: u8,
    /// What to leave alone
    #[arg(short = 'x', long, value_name = "GLOB")]
    pub(super) exclude: Vec<String>,
    pub(super) source: OsString,
    pub(super) target: Option<OsString>,
}

/// How files are transferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Representation {
    /// Line ends are converted.
    #[value(alias = "a")]
    Ascii,
    /// Octets as they are.
    #[value(alias = "i", alias = "image")]
    Binary,
}
