// SPDX-License-Identifier: Apache-2.0
//! Tests in a network namespace of their own, which `unshare` makes: no traffic of the machine is seen, none of the
//! test's gets out. The tests of the program use it too.

// Not every test needs all of it.
#![allow(dead_code)]

use std::process::Command;
use std::time::Duration;

/// Says to a test that it is inside.
const INSIDE: &str = "MINAMO_TEST_NAMESPACE";

/// True inside a namespace. Outside it runs the test of that name again in a new namespace, which must succeed.
pub(crate) fn inside(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    // Root can do it as it is; others where the system lets them be root of a namespace of users.
    let ways = [&["--net"][..], &["--map-root-user", "--net"]];
    let works = |way: &&&[&str]| {
        let tried = Command::new("unshare").args(**way).args(["ip", "link", "set", "lo", "up"]).output();
        tried.is_ok_and(|output| output.status.success())
    };
    let Some(way) = ways.iter().find(works) else {
        println!("skipped: {test}: want `unshare --net` and `ip`, and the right to use them");
        return false;
    };
    let mut command = Command::new("unshare");
    command.args(*way).arg(std::env::current_exe().expect("this program")).args(["--exact", test, "--nocapture"]);
    let output = command.env(INSIDE, "1").output().expect("it ran a moment ago");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("1 passed"), "no test has the name {test}");
    told.lines().filter(|line| line.contains("skipped: ")).for_each(|line| println!("{test}: {line}"));
    false
}

/// Runs a command of `ip`, which must succeed.
pub(crate) fn ip(arguments: &str) {
    assert!(try_ip(arguments), "ip {arguments}");
}

/// Runs a command of `ip`; false where the kernel cannot do it.
pub(crate) fn try_ip(arguments: &str) -> bool {
    let output = Command::new("ip").args(arguments.split(' ')).output().expect("ip");
    output.status.success()
}

/// Waits for the carrier: the kernel looks at it in its own time, and what is sent before that is lost.
pub(crate) fn until_up(interface: &str) {
    for _ in 0..500 {
        let output = Command::new("ip").args(["link", "show", interface]).output().expect("ip");
        if String::from_utf8_lossy(&output.stdout).contains("state UP") {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{interface} does not come up");
}

/// No neighbour discovery: only our own packets shall pass.
pub(crate) fn without_ipv6() {
    for scope in ["all", "default"] {
        // Missing where the kernel has no IPv6 at all.
        drop(std::fs::write(format!("/proc/sys/net/ipv6/conf/{scope}/disable_ipv6"), "1"));
    }
}
