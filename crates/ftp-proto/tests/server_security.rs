//! The boundary between clear text and TLS (RFC 4217), as far as the machine goes: TLS itself is the driver's.

mod rig;

use ftp_proto::data::{
    DataEvent, DataId, DataPolicy, DataPolicyRow, FailureId, RequireResumption, Resumption, StreamEnd,
    TlsFacts, TlsRole, TransferFailure, TransferTotals,
};
use ftp_proto::io::{ControlEvent, ControlMachine, IoAction};
use ftp_proto::server::{Ask, ConfigError, Notice, ServerConfig, TlsPolicy};
use rig::{Rig, tls_facts};
use std::sync::Arc;

fn offering() -> ServerConfig {
    ServerConfig { tls: TlsPolicy::Offer, ..ServerConfig::default() }
}

fn secured() -> Rig {
    secured_with(offering())
}

fn secured_with(config: ServerConfig) -> Rig {
    let mut rig = Rig::new(config);
    rig.send("AUTH TLS\r\n");
    assert_eq!(rig.codes(), [220, 234]);
    rig.control(ControlEvent::Secured(tls_facts()));
    rig
}

#[test]
fn without_tls_auth_is_502_and_not_in_feat() {
    let mut rig = Rig::new(ServerConfig::default());
    rig.codes();
    assert_eq!(rig.cmd("AUTH TLS"), [502]);
    rig.send("FEAT\r\n");
    let feat = rig.replies();
    assert!(!feat[0].lines.iter().any(|line| line.starts_with(b"AUTH") || line.starts_with(b" AUTH")));
}

#[test]
fn rfc4217_16_s12_what_comes_behind_auth_in_the_clear_is_never_served() {
    let attack = "AUTH TLS\r\nUSER u\r\nPASS p\r\nNOOP\r\n";
    for cut in 1..attack.len() {
        let mut rig = Rig::new(offering());
        rig.codes();
        rig.send(&attack[..cut]);
        rig.send(&attack[cut..]);
        let codes = rig.codes();
        assert_eq!(codes, [234], "cut at {cut}");
        assert!(rig.took(|action| *action == IoAction::StartControlTls(TlsRole::Server)));
        rig.control(ControlEvent::Secured(tls_facts()));
        assert_eq!(rig.cmd("PWD"), [530], "cut at {cut}");
    }
}

#[test]
fn rfc4217_17_s13_a_login_in_the_clear_does_not_outlive_auth() {
    let mut rig = Rig::new(offering());
    rig.send("USER u\r\nPASS p\r\nAUTH TLS\r\n");
    assert_eq!(rig.codes(), [220, 331, 230, 234]);
    rig.control(ControlEvent::Secured(tls_facts()));
    assert_eq!(rig.cmd("PWD"), [530]);
    assert_eq!(rig.cmd("PASS p"), [503]);
    assert!(rig.notices.iter().any(|notice| matches!(notice, Notice::LoggedOut)));
}

#[test]
fn tls_does_not_begin_before_the_234_is_written() {
    let mut rig = Rig::new(offering());
    rig.codes();
    let _ = rig.server.receive(b"AUTH TLS\r\n", rig.now);
    while let Some(step) = rig.server.poll() {
        assert!(!format!("{step:?}").contains("StartControlTls"), "too early");
    }
    let octets = rig.server.pending_output().len();
    rig.server.output_written(octets - 1, rig.now);
    while let Some(step) = rig.server.poll() {
        assert!(!format!("{step:?}").contains("StartControlTls"), "too early");
    }
    rig.server.output_written(1, rig.now);
    rig.turn();
    assert!(rig.took(|action| *action == IoAction::StartControlTls(TlsRole::Server)));
}

#[test]
fn rfc4217_05_prot_needs_pbsz_and_pbsz_needs_auth() {
    let mut clear = Rig::new(offering());
    clear.codes();
    assert_eq!(clear.cmd("PBSZ 0"), [503]);
    assert_eq!(clear.cmd("PROT P"), [503]);
    let mut rig = secured();
    assert_eq!(rig.cmd("PROT P"), [503]);
    assert_eq!(rig.cmd("PBSZ 0"), [200]);
    assert_eq!(rig.cmd("PROT P"), [200]);
    assert_eq!(rig.cmd("PROT S"), [536]);
    assert_eq!(rig.cmd("PROT X"), [504]);
    assert_eq!(rig.cmd("AUTH TLS"), [503]);
}

#[test]
fn rfc4217_12_ccc_is_refused_by_policy_by_default() {
    let mut clear = Rig::new(offering());
    clear.codes();
    assert_eq!(clear.cmd("CCC"), [533]);
    assert_eq!(secured().cmd("CCC"), [534]);
}

#[test]
fn rfc4217_14_rein_goes_back_to_the_clear() {
    let mut rig = secured();
    assert_eq!(rig.cmd("REIN"), [220]);
    assert!(rig.took(|action| *action == IoAction::StopControlTls));
    rig.control(ControlEvent::Cleared);
    assert_eq!(rig.cmd("PBSZ 0"), [503]);
}

