//! The data-port machine: one for both sides. Only [`DataMode::opening`] knows who listens.
//!
//! | state | meaning |
//! |---|---|
//! | `Unset` | no mode is selected |
//! | `Arming` | a listener is being opened, or the peer was asked to open one |
//! | `Armed` | an address is known: ours, which the peer may connect to, or the peer's |
//! | `Connecting` | we connect before the transfer command is sent (client, passive) |
//! | `Opening` | the transfer is announced and waits for the connection |
//! | `Linked` | the connection is there before the transfer is announced |
//! | `Securing` | TLS handshake |
//! | `Moving` | octets move |
//! | `Settling` | they have moved; storage commits |
//! | `Held` | the connection is kept for the next transfer (block mode) |

use super::{DataId, DataMode};

/// Where a data connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the module's table says what each is")]
pub enum LinkState {
    Unset,
    Arming,
    Armed,
    Connecting,
    Opening,
    Linked,
    Securing,
    Moving,
    Settling,
    Held,
}

/// What happens to a data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkInput {
    /// A mode is selected whose address is not known yet.
    Select,
    /// A mode is selected whose address is known: PORT on the server.
    SelectKnown,
    /// The listener is open, or the peer has told its address.
    Prepared,
    /// Connect before the transfer is announced.
    Connect,
    /// The transfer is announced: the connection is wanted.
    Go,
    /// The connection is there.
    Connected,
    /// TLS is up.
    Secured,
    /// The octets have moved, or not.
    Ended,
    /// Storage has committed; the connection is closed.
    Settled,
    /// Storage has committed; the connection is kept.
    Kept,
    /// It could not be had.
    Failed,
    /// It is no longer wanted.
    Drop,
}

impl LinkInput {
    /// Every input.
    pub const ALL: [Self; 12] = [
        Self::Select,
        Self::SelectKnown,
        Self::Prepared,
        Self::Connect,
        Self::Go,
        Self::Connected,
        Self::Secured,
        Self::Ended,
        Self::Settled,
        Self::Kept,
        Self::Failed,
        Self::Drop,
    ];
}

/// The input does not fit the state: an event that came too late, or a caller's mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{input:?} does not fit a data connection that is {state:?}")]
pub struct Refusal {
    /// Where it stands.
    pub state: LinkState,
    /// What was to happen.
    pub input: LinkInput,
}

impl LinkState {
    /// Every state.
    pub const ALL: [Self; 10] = [
        Self::Unset,
        Self::Arming,
        Self::Armed,
        Self::Connecting,
        Self::Opening,
        Self::Linked,
        Self::Securing,
        Self::Moving,
        Self::Settling,
        Self::Held,
    ];

    /// The transition table. `protected`: PROT P is in force.
    ///
    /// # Errors
    /// When the input does not fit the state; the state is then kept.
    pub const fn next(self, input: LinkInput, protected: bool) -> Result<Self, Refusal> {
        use LinkInput as In;
        use LinkState::{
            Armed, Arming, Connecting, Held, Linked, Moving, Opening, Securing, Settling, Unset,
        };
        let next = match (input, self) {
            (In::Select, Unset | Arming | Armed | Connecting | Opening | Linked | Securing | Held) => Arming,
            (In::SelectKnown, Unset | Arming | Armed | Connecting | Opening | Linked | Securing | Held) => {
                Armed
            }
            (In::Prepared, Arming) => Armed,
            (In::Connect, Armed) => Connecting,
            (In::Go, Armed | Connecting) => Opening,
            (In::Connected, Armed | Connecting) => Linked,
            (In::Go, Linked) | (In::Connected, Opening) => {
                if protected {
                    Securing
                } else {
                    Moving
                }
            }
            (In::Go, Held) | (In::Secured, Securing) => Moving,
            (In::Ended, Moving) => Settling,
            (In::Settled, Settling) => Unset,
            (In::Kept, Settling) => Held,
            (
                In::Failed | In::Drop,
                Unset | Arming | Armed | Connecting | Opening | Linked | Securing | Held,
            ) => Unset,
            // A pump answers a drop with `Ended`, and storage always settles.
            (In::Drop, Moving) => Moving,
            (In::Drop, Settling) => Settling,
            (In::Select | In::SelectKnown | In::Failed, Moving | Settling)
            | (
                In::Prepared,
                Unset | Armed | Connecting | Opening | Linked | Securing | Moving | Settling | Held,
            )
            | (
                In::Connect,
                Unset | Arming | Connecting | Opening | Linked | Securing | Moving | Settling | Held,
            )
            | (In::Go, Unset | Arming | Opening | Securing | Moving | Settling)
            | (In::Connected, Unset | Arming | Linked | Securing | Moving | Settling | Held)
            | (
                In::Secured,
                Unset | Arming | Armed | Connecting | Opening | Linked | Moving | Settling | Held,
            )
            | (
                In::Ended,
                Unset | Arming | Armed | Connecting | Opening | Linked | Securing | Settling | Held,
            )
            | (
                In::Settled | In::Kept,
                Unset | Arming | Armed | Connecting | Opening | Linked | Securing | Moving | Held,
            ) => return Err(Refusal { state: self, input }),
        };
        Ok(next)
    }
}

