//! What routers do in the situations: rulesets of nftables, and commands for the shell.

/// A NAT for what goes out.
pub(super) const MASQUERADE: &str = r#"
    table ip nat {
        chain out { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
    }
"#;

/// The same, with the kernel's FTP helper, which reads control connections, rewrites addresses and opens the way back.
pub(super) const HELPER: &str = r#"
    table ip nat {
        ct helper ftp { type "ftp" protocol tcp; }
        chain see { type filter hook prerouting priority filter; tcp dport 21 ct helper set "ftp"; }
        chain out { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
    }
"#;

/// The client's active ports are forwarded to it.
pub(super) const MASQUERADE_AND_FORWARD: &str = r#"
    table ip nat {
        chain in { type nat hook prerouting priority dstnat; iifname "wan" tcp dport 40000-40009 dnat to 192.168.0.2; }
        chain out { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
    }
"#;

/// Other ports on the outside, by 1,000 higher.
pub(super) const MASQUERADE_AND_MAP: &str = r#"
    table ip nat {
        chain in {
            type nat hook prerouting priority dstnat;
            iifname "wan" dnat ip to tcp dport map {
                41000 : 192.168.0.2 . 40000, 41001 : 192.168.0.2 . 40001, 41002 : 192.168.0.2 . 40002,
                41003 : 192.168.0.2 . 40003, 41004 : 192.168.0.2 . 40004, 41005 : 192.168.0.2 . 40005,
                41006 : 192.168.0.2 . 40006, 41007 : 192.168.0.2 . 40007, 41008 : 192.168.0.2 . 40008,
                41009 : 192.168.0.2 . 40009
            }
        }
        chain out { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
    }
"#;

/// Everything that comes from outside is forwarded to the client.
pub(super) const MASQUERADE_AND_DMZ: &str = r#"
    table ip nat {
        chain in { type nat hook prerouting priority dstnat; iifname "wan" dnat to 192.168.0.2; }
        chain out { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
    }
"#;

/// Nobody gets in from outside who was not asked for.
pub(super) const STATEFUL: &str = r#"
    table inet filter {
        chain forward {
            type filter hook forward priority filter; policy drop;
            ct state established,related accept
            iifname "lan" accept
        }
    }
"#;

/// The control port and the passive ports are forwarded to the server.
pub(super) const SERVER_FORWARDS: &str = r#"
    table ip nat {
        chain in { type nat hook prerouting priority dstnat; iifname "wan" tcp dport { 21, 50000-50009 } dnat to 10.0.0.2; }
        chain out { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
    }
"#;

/// The control port alone is forwarded; the rest goes nowhere.
pub(super) const SERVER_FORWARDS_CONTROL: &str = r#"
    table ip nat {
        chain in { type nat hook prerouting priority dstnat; iifname "wan" tcp dport 21 dnat to 10.0.0.2; }
        chain out { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
    }
    table ip filter {
        chain input { type filter hook input priority filter; iifname "wan" tcp flags syn / syn,ack drop; }
    }
"#;

/// Forwards that work from inside, too (hairpin).
pub(super) const SERVER_FORWARDS_HAIRPIN: &str = r#"
    table ip nat {
        chain in {
            type nat hook prerouting priority dstnat;
            ip daddr 198.51.100.2 tcp dport { 21, 50000-50009 } dnat to 10.0.0.2;
        }
        chain out {
            type nat hook postrouting priority srcnat;
            oifname "wan" masquerade
            ip saddr 10.0.0.0/24 ip daddr 10.0.0.2 masquerade
        }
    }
"#;

/// A firewall before a server: in to 21 and the passive range, out from port 20 only.
pub(super) const SERVER_FIREWALL: &str = r#"
    table inet filter {
        chain forward {
            type filter hook forward priority filter; policy drop;
            ct state established,related accept
            iifname "wan" tcp dport { 21, 50000-50009 } accept
            iifname "lan" tcp sport 20 accept
        }
    }
"#;

/// A firewall before a server that opens the control port only, and trusts in the kernel's FTP helper for the rest.
pub(super) const SERVER_FIREWALL_WITH_HELPER: &str = r#"
    table ip filter {
        ct helper ftp { type "ftp" protocol tcp; }
        chain see { type filter hook prerouting priority filter; tcp dport 21 ct helper set "ftp"; }
        chain forward {
            type filter hook forward priority filter; policy drop;
            ct state established,related accept
            iifname "wan" tcp dport 21 accept
        }
    }
"#;

/// Nothing gets through, and nothing is forwarded.
pub(super) const CLOSED: &str = r#"
    table inet filter {
        chain input { type filter hook input priority filter; policy drop; }
        chain forward { type filter hook forward priority filter; policy drop; }
    }
"#;

/// The same, by iptables.
pub(super) const IPTABLES_CLOSED: &str = "iptables -P INPUT DROP; iptables -P FORWARD DROP";

/// Packets to passive ports vanish.
pub(super) const DATA_DROPPED: &str = r#"
    table inet filter {
        chain forward { type filter hook forward priority filter; tcp dport 50000-50009 drop; }
    }
"#;

/// Connections to passive ports are refused on the way.
pub(super) const DATA_REJECTED: &str = r#"
    table inet filter {
        chain forward { type filter hook forward priority filter; tcp dport 50000-50009 reject with tcp reset; }
    }
"#;

/// Connections to passive ports are reset by the first packet after the handshake.
pub(super) const DATA_RESET: &str = r#"
    table inet filter {
        chain forward {
            type filter hook forward priority filter;
            tcp dport 50000-50009 ct state established reject with tcp reset
        }
    }
"#;

/// Packets of IPv6 vanish.
pub(super) const NO_IPV6: &str = r#"
    table ip6 filter {
        chain forward { type filter hook forward priority filter; policy drop; }
    }
"#;

/// What is silent for 2 s is forgotten, and does not come back by itself.
pub(super) const FORGETFUL: &str =
    "sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_established=2 net.netfilter.nf_conntrack_tcp_loose=0";

/// Replies that begin with 229 vanish: a firewall that reads FTP and does not know EPSV.
pub(super) const NO_229: &str = r#"
    table ip filter {
        chain forward { type filter hook forward priority filter; tcp sport 21 @ih,0,24 0x323239 drop; }
    }
"#;

/// Two servers take turns.
pub(super) const BALANCER: &str = r#"
    table ip nat {
        chain in {
            type nat hook prerouting priority dstnat;
            iifname "wan" tcp dport 21 dnat to numgen inc mod 2 map { 0 : 10.0.0.2, 1 : 10.0.0.3 }
            iifname "wan" tcp dport 50000-50009 dnat to 10.0.0.3
        }
        chain out { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
    }
"#;
