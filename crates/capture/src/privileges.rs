// SPDX-License-Identifier: Apache-2.0
//! Giving up privileges (credentials(7), capabilities(7), prctl(2)): opening an interface needs some, reading from it none.

#![allow(unsafe_code)] // the system calls; each block says why it is sound

use std::ffi::CString;
use std::io;
use std::mem::zeroed;
use std::ptr::null_mut;

/// Room for a user's entry; glibc asks for 1 KiB.
const ENTRY: usize = 16_384;

/// From here on neither this thread nor those that it starts can gain privileges by running a program. To be called before
/// other threads are there.
pub fn no_new_privileges() -> io::Result<()> {
    let [on, unused]: [libc::c_ulong; 2] = [1, 0];
    // SAFETY: numbers only.
    done(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, on, unused, unused, unused) })
}

/// Becomes another user, with its groups and without any capability, for good and in all threads. An error where there is
/// no such user, or where the program may not; it must not go on then.
pub fn become_user(name: &str) -> io::Result<()> {
    let (user, group, name) = entry(name)?;
    // SAFETY: a string that ends with a zero octet, and numbers.
    unsafe {
        done(libc::initgroups(name.as_ptr(), group))?;
        done(libc::setgid(group))?;
        done(libc::setuid(user))?;
        // Who can go back has given up nothing. User 0 keeps what it is: that is what was asked for.
        if user != 0 && libc::setuid(0) == 0 {
            return Err(io::Error::other("the privileges could be taken again"));
        }
    }
    Ok(())
}

/// Numbers of a user and its group.
fn entry(name: &str) -> io::Result<(libc::uid_t, libc::gid_t, CString)> {
    let name = CString::new(name).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut room = vec![0; ENTRY];
    let mut found = null_mut();
    // SAFETY: plain numbers and pointers, for which all zeros are a value.
    let mut user: libc::passwd = unsafe { zeroed() };
    // SAFETY: the entry, its room and the place of the result are ours for the call; what they point to is not used after it.
    let code = unsafe { libc::getpwnam_r(name.as_ptr(), &raw mut user, room.as_mut_ptr(), room.len(), &raw mut found) };
    match (code, found.is_null()) {
        (0, false) => Ok((user.pw_uid, user.pw_gid, name)),
        (0, true) => Err(io::Error::new(io::ErrorKind::NotFound, "there is no such user")),
        (code, _) => Err(io::Error::from_raw_os_error(code)),
    }
}

fn done(code: libc::c_int) -> io::Result<()> {
    if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_name() {
        assert_eq!(entry("root").map(|(user, group, _)| (user, group)).expect("there is one"), (0, 0));
        assert_eq!(entry("no-such-user-here").expect_err("there is none").kind(), io::ErrorKind::NotFound);
        assert!(entry("a\0b").is_err());
    }
}
