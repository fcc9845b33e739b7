//! RETR, STOR and listings: the ladder's decisions carried out.

use crate::error::{Doing, Error};
use crate::listing::{Collector, Listing};
use crate::{Client, ClientOptions, Driver, Event};
use bytes::Bytes;
use ftp_dtp::pump::LocalEnd;
use ftp_dtp::storage::{Sink, Source};
use ftp_proto::client::{Attempt, DataPlan, NextStep, Operation, OperationError, Rung};
use ftp_proto::command::PathName;
use ftp_proto::data::TransferTotals;
use ftp_proto::facts::list::ListingFormat;
use ftp_proto::io::StreamEncoding;
use ftp_proto::reply::{Refusal, Reply};
use ftp_proto::server::{OctetSpan, TransferVerb};

/// How a file is downloaded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Download {
    /// Which octets of it.
    pub span: OctetSpan,
    /// As text: line ends become LF.
    pub ascii: bool,
    /// The whole file's size, if it is known: fewer octets are then an error.
    pub size: Option<u64>,
}

/// How a file is uploaded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Upload {
    /// Where it goes to.
    pub place: Place,
    /// As text: LF becomes CRLF on the wire.
    pub ascii: bool,
}

/// Where in a remote file an upload goes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Place {
    /// It is the whole file.
    #[default]
    Whole,
    /// From this octet on; what was before it stays.
    From(u64),
    /// After what is there.
    End,
}

/// A transfer that is complete.
#[derive(Debug, Clone)]
pub struct Transferred {
    /// What was moved.
    pub totals: TransferTotals,
    /// The server's final reply.
    pub reply: Reply,
}

/// A transfer, but for the data connection.
#[derive(Debug, Clone)]
struct Request {
    verb: TransferVerb,
    path: Option<PathName>,
    span: OctetSpan,
    encoding: StreamEncoding,
    size: Option<u64>,
}

impl Request {
    fn new(options: &ClientOptions, verb: TransferVerb, path: Option<PathName>, ascii: bool) -> Self {
        // A listing is no file, so it has no structure.
        let records = options.records && !verb.is_listing();
        let encoding = StreamEncoding { ascii, records, mode: options.transmission };
        Self { verb, path, span: OctetSpan { start: 0, end: None }, encoding, size: None }
    }

    fn by(&self, rung: Rung) -> Operation {
        Operation::Transfer {
            verb: self.verb,
            path: self.path.clone(),
            span: self.span,
            encoding: self.encoding,
            size: self.size,
            data: DataPlan::Own(rung),
        }
    }
}

impl<D: Driver> Client<D> {
    /// Downloads `path` into `sink`.
    ///
    /// # Errors
    /// When the server refuses, no data connection can be had, or not everything came.
    pub async fn retr(&mut self, path: &PathName, how: Download, sink: Sink) -> Result<Transferred, Error> {
        let request = Request {
            span: how.span,
            size: how.size,
            ..Request::new(&self.options, TransferVerb::Retr, Some(path.clone()), how.ascii)
        };
        self.transfer(Doing::to("downloading", Some(path)), request, LocalEnd::Sink(sink)).await
    }

    /// Uploads `source` to `path`.
    ///
    /// # Errors
    /// When the server refuses, no data connection can be had, or it does not confirm that it has everything.
    pub async fn stor(&mut self, path: &PathName, how: Upload, source: Source) -> Result<Transferred, Error> {
        let (verb, start) = match how.place {
            Place::Whole => (TransferVerb::Stor, 0),
            Place::From(octet) => (TransferVerb::Stor, octet),
            Place::End => (TransferVerb::Appe, 0),
        };
        let request = Request {
            span: OctetSpan { start, end: None },
            ..Request::new(&self.options, verb, Some(path.clone()), how.ascii)
        };
        self.transfer(Doing::to("uploading", Some(path)), request, LocalEnd::Source(source)).await
    }

