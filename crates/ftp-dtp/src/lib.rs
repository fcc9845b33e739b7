//! The data transfer process of FTP without a runtime: sockets, port pool, admission, pump.
