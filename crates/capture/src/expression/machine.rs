// SPDX-License-Identifier: Apache-2.0
//! Runs a classic BPF program on a frame, as the kernel does (Linux, Documentation/networking/filter.rst): a load from
//! outside the frame ends it with 0. What the kernel says beside a frame is not there: tags are in the frame.

use super::code::{self, Instruction};

/// Places of scratch memory.
const MEMORY: usize = 16;
/// Loads from here on ask for what the kernel says beside a frame.
const BESIDE: u32 = 0xffff_f000;

/// What the program returns: octets of the frame that pass.
pub(super) fn run(program: &[Instruction], data: &[u8], length: usize) -> u32 {
    let (mut a, mut x) = (0_u32, 0_u32);
    let mut memory = [0_u32; MEMORY];
    let mut at = 0_usize;
    // Jumps go forward: a program ends after as many steps as it has instructions.
    while let Some(now) = program.get(at) {
        at += 1;
        let value = now.value;
        match now.code {
            code::RETURN => return value,
            code::GOTO => at += value as usize,
            code::IF_EQUAL => at += jump(now, a == value),
            code::IF_GREATER => at += jump(now, a > value),
            code::IF_AT_LEAST => at += jump(now, a >= value),
            code::LOAD_VALUE => a = value,
            code::LOAD_LENGTH => a = u32::try_from(length).unwrap_or(u32::MAX),
            code::LOAD_MEMORY => a = memory.get(value as usize).copied().unwrap_or(0),
            code::LOAD_X_MEMORY => x = memory.get(value as usize).copied().unwrap_or(0),
            code::STORE => {
                if let Some(place) = memory.get_mut(value as usize) {
                    *place = a;
                }
            }
            code::AND => a &= value,
            code::SHIFT_LEFT => a = a.checked_shl(value).unwrap_or(0),
            code::ADD => a = a.wrapping_add(value),
            code::ADD_X => a = a.wrapping_add(x),
            code::LOAD_WORD if value >= BESIDE => a = 0,
            _ => match load(now, x, data) {
                Some(loaded) => a = loaded,
                None => return 0,
            },
        }
    }
    0
}

fn jump(now: &Instruction, holds: bool) -> usize {
    usize::from(if holds { now.yes } else { now.no })
}

fn load(now: &Instruction, x: u32, data: &[u8]) -> Option<u32> {
    let (size, from) = match now.code {
        code::LOAD_WORD => (4, 0),
        code::LOAD_HALF => (2, 0),
        code::LOAD_BYTE => (1, 0),
        code::LOAD_WORD_AT => (4, x),
        code::LOAD_HALF_AT => (2, x),
        code::LOAD_BYTE_AT => (1, x),
        _ => return None,
    };
    let start = usize::try_from(from.checked_add(now.value)?).ok()?;
    let octets = data.get(start..start.checked_add(size)?)?;
    Some(octets.iter().fold(0, |value, octet| value << 8 | u32::from(*octet)))
}