#[test]
fn a_tls_handshake_that_fails_ends_the_session_without_a_reply() {
    let mut rig = Rig::new(offering());
    rig.send("AUTH TLS\r\n");
    rig.codes();
    rig.control(ControlEvent::SecureFailed);
    assert_eq!(rig.codes(), []);
    assert!(rig.server_is_finished());
}

#[test]
fn only_tls_is_a_mechanism() {
    let mut rig = Rig::new(offering());
    rig.codes();
    assert_eq!(rig.cmd("AUTH KERBEROS_V4"), [504]);
}

/// Logged in under TLS, with PROT P and a connected data connection.
fn private_link() -> (Rig, DataId) {
    private_link_with(offering())
}

fn private_link_with(config: ServerConfig) -> (Rig, DataId) {
    let mut rig = secured_with(config);
    rig.send("USER u\r\nPASS p\r\nPBSZ 0\r\nPROT P\r\n");
    assert_eq!(rig.codes(), [331, 230, 200, 200]);
    let id = rig.epsv();
    rig.connect(id);
    (rig, id)
}

#[test]
fn under_prot_p_octets_move_once_tls_is_up() {
    let (mut rig, id) = private_link();
    rig.send("RETR f\r\n");
    rig.ready();
    assert_eq!(rig.codes(), [125]);
    assert!(rig.took(|action| matches!(action, IoAction::StartDataTls { .. })));
    assert!(!rig.took(|action| matches!(action, IoAction::StartTransfer { .. })));
    rig.data(id, DataEvent::Secured(tls_facts()));
    assert!(rig.took(|action| matches!(action, IoAction::StartTransfer { .. })));
    rig.ended(id, Ok(()));
    rig.settled();
    assert_eq!(rig.codes(), [226]);
}

#[test]
fn s17_an_upload_that_ends_without_close_notify_is_426() {
    let (mut rig, id) = private_link();
    rig.send("STOR f\r\n");
    rig.ready();
    rig.data(id, DataEvent::Secured(tls_facts()));
    let totals = TransferTotals { wire: 3, stored: 3, end: StreamEnd::Unclean };
    rig.data(id, DataEvent::Ended { totals, result: Ok(()) });
    let Some(Ask::Settle(ask)) = rig.asks.pop() else { panic!("storage is asked") };
    assert_eq!(ask.result(), Err(TransferFailure::Truncated));
    let _ = rig.server.decide(ask.done(), rig.now);
    rig.turn();
    assert_eq!(rig.codes(), [125, 426]);
}

#[test]
fn s17_whoever_has_clients_that_send_no_close_notify_can_take_their_uploads_as_whole() {
    let (mut rig, id) = private_link_with(ServerConfig { accept_unclean_end: true, ..offering() });
    rig.send("STOR f\r\n");
    rig.ready();
    rig.data(id, DataEvent::Secured(tls_facts()));
    let totals = TransferTotals { wire: 3, stored: 3, end: StreamEnd::Unclean };
    rig.data(id, DataEvent::Ended { totals, result: Ok(()) });
    let Some(Ask::Settle(ask)) = rig.asks.pop() else { panic!("storage is asked") };
    assert_eq!(ask.result(), Ok(()));
}

/// A transfer whose TLS on the data connection turns out so; whether it had to resume, and the replies.
fn transfer(rig: &mut Rig, id: DataId, line: &str, resumption: Resumption) -> (bool, Vec<u16>) {
    rig.send(line);
    rig.ready();
    let required = rig.actions.iter().rev().find_map(|action| match action {
        IoAction::StartDataTls { must_resume, .. } => Some(*must_resume),
        _ => None,
    });
    let required = required.expect("TLS begins");
    rig.data(id, DataEvent::Secured(TlsFacts { resumption, ..tls_facts() }));
    let totals = TransferTotals { wire: 3, stored: 3, end: StreamEnd::CloseNotify };
    rig.data(id, DataEvent::Ended { totals, result: Ok(()) });
    if let Some(Ask::Settle(ask)) = rig.asks.pop() {
        let _ = rig.server.decide(ask.done(), rig.now);
        rig.turn();
    }
    (required, rig.codes())
}

#[test]
fn s9_where_resumption_is_required_a_data_connection_without_is_refused_by_its_name() {
    let row = DataPolicyRow { resumption: RequireResumption::Require, ..DataPolicyRow::default() };
    let config = ServerConfig { data: Arc::new(DataPolicy::new(row)), ..offering() };
    let (mut rig, id) = private_link_with(config);
    assert_eq!(transfer(&mut rig, id, "RETR f\r\n", Resumption::None), (true, vec![125, 425]));
    let id = rig.epsv();
    rig.connect(id);
    assert_eq!(transfer(&mut rig, id, "RETR f\r\n", Resumption::ControlSession), (true, vec![125, 226]));
}

