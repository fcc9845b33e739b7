//! The one place that knows which driver is used. Another driver with the same methods can be chosen here.

pub(crate) use ftp_tokio::client::{
    AbortHandle, Cause, Client, ClientOptions, Download, Error, ErrorKind, Event, Family, Listing, Login,
    Observer, Place, Upload,
};
