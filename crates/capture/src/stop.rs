// SPDX-License-Identifier: Apache-2.0
//! Being asked to end (signal(7)) in a program without a runtime that could wait for it.

#![allow(unsafe_code)] // the system call; the block says why it is sound

use std::io;
use std::mem::zeroed;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

extern "C" fn interrupted(_: libc::c_int) {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// A flag that is set once somebody asks the program to end (SIGINT, SIGTERM). Who asks again ends it at once.
pub fn when_interrupted() -> io::Result<&'static AtomicBool> {
    for signal in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: sigaction is plain data, for which all zeros are a value.
        let mut action: libc::sigaction = unsafe { zeroed() };
        action.sa_sigaction = interrupted as extern "C" fn(libc::c_int) as libc::sighandler_t;
        action.sa_flags = libc::SA_RESETHAND | libc::SA_RESTART;
        // SAFETY: the handler does nothing but store to an atomic, which is allowed in it (signal-safety(7)).
        if unsafe { libc::sigaction(signal, &raw const action, null_mut()) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(&INTERRUPTED)
}
