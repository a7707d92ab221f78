//! The sentences of traces in Chinese. The daemons write them in English; each is known by its fixed parts, and what stands between
//! (names, addresses, times) is carried over. A sentence that is not in the table stays as it is. Not here: the page's own words (`i18n`).

use crate::i18n::{Lang, Msg};

const SENTENCES: [Msg; 47] = [
    Msg("logged in as {} with {}", "已用 {1} 方式登录为 {0}"),
    Msg("the client has not logged in", "客户端没有登录"),
    Msg("PTR and A agree: {} is {}", "PTR 与 A 记录一致：{0} 就是 {1}"),
    Msg("PTR of {} is {}, but {} does not resolve to it", "{0} 的 PTR 是 {1}，但 {1} 不解析到它"),
    Msg("the DNS could not say who {} is", "DNS 暂时查不出 {0} 是谁"),
    Msg("{} has no PTR record", "{0} 没有 PTR 记录"),
    Msg("{} accepts no mail", "{0} 不收邮件"),
    Msg("{} is local (mydestination, inet_interfaces)", "{0} 由本机收信（mydestination、inet_interfaces）"),
    Msg("{} is a virtual alias domain", "{0} 是虚拟别名域"),
    Msg("{} is a virtual mailbox domain", "{0} 是虚拟邮箱域"),
    Msg("{} is a relay domain", "{0} 是转发域（relay_domains）"),
    Msg("{} is none of ours", "{0} 不归本机管"),
    Msg("{}, and the address holds a route (allow_untrusted_routing = no)", "{0}，而且地址里带有路由（allow_untrusted_routing = no）"),
    Msg("postmaster without a domain is always accepted", "不带域名的 postmaster 一律接受"),
    Msg("the server speaks first", "连接后由服务器先说话"),
    Msg("end of data", "邮件内容结束"),
    Msg("SASL {} for {}: {}", "{1} 用 SASL {0} 登录：{2}"),
    Msg("the table's answer is a list of restrictions: {}", "表里查到的是一串限制：{0}"),
    Msg("a refusal becomes the deferral asked for before: {}", "拒绝变成了前面要求的暂缓：{0}"),
    Msg("a permission becomes the deferral asked for before: {}", "放行变成了前面要求的暂缓：{0}"),
    Msg(
        "when this process began: {}; {} makes the file, and a process that starts then finds it",
        "这个进程启动时：{0}；运行 {1} 生成文件后，之后启动的进程就能找到它",
    ),
    Msg("{} is younger than {}: {} was not run since it was changed", "{0} 比 {1} 新：改动之后还没有运行 {2}"),
    Msg("\"{}\" is not a valid domain name", "“{0}”不是合法的域名"),
    Msg("{} is this machine (mydestination): class local", "{0} 是本机（mydestination）：local 类"),
    Msg("{} is in none of the address classes: default class", "{0} 不属于任何地址类：default 类"),
    Msg("content filter {} overrides the address resolver", "内容过滤器 {0} 取代了地址解析的结果"),
    Msg("{} → transport {}, nexthop {}", "{0} → 传输方式 {1}，下一跳 {2}"),
    Msg("transport {} to {} is suspended after failures", "多次失败后，{0} 到 {1} 的传输暂停"),
    Msg(
        "{} s in the queue: as long again, within two bounds, then the next scan of deferred",
        "已在队列里 {0} 秒：再等同样久（在上下限之内），然后等下一次扫描 deferred",
    ),
    Msg("connected to {}", "已连上 {0}"),
    Msg("{} is neither in alias_maps nor an account", "{0} 既不在 alias_maps 里，也不是本机账号"),
    Msg("{} stands in its own expansion: the account is meant", "{0} 出现在自己的展开里：指的就是这个账号"),
    Msg("owner-{} is an alias: problems are reported to {}", "有别名 owner-{0}：出问题时通知 {1}"),
    Msg("commands and files run with the rights of {}", "命令和文件以 {0} 的权限执行"),
    Msg("the connection was refused before: {}", "连接时就已拒绝：{0}"),
    Msg("a header field where a command is due", "该发命令的地方来了一行信头"),
    Msg("{} is no command", "{0} 不是命令"),
    Msg("warn_if_reject: only logged, not refused: {}", "warn_if_reject：只记日志，没有拒绝：{0}"),
    Msg("a permission will become this deferral: {}", "之后若放行，将改为暂缓：{0}"),
    Msg("a refusal will become this deferral: {}", "之后若拒绝，将改为暂缓：{0}"),
    Msg("line {} is that of the text when it was compiled; today it reads \"{}\"", "行号 {0} 是编译时的文本；现在这一行是“{1}”"),
    Msg(
        "{} was changed since this process read it: without a reload what it said before is in force",
        "这个进程读过之后 {0} 又改过：没有 reload，生效的还是原来的内容",
    ),
    Msg("{} answered: {}", "{0} 回答：{1}"),
    Msg("{} bytes are free in the queue directory", "队列目录还剩 {0} 字节"),
    Msg("no table and no rule changed an address", "没有表或规则改动地址"),
    Msg("a probe for {} is sent now", "现在为 {0} 发出探测邮件"),
    Msg("found {} s ago by a probe: {}", "{0} 秒前由探测得知：{1}"),
];

/// A sentence in the reader's language.
pub(crate) fn sentence(lang: Lang, text: &str) -> String {
    let known = |m: &Msg| Some((m.1, parts(m.0, text)?));
    match SENTENCES.iter().find_map(known) {
        Some((zh, values)) if lang == Lang::Zh => fill(zh, &values),
        _ => text.into(),
    }
}

/// What stands for the `{}` of a form, if the text has it.
fn parts<'a>(form: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let mut fixed = form.split("{}");
    let mut rest = text.strip_prefix(fixed.next()?)?;
    let mut out = Vec::new();
    let mut more = fixed.peekable();
    while let Some(part) = more.next() {
        // The last one runs to the end.
        let at =
            if more.peek().is_none() { rest.len().checked_sub(part.len()).filter(|_| rest.ends_with(part))? } else { rest.find(part)? };
        out.push(rest.get(..at)?);
        rest = rest.get(at + part.len()..)?;
    }
    rest.is_empty().then_some(out)
}

/// Puts the values to where their numbers stand.
fn fill(form: &str, values: &[&str]) -> String {
    let mut out = String::new();
    for (i, part) in form.split('{').enumerate() {
        match part.split_once('}').filter(|_| i > 0) {
            Some((n, rest)) => {
                out.push_str(n.parse().ok().and_then(|n: usize| values.get(n)).copied().unwrap_or_default());
                out.push_str(rest);
            }
            None => out.push_str(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_known_by_their_fixed_parts() {
        let zh = |text| sentence(Lang::Zh, text);
        assert_eq!(zh("logged in as redhat with LOGIN"), "已用 LOGIN 方式登录为 redhat");
        assert_eq!(zh("192.168.1.9 has no PTR record"), "192.168.1.9 没有 PTR 记录");
        assert_eq!(
            zh("/etc/aliases is younger than /etc/aliases.db: newaliases was not run since it was changed"),
            "/etc/aliases 比 /etc/aliases.db 新：改动之后还没有运行 newaliases"
        );
        assert_eq!(zh("RCPT"), "RCPT");
        assert_eq!(sentence(Lang::En, "end of data"), "end of data");
    }
}
