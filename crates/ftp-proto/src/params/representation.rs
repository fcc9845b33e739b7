//! How data is represented: TYPE, STRU, MODE.

/// Representation type (RFC 959 §3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataType {
    /// NVT-ASCII, lines end in CRLF on the wire.
    Ascii(FormControl),
    /// EBCDIC.
    Ebcdic(FormControl),
    /// Octets as they are.
    Image,
    /// Logical bytes of that many bits; 8 is the same as image.
    Local(u8),
}

/// Vertical format control (RFC 959 §3.1.1.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FormControl {
    /// None; the default.
    NonPrint,
    /// Telnet format effectors.
    Telnet,
    /// ASA (Fortran) carriage control.
    CarriageControl,
}

/// File structure (RFC 959 §3.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Structure {
    /// A sequence of octets.
    File,
    /// A sequence of records.
    Record,
    /// Indexed pages.
    Page,
}

/// Transmission mode as MODE names it (RFC 959 §3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransferMode {
    /// S.
    Stream,
    /// B.
    Block,
    /// C.
    Compressed,
    /// Z: deflate.
    Deflate,
}

/// TYPE, STRU and MODE together; the default is what RFC 959 §5.1 says: ASCII non-print, file, stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TransferParams {
    /// TYPE.
    pub data_type: DataType,
    /// STRU.
    pub structure: Structure,
    /// MODE.
    pub mode: TransferMode,
}

impl Default for TransferParams {
    fn default() -> Self {
        Self {
            data_type: DataType::Ascii(FormControl::NonPrint),
            structure: Structure::File,
            mode: TransferMode::Stream,
        }
    }
}

impl TransferParams {
    /// Whether an offset on the wire is one in storage, so that a transfer can begin there (RFC 3659 §5). In block mode
    /// restart markers are ours, and count storage (RFC 959 §3.4.2).
    #[must_use]
    pub const fn counts_storage(self) -> bool {
        let unchanged = !self.is_ascii() && !matches!(self.structure, Structure::Record);
        unchanged || matches!(self.mode, TransferMode::Block)
    }

    /// Whether text is converted between local and network line ends.
    #[must_use]
    pub const fn is_ascii(self) -> bool {
        matches!(self.data_type, DataType::Ascii(_))
    }
}
