// SPDX-License-Identifier: Apache-2.0
//! Performance, risks and signatures of a flow.

use super::*;

/// A request and its answer, seen in the middle of a path: milliseconds from the client to here, from here to the server, and
/// of the server itself. Segments of the answer with these numbers are lost behind the place where they are seen.
fn conversation(near: i64, far: i64, server: i64, lost: &[u32]) -> Flow {
    let mut run = Run::new(Settings::default());
    let mut frames = Vec::new();
    frames.push((0, segment(CLIENT, SERVER, 100, SYN, b"")));
    frames.push((2 * far, segment(SERVER, CLIENT, 900, SYN | ACK, b"")));
    let opened = 2 * far + 2 * near;
    frames.push((opened, segment(CLIENT, SERVER, 101, ACK, b"")));
    frames.push((opened, segment(CLIENT, SERVER, 101, ACK | 8, b"ask")));
    let answered = opened + 2 * far + server;
    for number in 0..20u32 {
        let part = segment(SERVER, CLIENT, 901 + number * 10, ACK, &[b'a'; 10]);
        frames.push((answered + i64::from(number), part.clone()));
        if lost.contains(&number) {
            // Sent again when the time for an acknowledgement has passed (RFC 6298 §2: at least a second).
            frames.push((answered + i64::from(number) + 1_000 + 2 * (near + far), part));
        }
    }
    frames.sort_by_key(|(time, _)| *time);
    frames.iter().for_each(|(time, frame)| run.at(*time, frame));
    run.end().0.remove(0)
}

proptest! {
    #[test]
    fn performance_is_what_the_path_and_the_server_were(
        near in 0i64..400,
        far in 0i64..400,
        server in 0i64..2_000,
        lost in proptest::collection::btree_set(0u32..20, 0..6),
    ) {
        let lost: Vec<u32> = lost.into_iter().collect();
        let npm = conversation(near, far, server, &lost).npm.expect("measured");
        // Wanted within five in a hundred; without a kernel in between they are exact.
        let micros = |millis: i64| u32::try_from(millis * 1_000).ok();
        prop_assert_eq!((npm.src_rtt_micros, npm.dst_rtt_micros), (micros(2 * near), micros(2 * far)));
        prop_assert_eq!(npm.response_micros, micros(2 * far + server));
        prop_assert_eq!(npm.dst_retransmits.unwrap_or(0) as usize, lost.len(), "losses are exact");
        prop_assert_eq!((npm.src_retransmits, npm.src_out_of_order, npm.dst_out_of_order), (None, None, None));
        let (verdict, reason) = (npm.verdict.expect("said"), npm.verdict_reason.expect("said"));
        let want = if lost.len() >= 3 {
            ("network", "loss")
        } else if server >= 500 && server >= 2 * (near + far) {
            ("server", "slow_response")
        } else if 2 * (near + far) >= 200 {
            ("network", "long_way")
        } else {
            ("good", "nothing_slow")
        };
        prop_assert_eq!((verdict.as_ref(), reason.as_ref()), want);
    }
}

#[test]
fn rows_say_what_should_not_be() {
    let mut run = Run::new(Settings::default());
    let web = (SERVER.0, 80);
    run.at(0, &segment(CLIENT, web, 100, SYN, b""));
    run.at(1, &segment(web, CLIENT, 900, SYN | ACK, b""));
    run.at(
        2,
        &segment(CLIENT, web, 101, ACK, b"GET / HTTP/1.1\r\nHost: 198.51.100.2\r\nAuthorization: Basic eDp5\r\n\r\n"),
    );
    let refused = (SERVER.0, 22);
    run.at(3, &segment(CLIENT, refused, 100, SYN, b""));
    run.at(4, &segment(refused, CLIENT, 0, RST | ACK, b""));
    let (rows, _) = run.end();
    let risks = |port: u16| {
        let row = rows.iter().find(|row| row.core.dst_port == port).expect("a row");
        row.risk.clone().and_then(|risk| risk.risk).unwrap_or_default()
    };
    assert_eq!(risks(80), ["clear_text_credentials", "numeric_host"]);
    assert_eq!(risks(22), ["tcp_trouble"]);
}

#[test]
fn a_flow_is_looked_at_for_the_signatures_that_were_in_force_when_it_began() {
    let settings = Settings::default();
    let force = |application: &str| {
        let file = format!(
            "[[signature]]\nname = \"own\"\napplication = \"{application}\"\nall = [{{ text = \"ACME\", at = 0 }}]"
        );
        settings.signatures.replace(Signatures::read(&file).expect("a good file"));
    };
    force("First");
    let mut run = Run::new(settings.clone());
    let say = |run: &mut Run, millis: i64, port: u16| {
        let client = (CLIENT.0, port);
        run.at(millis, &segment(client, SERVER, 100, SYN, b""));
        run.at(millis + 1, &segment(SERVER, client, 900, SYN | ACK, b""));
    };
    let rest = |run: &mut Run, millis: i64, port: u16| {
        let client = (CLIENT.0, port);
        run.at(millis, &segment(client, SERVER, 101, ACK, b"AC"));
        run.at(millis + 1, &segment(client, SERVER, 103, ACK, b"ME"));
        run.at(millis + 2, &segment(client, SERVER, 105, ACK | FIN, b""));
        run.at(millis + 3, &segment(SERVER, client, 901, ACK | FIN, b""));
    };
    say(&mut run, 0, 40_001);
    force("Second");
    say(&mut run, 10, 40_002);
    rest(&mut run, 20, 40_001);
    rest(&mut run, 30, 40_002);
    let (rows, _) = run.end();
    let label = |port: u16| {
        let core = &rows.iter().find(|row| row.core.src_port == port).expect("a row").core;
        (
            core.app.to_string(),
            core.app_confidence.to_string(),
            core.app_reason.clone().unwrap_or_default().into_owned(),
        )
    };
    let told = |application: &str| {
        (application.to_owned(), "signature".to_owned(), "signature own: text ACME at 0".to_owned())
    };
    assert_eq!((label(40_001), label(40_002)), (told("First"), told("Second")));
}
