//! What an FTP server decides: storage, users, permissions, limits, listings.
