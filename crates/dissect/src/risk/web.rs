// SPDX-License-Identifier: Apache-2.0
//! Risks of HTTP in clear: who asks, who answers, and what the request tries. Only the first request of a connection and
//! its answer are judged, and only the target and a few fields: bodies of forms are not looked at.

use std::sync::LazyLock;

use minamo_model::Flow;
use minamo_model::flow::Http;

use super::Risk;
use super::judge::version;
use super::lexical::is_unreadable;
use super::note;
use super::registry::*;

/// Tools that look for holes, by a word of their user agent.
const TOOLS: &[&str] = &[
    "sqlmap",
    "nikto",
    "nmap",
    "masscan",
    "zgrab",
    "gobuster",
    "dirbuster",
    "dirb",
    "feroxbuster",
    "wpscan",
    "nuclei",
    "acunetix",
    "nessus",
    "openvas",
    "arachni",
    "w3af",
    "havij",
    "hydra",
    "metasploit",
    "whatweb",
    "wfuzz",
    "ffuf",
    "zmeu",
    "jorgee",
    "morfeus",
    "muhstik",
];
/// Words of user agents of search engines and other collectors.
const CRAWLERS: &[&str] =
    &["bot/", "bot;", "bot)", "crawler", "spider", "slurp", "facebookexternalhit", "archive.org_bot"];

/// Files and folders that servers hide, and that hold secrets.
const HIDDEN: &[&str] =
    &["/.env", "/.git/", "/.svn/", "/.aws/", "/.ssh/", "/.htpasswd", "/.ds_store", "/.docker/", "/.npmrc", "/.vscode/"];

/// What a request can try, each sign in lower case with blanks as blanks.
const TRIES: &[(&Risk, &[&str])] = &[
    (&EXPLOIT_ATTEMPT, &["${jndi:", "${${", "() { :", "(){:;", "/.%2e/", "/cgi-bin/../", "class.module.classloader"]),
    (
        &SQL_INJECTION,
        &[
            "union select",
            "union all select",
            "' or '1'='1",
            "' or 1=1",
            "\" or 1=1",
            "information_schema.",
            "xp_cmdshell",
            "; drop table",
            ";drop table",
            "waitfor delay",
            "benchmark(",
            "' and sleep(",
            " or sleep(",
            "extractvalue(",
            "order by 1--",
            "' --",
            "'--",
        ],
    ),
    (
        &SCRIPT_INJECTION,
        &[
            "<script",
            "javascript:alert",
            "onerror=",
            "onload=alert",
            "<svg/onload",
            "<svg onload",
            "<img src=x",
            "document.cookie",
        ],
    ),
    (
        &COMMAND_INJECTION,
        &[
            "../../../",
            "..\\..\\",
            "/etc/passwd",
            "/etc/shadow",
            ";wget http",
            "; wget http",
            "|wget http",
            ";curl http",
            "$(curl",
            "$(wget",
            "|bash",
            "| bash",
            "|sh ",
            "`wget",
            "cmd.exe",
            "/bin/sh",
            "/bin/bash",
            "powershell -",
            "; cat /",
            ";cat /",
            "php://input",
            "php://filter",
            "allow_url_include",
            "data://text/plain",
            "chmod 777",
            "chmod +x",
            "/proc/self/environ",
        ],
    ),
];

