//! The local side: names that cannot lead out, directories as open descriptors, files that appear only when whole.

mod dir;
mod name;
mod part;

pub(crate) use dir::{Dir, Kind, LocalEntry};
pub(crate) use name::{FileName, NameError};
pub(crate) use part::{Download, DownloadError, Version};