#[test]
fn s9_resumption_is_never_required_where_nobody_looks_or_it_is_only_logged() {
    for resumption in [RequireResumption::Off, RequireResumption::Log] {
        let row = DataPolicyRow { resumption, ..DataPolicyRow::default() };
        let config = ServerConfig { data: Arc::new(DataPolicy::new(row)), ..offering() };
        let (mut rig, mut id) = private_link_with(config);
        for met in [Resumption::ControlSession, Resumption::None] {
            assert_eq!(transfer(&mut rig, id, "RETR f\r\n", met), (false, vec![125, 226]));
            id = rig.epsv();
            rig.connect(id);
        }
    }
}

#[test]
fn s9_by_default_resumption_is_required_of_clients_that_have_shown_it_and_have_a_ticket() {
    let (mut rig, first) = private_link();
    let mut next = Some(first);
    // A ticket of TLS 1.3 may work once; downloads bring new ones, uploads do not.
    for (line, resumption, required) in [
        ("RETR f\r\n", Resumption::None, false),
        ("RETR f\r\n", Resumption::ControlSession, false),
        ("STOR f\r\n", Resumption::ControlSession, true),
        ("STOR f\r\n", Resumption::None, false),
        ("RETR f\r\n", Resumption::ControlSession, false),
        ("RETR f\r\n", Resumption::ControlSession, true),
    ] {
        let id = next.take().unwrap_or_else(|| {
            let id = rig.epsv();
            rig.connect(id);
            id
        });
        assert_eq!(transfer(&mut rig, id, line, resumption), (required, vec![125, 226]), "{line}");
    }
}

#[test]
fn after_ccc_protection_is_not_negotiated_again_and_rein_begins_anew() {
    let mut rig = Rig::new(ServerConfig { allow_ccc: true, ..offering() });
    rig.codes();
    rig.send("AUTH TLS\r\n");
    rig.control(ControlEvent::Secured(tls_facts()));
    rig.send("USER u\r\nPASS p\r\nPBSZ 0\r\nPROT P\r\nCCC\r\n");
    rig.control(ControlEvent::Cleared);
    rig.codes();
    assert_eq!(rig.cmd("PBSZ 0"), [503]);
    assert_eq!(rig.cmd("PROT C"), [503]);
    assert_eq!(rig.cmd("REIN"), [220]);
    assert_eq!(rig.cmd("AUTH TLS"), [234]);
}

#[test]
fn where_tls_is_required_data_in_the_clear_is_refused() {
    let mut rig = Rig::new(ServerConfig { tls: TlsPolicy::Require, ..ServerConfig::default() });
    rig.send("AUTH TLS\r\n");
    rig.control(ControlEvent::Secured(tls_facts()));
    rig.send("USER u\r\nPASS p\r\n");
    rig.codes();
    rig.epsv();
    assert_eq!(rig.cmd("RETR f"), [521]);
}

#[test]
fn rfc4217_11_data_connections_can_have_a_policy_of_their_own() {
    let with = |tls_data| ServerConfig {
        tls: TlsPolicy::Require,
        tls_data: Some(tls_data),
        ..ServerConfig::default()
    };
    for (policy, prot, retr) in [
        (TlsPolicy::Off, 534, &[150][..]),
        (TlsPolicy::Offer, 200, &[150]),
        (TlsPolicy::Require, 200, &[521]),
    ] {
        let mut rig = Rig::new(with(policy));
        rig.send("AUTH TLS\r\n");
        rig.control(ControlEvent::Secured(tls_facts()));
        rig.send("USER u\r\nPASS p\r\nPBSZ 0\r\n");
        rig.codes();
        assert_eq!(rig.cmd("PROT P"), [prot], "{policy:?}");
        rig.cmd("PROT C");
        rig.epsv();
        rig.send("RETR f\r\n");
        if retr == [150] {
            rig.ready();
        }
        assert_eq!(rig.codes(), retr, "{policy:?}");
    }
    let impossible =
        ServerConfig { tls: TlsPolicy::Off, tls_data: Some(TlsPolicy::Require), ..ServerConfig::default() };
    assert_eq!(impossible.validate(), Err(ConfigError::DataWithoutControl));
}

#[test]
fn s9_a_data_connection_that_shows_another_certificate_is_somebody_elses() {
    let shown =
        |certificate: &'static str| TlsFacts { peer_certificate: Some(certificate.into()), ..tls_facts() };
    for (data, taken) in [(shown("ours"), true), (tls_facts(), true), (shown("theirs"), false)] {
        let mut rig = Rig::new(offering());
        rig.send("AUTH TLS\r\n");
        rig.control(ControlEvent::Secured(shown("ours")));
        rig.send("USER u\r\nPASS p\r\nPBSZ 0\r\nPROT P\r\n");
        rig.codes();
        let id = rig.epsv();
        rig.connect(id);
        rig.send("RETR f\r\n");
        rig.ready();
        rig.codes();
        rig.data(id, DataEvent::Secured(data));
        assert_eq!(rig.took(|action| matches!(action, IoAction::StartTransfer { .. })), taken);
        let named = |notice: &Notice| {
            matches!(notice, Notice::DataFailed { named: FailureId::TlsOtherCertificate, .. })
        };
        assert_eq!(rig.notices.iter().any(named), !taken);
    }
}
