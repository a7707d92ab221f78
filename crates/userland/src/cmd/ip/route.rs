//! `ip route` and `ip neighbour`: they show; of the neighbours they also change.  Not here: addresses and links.  Source: iproute2 6.1.

use super::{cards, mac, prefix, refused, shows};
use crate::util::inet::{Route, routes};
use machine::{STDERR, STDOUT, Sys};
use std::net::Ipv4Addr;

pub(super) async fn route(sys: &Sys, words: &[&str]) -> i32 {
    let all = cards(sys.ifaces().await);
    let eth = all.iter().find(|i| i.name != "lo" && i.up && !i.addrs.is_empty());
    match words.first().copied().unwrap_or("show") {
        c if shows(c) => {
            let only_default = words.contains(&"default");
            let on = words.iter().skip_while(|w| **w != "dev").nth(1);
            for Route { net, len, device, src } in routes(&all) {
                if only_default && len > 0 || on.is_some_and(|d| *d != device) {
                    continue;
                }
                match len {
                    0 => sys.print(STDOUT, format_args!("default dev {device} scope link \n")),
                    _ => sys.print(STDOUT, format_args!("{net}/{len} dev {device} proto kernel scope link src {src} \n")),
                }
            }
            0
        }
        "get" => {
            let Some(ip) = words.get(1).and_then(|w| w.parse::<Ipv4Addr>().ok()) else {
                let word = words.get(1).copied().unwrap_or("");
                sys.print(STDERR, format_args!("Error: any valid prefix is expected rather than \"{word}\".\n"));
                return 1;
            };
            let uid = sys.ids().uid;
            if ip.is_loopback() || all.iter().flat_map(|i| &i.addrs).any(|(a, _)| *a == ip) {
                sys.print(STDOUT, format_args!("local {ip} dev lo src {ip} uid {uid} \n    cache <local> \n"));
                return 0;
            }
            let Some(iface) = eth else {
                sys.print(STDERR, format_args!("RTNETLINK answers: Network is unreachable\n"));
                return 2;
            };
            sys.print(STDOUT, format_args!("{ip} dev {} src {} uid {uid} \n    cache \n", iface.name, iface.addrs[0].0));
            0
        }
        "add" | "del" | "change" | "replace" | "append" => {
            if let Some(word) = words.get(1).filter(|w| **w != "default" && prefix(w).is_none()) {
                sys.print(STDERR, format_args!("Error: any valid prefix is expected rather than \"{word}\".\n"));
                return 1;
            }
            sys.unsupported("changing routes");
            1
        }
        other => {
            sys.print(STDERR, format_args!("Command \"{other}\" is unknown, try \"ip route help\".\n"));
            255
        }
    }
}

pub(super) async fn neighbour(sys: &Sys, words: &[&str]) -> i32 {
    let (command, rest) = words.split_first().map_or(("show", &[][..]), |(c, r)| (*c, r));
    match command {
        c if shows(c) => {
            let ip = rest.iter().find_map(|w| w.parse::<Ipv4Addr>().ok());
            for (a, hw, told) in sys.neighbours().await {
                if ip.is_none_or(|ip| ip == a) {
                    let state = if told { "PERMANENT" } else { "REACHABLE" };
                    sys.print(STDOUT, format_args!("{a} dev eth0 lladdr {} {state} \n", mac(&hw)));
                }
            }
            0
        }
        "add" | "replace" | "change" | "del" | "delete" => {
            let ip = rest.first().and_then(|w| w.parse::<Ipv4Addr>().ok());
            let Some(ip) = ip else {
                let word = rest.first().copied().unwrap_or("");
                sys.print(STDERR, format_args!("Error: any valid address is expected rather than \"{word}\".\n"));
                return 1;
            };
            let at = rest.iter().position(|w| *w == "lladdr").and_then(|i| rest.get(i + 1));
            let hw = at.and_then(|text| {
                let bytes: Vec<u8> = text.split(':').filter_map(|b| u8::from_str_radix(b, 16).ok()).collect();
                <[u8; 6]>::try_from(bytes).ok()
            });
            let hw = if command.starts_with("del") { None } else { hw };
            refused(sys, sys.neighbour_set(ip, hw).await)
        }
        other => {
            sys.print(STDERR, format_args!("Command \"{other}\" is unknown, try \"ip neighbour help\".\n"));
            255
        }
    }
}
