//! Packet filters.

use super::{Needs, Place};
use core::net::IpAddr;

/// Rules are put first in the chains that everybody has, so that a closed firewall opens for them; a chain of their own could
/// not overrule another's drop.
pub(super) fn nftables(needs: &Needs, place: Place) -> String {
    let ports = needs.inbound("-").join(", ");
    let mark = needs.program.mark();
    let mut text = format!("# {mark}: load with `nft -f FILE`; changes no other rule.\n");
    let (chain, to, from) = match place {
        Place::Host => ("input", String::new(), String::new()),
        Place::Router { machine, .. } => {
            let family = family(machine);
            ("forward", format!("{family} daddr {machine} "), format!("{family} saddr {machine} "))
        }
    };
    text.push_str("add table inet filter\n");
    let mut rule = |chain: &str, rule: &str| {
        text.push_str(&format!(
            "add chain inet filter {chain} {{ type filter hook {chain} priority filter; }}\n\
             insert rule inet filter {chain} ct state established accept comment \"{mark}\"\n\
             insert rule inet filter {chain} {rule} accept comment \"{mark}\"\n"
        ));
    };
    rule(chain, &format!("{to}tcp dport {{ {ports} }}"));
    if let Some(port) = needs.active_source {
        let chain = if place == Place::Host { "output" } else { "forward" };
        rule(chain, &format!("{from}tcp sport {port}"));
    }
    if let Place::Router { machine, forwards: true } = place {
        let family = family(machine);
        text.push_str(&format!(
            "add table {family} nat\n\
             add chain {family} nat prerouting {{ type nat hook prerouting priority dstnat; }}\n\
             add rule {family} nat prerouting fib daddr type local tcp dport {{ {ports} }} dnat to {machine} comment \"{mark}\"\n"
        ));
    }
    text
}

const fn family(ip: IpAddr) -> &'static str {
    if ip.is_ipv4() { "ip" } else { "ip6" }
}

pub(super) fn iptables(needs: &Needs, place: Place) -> String {
    let ports = needs.inbound(":").join(",");
    let mark = needs.program.mark();
    let comment = format!("-m comment --comment {mark} -j");
    let mut text = format!("# {mark}: run with `sh`; changes no other rule.\n");
    let (programs, chain, to, from) = match place {
        Place::Host => (&["iptables", "ip6tables"][..], "INPUT", String::new(), String::new()),
        Place::Router { machine, .. } => {
            let programs = if machine.is_ipv4() { &["iptables"][..] } else { &["ip6tables"] };
            (programs, "FORWARD", format!("-d {machine} "), format!("-s {machine} "))
        }
    };
    for program in programs {
        let mut rule = |chain: &str, rule: &str| {
            text.push_str(&format!(
                "{program} -I {chain} -m conntrack --ctstate ESTABLISHED {comment} ACCEPT\n\
                 {program} -I {chain} {rule} {comment} ACCEPT\n"
            ));
        };
        rule(chain, &format!("{to}-p tcp -m multiport --dports {ports}"));
        if let Some(port) = needs.active_source {
            let chain = if place == Place::Host { "OUTPUT" } else { "FORWARD" };
            rule(chain, &format!("{from}-p tcp --sport {port}"));
        }
        if let Place::Router { machine, forwards: true } = place {
            text.push_str(&format!(
                "{program} -t nat -A PREROUTING -m addrtype --dst-type LOCAL -p tcp -m multiport --dports {ports} {comment} \
                 DNAT --to-destination {machine}\n"
            ));
        }
    }
    text
}

pub(super) fn ufw(needs: &Needs, place: Place) -> String {
    let mark = needs.program.mark();
    let route = match place {
        Place::Host => "ufw allow".to_owned(),
        Place::Router { machine, .. } => format!("ufw route allow proto tcp to {machine} port"),
    };
    let mut text = String::new();
    for ports in needs.inbound(":") {
        text.push_str(&match place {
            Place::Host => format!("{route} {ports}/tcp comment {mark}\n"),
            Place::Router { .. } => format!("{route} {ports} comment {mark}\n"),
        });
    }
    match (needs.active_source, place) {
        (Some(port), Place::Host) => {
            text.push_str(&format!("ufw allow out proto tcp from any port {port} comment {mark}\n"));
        }
        (Some(port), Place::Router { machine, .. }) => {
            text.push_str(&format!("ufw route allow proto tcp from {machine} port {port} comment {mark}\n"))
        }
        (None, _) => {}
    }
    if let Place::Router { forwards: true, .. } = place {
        text.push_str("# ufw forwards no ports by itself: add the `nat` lines of --for iptables to /etc/ufw/before.rules.\n");
    }
    text
}

pub(super) fn firewalld(needs: &Needs, place: Place) -> String {
    let mut text =
        "# Not --add-service=ftp: that loads the kernel's FTP helper, which is blind under TLS.\n".to_owned();
    for ports in needs.inbound("-") {
        let forward = match place {
            Place::Router { machine, forwards: true } => {
                format!("--add-forward-port=port={ports}:proto=tcp:toaddr={machine}")
            }
            Place::Router { .. } | Place::Host => format!("--add-port={ports}/tcp"),
        };
        text.push_str(&format!("firewall-cmd --permanent {forward}\n"));
    }
    if let Some(port) = needs.active_source {
        text.push_str(&format!("firewall-cmd --permanent --add-source-port={port}/tcp\n"));
    }
    text.push_str("firewall-cmd --reload\n");
    text
}

pub(super) fn pf(needs: &Needs, place: Place) -> String {
    let ports = needs.inbound(":").join(" ");
    let mut text = String::new();
    let machine = match place {
        Place::Host => "self".to_owned(),
        Place::Router { machine, forwards } => {
            if forwards {
                text.push_str(&format!(
                    "rdr pass on egress proto tcp to (egress) port {{ {ports} }} -> {machine}\n"
                ));
            }
            machine.to_string()
        }
    };
    text.push_str(&format!("pass in proto tcp to {machine} port {{ {ports} }} keep state\n"));
    if let Some(port) = needs.active_source {
        text.push_str(&format!("pass out proto tcp from {machine} port {port} keep state\n"));
    }
    text
}