    /// The entries of a directory (`None`: the working directory), without those for itself and its parent: by MLSD
    /// where the server knows it, else by LIST, whatever its format.
    ///
    /// # Errors
    /// As [`retr`](Self::retr), when there is no such directory, and when the listing is larger than
    /// [`ClientOptions::listings`](crate::ClientOptions::listings).
    pub async fn list(&mut self, path: Option<&PathName>) -> Result<Listing, Error> {
        if self.may_know_mlsd() {
            match self.listing(TransferVerb::Mlsd, ListingFormat::Mlsd, path).await {
                Err(error) if error.reply().and_then(Refusal::of) == Some(Refusal::NotSupported) => {
                    self.mlsd = Some(false);
                }
                Err(error) => return Err(error),
                Ok(listing) => {
                    self.mlsd = Some(true);
                    return Ok(listing);
                }
            }
        }
        let listing = self.listing(TransferVerb::List, ListingFormat::List, path).await?;
        if let (true, Some(path)) = (listing.entries.is_empty() && listing.skipped.is_none(), path) {
            self.confirm_directory(path).await?;
        }
        Ok(listing)
    }

    /// To some servers LIST of what is not there is an empty listing (vsftpd); CWD tells.
    async fn confirm_directory(&mut self, path: &PathName) -> Result<(), Error> {
        let directories = self.directories.clone();
        let back = self.pwd().await?;
        self.cwd(path).await?;
        self.cwd(&back).await?;
        self.directories = directories;
        Ok(())
    }

    fn may_know_mlsd(&self) -> bool {
        self.mlsd.unwrap_or_else(|| self.features().is_none_or(|features| features.has_mlsd()))
    }

    /// The names in a directory, as the server says them (NLST): perhaps with the path in front.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn nlst(&mut self, path: Option<&PathName>) -> Result<Vec<Bytes>, Error> {
        let listing = self.listing(TransferVerb::Nlst, ListingFormat::Nlst, path).await?;
        Ok(listing.entries.into_iter().map(|entry| entry.name).collect())
    }

    async fn listing(
        &mut self,
        verb: TransferVerb,
        format: ListingFormat,
        path: Option<&PathName>,
    ) -> Result<Listing, Error> {
        let doing = Doing::to("listing", path);
        let collector = Collector::new(format, self.options.listings);
        let request = Request::new(&self.options, verb, path.cloned(), true);
        let outcome = self.transfer(doing.clone(), request, LocalEnd::Sink(collector.sink())).await;
        let listing = collector.finish().map_err(|error| doing.failed(error))?;
        outcome?;
        if let Some((lines, first)) = listing.skipped.clone() {
            self.options.observer.tell(&Event::LinesSkipped { lines, first });
        }
        Ok(listing)
    }

    async fn transfer(
        &mut self,
        doing: Doing,
        request: Request,
        local: LocalEnd,
    ) -> Result<Transferred, Error> {
        if self.session.is_out_of_tickets() {
            // The server may insist on resumption; a new control connection has new tickets.
            self.reconnect().await?;
        }
        let mut local = Some(local);
        if let Some(round_trip) = self.session.round_trip() {
            self.ladder.set_round_trip(round_trip);
        }
        let mut rung = self.ladder.first();
        loop {
            self.options.observer.tell(&Event::Trying(rung.clone()));
            let done = self.run(&doing, request.by(rung.clone()), local.take()).await?;
            local = done.local;
            match done.result {
                Ok(reply) => {
                    self.options.observer.tell(&Event::Works(rung.mode));
                    self.ladder.worked(&rung);
                    return Ok(Transferred { totals: done.totals.unwrap_or(TransferTotals::NONE), reply });
                }
                Err(OperationError::Data(attempt)) if local.is_some() => {
                    rung = self.next_rung(&doing, attempt).await?;
                }
                Err(error) => return Err(doing.failed(error)),
            }
        }
    }

    /// What the ladder says, done.
    async fn next_rung(&mut self, doing: &Doing, failed: Box<Attempt>) -> Result<Rung, Error> {
        let (next, reconnecting) = match self.ladder.failed(&failed) {
            NextStep::Try(next) => (next, false),
            NextStep::Reconnect(next) => (next, true),
            NextStep::GiveUp => {
                let error = doing.clone().failed(OperationError::Data(failed));
                return Err(error.with_attempts(self.ladder.attempts()));
            }
        };
        self.options.observer.tell(&Event::FellBack { failed, next: next.clone(), reconnecting });
        if reconnecting {
            self.reconnect().await?;
        }
        Ok(next)
    }
}
