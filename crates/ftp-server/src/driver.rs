//! Which event loop serves.

use ftp_service::Server;
use serde::Deserialize;
use std::io;
use tokio::runtime::{Builder, Runtime};
use tokio::task::spawn_blocking;

/// Which event loop serves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Driver {
    /// A task for each session, on the tokio runtime.
    #[default]
    Tokio,
    /// An event loop for each core, without a runtime: less memory for each idle session.
    Mio,
}

impl Driver {
    /// The runtime of the program. Under mio it only waits for signals, and looks the external address up.
    pub(crate) fn runtime(self) -> io::Result<Runtime> {
        let mut builder = match self {
            Self::Tokio => Builder::new_multi_thread(),
            Self::Mio => Builder::new_current_thread(),
        };
        builder.enable_all().build()
    }

    /// Serves until the server is told to end.
    pub(crate) async fn serve(self, server: Server) -> io::Result<()> {
        match self {
            Self::Tokio => ftp_tokio::serve(server).await,
            Self::Mio => {
                spawn_blocking(|| ftp_mio::serve(server, None)).await.unwrap_or_else(|lost| Err(lost.into()))
            }
        }
    }
}
