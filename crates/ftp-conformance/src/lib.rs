//! One suite of FTP conformance cases, for any server or client.