/// One data connection at a time, with a new name for each.
#[derive(Debug)]
pub struct DataLink {
    state: LinkState,
    mode: DataMode,
    id: DataId,
}

impl Default for DataLink {
    fn default() -> Self {
        Self::new()
    }
}

impl DataLink {
    /// No mode is selected.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: LinkState::Unset, mode: DataMode::DefaultPort, id: DataId(0) }
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> LinkState {
        self.state
    }

    /// The mode that was selected last.
    #[must_use]
    pub const fn mode(&self) -> DataMode {
        self.mode
    }

    /// The name of the data connection at hand, or of the last one.
    #[must_use]
    pub const fn id(&self) -> DataId {
        self.id
    }

    /// Whether an event about `id` is about the data connection at hand.
    #[must_use]
    pub fn is_current(&self, id: DataId) -> bool {
        self.id == id && self.state != LinkState::Unset
    }

    /// Selects a mode, under a new name. Returns the data connection that this replaces, to be dropped.
    ///
    /// # Errors
    /// While octets move.
    pub fn select(&mut self, mode: DataMode, address_known: bool) -> Result<Option<DataId>, Refusal> {
        let replaced = self.open_id();
        let input = if address_known { LinkInput::SelectKnown } else { LinkInput::Select };
        self.apply(input, false)?;
        self.id = DataId(self.id.0.wrapping_add(1));
        self.mode = mode;
        Ok(replaced)
    }

    /// Something else happens to it. Returns the new state.
    ///
    /// # Errors
    /// When the input does not fit; nothing has changed then.
    pub fn apply(&mut self, input: LinkInput, protected: bool) -> Result<LinkState, Refusal> {
        self.state = self.state.next(input, protected)?;
        Ok(self.state)
    }

    /// Gives it up. Returns what is to be dropped, if anything was there.
    pub fn drop_link(&mut self) -> Option<DataId> {
        let id = self.open_id();
        self.apply(LinkInput::Drop, false).ok().and(id)
    }

    /// The name, if the driver holds something for it.
    #[must_use]
    pub fn open_id(&self) -> Option<DataId> {
        (!matches!(self.state, LinkState::Unset | LinkState::Settling)).then_some(self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(inputs: &[LinkInput], protected: bool) -> LinkState {
        inputs
            .iter()
            .fold(LinkState::Unset, |state, &input| state.next(input, protected).expect("each input fits"))
    }

    #[test]
    fn the_usual_orders_lead_to_moving() {
        use LinkInput::{Connect, Connected, Go, Prepared, Secured, Select, SelectKnown};
        let orders: [(&[LinkInput], bool); 6] = [
            (&[Select, Prepared, Go, Connected], false),
            (&[Select, Prepared, Connected, Go], false),
            (&[Select, Prepared, Connect, Connected, Go], false),
            (&[Select, Prepared, Connect, Go, Connected], false),
            (&[SelectKnown, Go, Connected], false),
            (&[Select, Prepared, Connected, Go, Secured], true),
        ];
        for (inputs, protected) in orders {
            assert_eq!(run(inputs, protected), LinkState::Moving, "{inputs:?}");
        }
    }

    #[test]
    fn a_drop_ends_every_state_but_those_that_must_settle() {
        for state in LinkState::ALL {
            let expected = match state {
                LinkState::Moving | LinkState::Settling => state,
                _ => LinkState::Unset,
            };
            assert_eq!(state.next(LinkInput::Drop, false), Ok(expected));
        }
    }

    #[test]
    fn rfc959_51_a_new_selection_replaces_the_old_under_a_new_name() {
        let mut link = DataLink::new();
        assert_eq!(link.select(DataMode::PASV, false), Ok(None));
        let first = link.id();
        assert_eq!(link.select(DataMode::EPSV, false), Ok(Some(first)));
        assert_ne!(link.id(), first);
        assert!(!link.is_current(first));
    }
}
