// SPDX-License-Identifier: Apache-2.0
//! A shell in clear over a bare connection, as tools of attack open it (ATT&CK T1059): told by what shells say of themselves when they
//! begin without a terminal. It has no specification; the words are those of cmd.exe, PowerShell, bash and dash.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Shell",
    title: "Shell in clear over a bare connection",
    category: Category::RemoteAccess,
    spec: &["MITRE ATT&CK T1059"],
    first: First::Of(b"MWPbsu/\n\r"),
    probe,
    sample: &[(Side::Src, b"Microsoft Windows [Version 10.0.19045.3803]\r\n")],
    ..Protocol::STREAM
};

/// What a shell says first.
const WORDS: &[&[u8]] = &[
    b"Microsoft Windows [Version ",
    b"Microsoft Windows XP [Version ",
    b"Microsoft Windows 2000 [Version ",
    b"Windows PowerShell\r\nCopyright",
    b"bash: no job control in this shell",
    b"bash: cannot set terminal process group",
    b"sh: no job control in this shell",
    b"/bin/sh: 0: can't access tty; job control turned off",
];

fn probe(_: Side, data: &[u8]) -> Verdict {
    let told = data.strip_prefix(b"\r\n").or_else(|| data.strip_prefix(b"\n")).unwrap_or(data);
    if told.is_empty() {
        return Verdict::Maybe;
    }
    either(begins_with_any(told, WORDS), either(identity(told), prompt(told)))
}

/// The answer to `id`: a number and a name in brackets.
fn identity(data: &[u8]) -> Verdict {
    match begins(data, b"uid=") {
        Verdict::Yes => {
            let rest = data.get(4..).unwrap_or_default();
            let digits = rest.iter().take_while(|octet| octet.is_ascii_digit()).count();
            match rest.get(digits) {
                None => maybe_if(digits < 11),
                Some(next) => yes_if(digits > 0 && *next == b'('),
            }
        }
        other => other,
    }
}

/// `PS C:\…`, `bash-5.1$ `, `sh-5.1# `.
fn prompt(data: &[u8]) -> Verdict {
    let version = |rest: &[u8]| {
        let digits = rest.iter().take_while(|octet| octet.is_ascii_digit() || **octet == b'.').count();
        match rest.get(digits..digits + 2) {
            None => maybe_if(digits < 8 && rest.get(digits).is_none_or(|octet| b"$#".contains(octet))),
            Some(end) => yes_if((3..8).contains(&digits) && matches!(end, b"$ " | b"# ")),
        }
    };
    match data {
        [b'P', b'S', b' ', drive, b':', b'\\', ..] => yes_if(drive.is_ascii_alphabetic()),
        [b'P'] | [b'P', b'S'] | [b'P', b'S', b' '] | [b'P', b'S', b' ', _] | [b'P', b'S', b' ', _, b':'] => {
            Verdict::Maybe
        }
        [b'b', b'a', b's', b'h', b'-', rest @ ..] | [b's', b'h', b'-', rest @ ..] => version(rest),
        _ => maybe_if(b"bash-".starts_with(data) || b"sh-".starts_with(data)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shells_say_when_they_begin() {
        let shells: [&[u8]; 7] = [
            b"\nuid=33(www-data) gid=33(www-data)",
            b"sh-5.1$ ",
            b"bash-4.4# ",
            b"PS C:\\Users\\a> ",
            b"bash: no job control in this shell\nroot@a:/# ",
            b"/bin/sh: 0: can't access tty; job control turned off\n$ ",
            b"Windows PowerShell\r\nCopyright (C) Microsoft",
        ];
        for shell in shells {
            assert_eq!(probe(Side::Src, shell), Verdict::Yes, "{}", String::from_utf8_lossy(shell));
        }
        let others: [&[u8]; 6] =
            [b"uid=a", b"uid=1;", b"sh-", b"SSH-2.0-x\r\n", b"PSH C:\\", b"Microsoft Windows is a system"];
        for other in others {
            assert_ne!(probe(Side::Src, other), Verdict::Yes, "{}", String::from_utf8_lossy(other));
        }
    }
}