/// Words that texts are searched for, by their first octet: one pass over a text tells that none is in it, as is usual.
struct Words([Vec<&'static [u8]>; 256]);

static TOOL: LazyLock<Words> = LazyLock::new(|| Words::of(TOOLS));
static COLLECTOR: LazyLock<Words> = LazyLock::new(|| Words::of(CRAWLERS));
static SECRET: LazyLock<Words> = LazyLock::new(|| Words::of(HIDDEN));
static SIGN: LazyLock<Words> = LazyLock::new(|| Words::of(TRIES.iter().flat_map(|(_, signs)| *signs)));

impl Words {
    fn of(words: impl IntoIterator<Item = &'static &'static str>) -> Self {
        let mut all = Self(std::array::from_fn(|_| Vec::new()));
        for word in words {
            let first = word.bytes().next().unwrap_or(0);
            if let Some(same) = all.0.get_mut(usize::from(first)) {
                same.push(word.as_bytes());
            }
        }
        all
    }

    /// True where one of the words is in the text.
    fn any_in(&self, text: &str) -> bool {
        let mut rest = text.as_bytes();
        while let Some((first, behind)) = rest.split_first() {
            let same = self.0.get(usize::from(*first));
            if same.is_some_and(|words| words.iter().any(|word| rest.starts_with(word))) {
                return true;
            }
            rest = behind;
        }
        false
    }
}

/// Judges the first request and answer.
pub(super) fn judge(flow: &mut Flow) {
    let Some(http) = flow.http.take() else { return };
    if let Some(status) = http.status.filter(|status| *status >= 400) {
        note(flow, &ERROR_CODE, &["HTTP", &status.to_string()]);
    }
    if let Some(agent) = http.user_agent.as_deref() {
        user_agent(flow, agent);
    }
    if let Some(server) = http.server.as_deref().filter(|server| is_outdated(server)) {
        note(flow, &OUTDATED_SERVER, &[server]);
    }
    tries(flow, &http);
    if let Some(path) = http.path.as_deref().map(plain)
        && SECRET.any_in(&path)
    {
        note(flow, &HIDDEN_FILE, &[http.path.as_deref().unwrap_or_default()]);
    }
    content(flow, &http);
    flow.http = Some(http);
}

fn user_agent(flow: &mut Flow, agent: &str) {
    let lower = agent.to_ascii_lowercase();
    let tool = TOOL.any_in(&lower).then(|| TOOLS.iter().find(|tool| lower.contains(**tool))).flatten();
    let why = match tool {
        Some(tool) => Some(format!("the tool {tool}")),
        None if agent.len() < 4 => Some("very short".to_owned()),
        None if agent.contains("${") || agent.contains('<') || agent.contains("() {") => {
            Some("it holds code".to_owned())
        }
        None if lower.starts_with("user-agent") || lower.starts_with("mozlila") || lower.starts_with("mozila/") => {
            Some("misspelt".to_owned())
        }
        None if agent.len() >= 16 && agent.chars().all(|c| c.is_ascii_alphabetic()) && is_unreadable(agent) => {
            Some("it looks generated".to_owned())
        }
        None if agent.chars().all(|c| c.is_ascii_digit() || c == '.') => Some("numbers only".to_owned()),
        None => None,
    };
    if let Some(why) = why {
        note(flow, &ODD_USER_AGENT, &[agent, &why]);
    }
    if COLLECTOR.any_in(&lower) {
        note(flow, &CRAWLER, &[agent]);
    }
}

/// A version that gets no fixes any more.
fn is_outdated(server: &str) -> bool {
    const LIMITS: &[(&str, [u32; 3])] = &[
        ("Apache/", [2, 4, 0]),
        ("nginx/", [1, 18, 0]),
        ("Microsoft-IIS/", [10, 0, 0]),
        ("PHP/", [8, 0, 0]),
        ("lighttpd/", [1, 4, 0]),
        ("Apache-Coyote/", [1, 2, 0]),
        ("OpenSSL/", [1, 1, 1]),
    ];
    server.split(' ').any(|part| {
        LIMITS
            .iter()
            .any(|(name, limit)| part.strip_prefix(name).and_then(version).is_some_and(|version| version < *limit))
    })
}

fn tries(flow: &mut Flow, http: &Http) {
    let fields = [("http_path", &http.path), ("http_user_agent", &http.user_agent), ("http_referer", &http.referer)];
    for (column, text) in fields {
        let Some(text) = text.as_deref() else { continue };
        let plain = plain(text);
        if !SIGN.any_in(&plain) {
            continue;
        }
        for (risk, signs) in TRIES {
            // Fields of the head are searched for holes only: what stands in them is seldom an injection.
            if column != "http_path" && !std::ptr::eq(*risk, &EXPLOIT_ATTEMPT) {
                continue;
            }
            let Some(sign) = signs.iter().find(|sign| plain.contains(**sign)) else { continue };
            match std::ptr::eq(*risk, &EXPLOIT_ATTEMPT) {
                true => note(flow, risk, &[sign, column]),
                false => note(flow, risk, &[text, sign]),
            }
        }
    }
}

/// A target as servers read it: `%` and `+` undone, twice where somebody hides, in lower case.
fn plain(text: &str) -> String {
    let once = |text: &str| {
        let mut octets = text.as_bytes().iter();
        let mut out = Vec::with_capacity(text.len());
        while let Some(&octet) = octets.next() {
            let rest = octets.as_slice();
            let digit = |at: usize| rest.get(at).and_then(|digit| char::from(*digit).to_digit(16));
            match (octet, digit(0), digit(1)) {
                (b'%', Some(high), Some(low)) => {
                    out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                    octets.nth(1);
                }
                (b'+', ..) => out.push(b' '),
                _ => out.push(octet),
            }
        }
        out.utf8_chunks().map(|chunk| chunk.valid()).collect::<String>()
    };
    if text.bytes().any(|octet| matches!(octet, b'%' | b'+')) {
        return once(&once(text)).to_ascii_lowercase();
    }
    text.to_ascii_lowercase()
}

/// Types that are shown and not run.
const SHOWN: &[&str] =
    &["image/", "text/plain", "text/css", "text/html", "font/", "video/", "audio/", "application/pdf"];

fn content(flow: &mut Flow, http: &Http) {
    let (Some(kind), Some(called)) = (http.content_kind.as_deref(), http.content_type.as_deref()) else { return };
    let runs = matches!(kind, "exe" | "elf" | "macho" | "dex" | "apk" | "class" | "jar" | "lnk");
    if runs && SHOWN.iter().any(|shown| called.starts_with(shown)) {
        note(flow, &CONTENT_MISMATCH, &[called, kind]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn judged(path: &str, agent: &str, server: &str) -> Vec<String> {
        let mut flow = Flow::default();
        let http = flow.http.get_or_insert_default();
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        (http.path, http.user_agent, http.server) = (text(path), text(agent), text(server));
        judge(&mut flow);
        assert!(flow.http.is_some(), "the facts are still there");
        flow.risk.and_then(|group| group.risk).unwrap_or_default()
    }

    #[test]
    fn what_requests_try() {
        assert_eq!(judged("/?q=%27%20UNION%20SELECT%201", "", ""), ["sql_injection"]);
        assert_eq!(judged("/?q=%2527+union+select+1", "", ""), ["sql_injection"], "hidden twice");
        assert_eq!(judged("/?q=<ScRiPt>alert(1)</script>", "", ""), ["script_injection"]);
        assert_eq!(judged("/a/..%2f..%2f..%2fetc/passwd", "", ""), ["command_injection"]);
        assert_eq!(judged("/", "${jndi:ldap://x/a}", ""), ["exploit_attempt", "odd_user_agent"]);
        assert_eq!(judged("/%2eenv", "", ""), ["hidden_file"]);
        for harmless in ["/union/selected?page=1", "/search?q=o%27brien+%26+sons", "/a/../b", "/?t=100%25", "/%"] {
            assert!(judged(harmless, "", "").is_empty(), "{harmless}");
        }
    }

    #[test]
    fn who_asks_and_who_answers() {
        assert_eq!(judged("", "sqlmap/1.5", ""), ["odd_user_agent"]);
        assert_eq!(
            judged("", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", ""),
            ["crawler"]
        );
        assert!(judged("", "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "").is_empty());
        assert!(judged("", "curl/8.0", "").is_empty() && judged("", "PackageKitDownloader", "").is_empty());
        assert_eq!(judged("", "qxZvkPbwTrLmNcXjHgFd", ""), ["odd_user_agent"]);
        assert_eq!(judged("", "", "Apache/2.2.15 (CentOS)"), ["outdated_server"]);
        assert_eq!(judged("", "", "Apache/2.4.6 (CentOS) PHP/5.4.16"), ["outdated_server"]);
        assert!(judged("", "", "nginx/1.24.0").is_empty() && judged("", "", "nginx").is_empty());
    }

    #[test]
    fn a_program_that_is_called_a_picture() {
        let mut flow = Flow::default();
        let http = flow.http.get_or_insert_default();
        (http.content_type, http.content_kind) = (Some("image/png".to_owned()), Some("exe".into()));
        judge(&mut flow);
        assert_eq!(flow.risk.and_then(|group| group.risk).expect("noted"), ["content_mismatch"]);
    }

    #[test]
    fn one_pass_finds_every_word() {
        for word in TRIES.iter().flat_map(|(_, signs)| *signs) {
            assert!(SIGN.any_in(&format!("/a{word}")) && SIGN.any_in(word));
            assert!(
                !SIGN.any_in(&word[1..])
                    || TRIES.iter().any(|(_, signs)| signs.iter().any(|sign| word[1..].contains(sign)))
            );
        }
        assert!(!SIGN.any_in("") && !SIGN.any_in("/index.html"));
    }

    proptest! {
        #[test]
        fn arbitrary_texts_do_no_harm(path: String, agent: String, server: String) {
            let _risks = judged(&path, &agent, &server);
        }
    }
}
