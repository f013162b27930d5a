// SPDX-License-Identifier: Apache-2.0
//! The ring of frames that is shared with the kernel. It is a row of blocks; the kernel fills one after the other and
//! hands each over when it is full or has waited long enough, and we hand it back when its last frame was read.

use std::io;
use std::mem::size_of;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use minamo_base::Time;

use super::socket::Socket;

/// Octets of a block: the largest frame that receive offload makes (64 KiB) fits many times.
const BLOCK: usize = 1 << 20;
/// Longest that a frame waits in a block that is not full, in milliseconds.
const WAIT_MILLIS: u32 = 60;
/// Octets of a VLAN tag (IEEE 802.1Q §9.5); so much room is asked for before each frame.
pub(super) const TAG: usize = 4;
/// Octets of the two MAC addresses, after which the tag stands.
const MACS: usize = 12;
/// Type of a tag where the kernel does not say it (IEEE 802.1Q §9.6).
const ETHERTYPE_VLAN: u16 = 0x8100;
/// Where a block says whose it is (`tpacket_hdr_v1.block_status`, behind two words of its own).
const STATUS: usize = 8;
/// Octets of what stands before the frames of a block.
const HEAD: usize = size_of::<libc::tpacket_block_desc>();

/// The blocks, mapped until this is dropped.
pub(super) struct Ring {
    start: NonNull<u8>,
    blocks: usize,
    /// The block that is read or waited for.
    block: usize,
    /// Frames of it that are left, and where the next one begins; nothing before it was handed over.
    open: Option<(u32, usize)>,
}

// SAFETY: the mapping belongs to this value alone, on whichever thread it is.
unsafe impl Send for Ring {}

impl Ring {
    /// Asks for a ring of about so many octets, for half of it where that is refused, and so on.
    pub(super) fn map(socket: &Socket, octets: usize) -> io::Result<Self> {
        socket.prepare_ring(TAG)?;
        let mut blocks = octets.div_ceil(BLOCK).max(2);
        loop {
            match socket.map_ring(BLOCK, blocks, WAIT_MILLIS) {
                Ok(start) => return Ok(Self { start, blocks, block: 0, open: None }),
                Err(error) if error.raw_os_error() != Some(libc::ENOMEM) || blocks == 2 => return Err(error),
                Err(_) => blocks = (blocks / 2).max(2),
            }
        }
    }

    /// Octets of all blocks.
    pub(super) fn octets(&self) -> usize {
        self.blocks * BLOCK
    }

    /// True where [`Ring::next`] gives a frame without waiting.
    pub(super) fn is_ready(&mut self) -> bool {
        loop {
            match self.open {
                Some((0, _)) => self.hand_back(),
                Some(_) => return true,
                None if self.status().load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 => return false,
                None => self.open = Some(self.head()),
            }
        }
    }

    /// The next frame and its time.
    pub(super) fn next(&mut self) -> Option<(Time, &[u8])> {
        if !self.is_ready() {
            return None;
        }
        let (left, at) = self.open?;
        let header = self.header(at)?;
        // The last frame of a block has no next.
        self.open = Some((left - 1, at + header.tp_next_offset as usize));
        let time = Time::from_secs_nanos(header.tp_sec.into(), header.tp_nsec.into());
        let (mac, length) = (usize::from(header.tp_mac), header.tp_snaplen as usize);
        let start = at + mac;
        let data = self.block_mut().get_mut(start.checked_sub(TAG)?..start + length)?;
        match tag(&header).filter(|tag| put_back(data, *tag)) {
            Some(_) => Some((time, data)),
            None => Some((time, data.get(TAG..)?)),
        }
    }

    /// The header of the frame at that place; nothing, and the block counts as read, where it would end outside.
    fn header(&mut self, at: usize) -> Option<libc::tpacket3_hdr> {
        let end = at.checked_add(size_of::<libc::tpacket3_hdr>()).filter(|end| *end <= BLOCK);
        if end.is_none() {
            self.open = Some((0, 0));
            return None;
        }
        // SAFETY: the header ends inside the block, which is ours; it is plain data and need not be aligned.
        Some(unsafe { self.base().add(at).cast::<libc::tpacket3_hdr>().read_unaligned() })
    }

    /// Frames in the block, and where the first begins.
    fn head(&self) -> (u32, usize) {
        // SAFETY: the head lies inside the block, which is ours since its status said so; it is plain data.
        let head = unsafe { self.base().add(STATUS).cast::<libc::tpacket_hdr_v1>().read_unaligned() };
        (head.num_pkts, (head.offset_to_first_pkt as usize).max(HEAD))
    }

    fn hand_back(&mut self) {
        self.open = None;
        self.status().store(libc::TP_STATUS_KERNEL, Ordering::Release);
        self.block = (self.block + 1) % self.blocks;
    }

    fn base(&self) -> *mut u8 {
        // SAFETY: `block` is below `blocks`, so that the address lies in the mapping.
        unsafe { self.start.as_ptr().add(self.block * BLOCK) }
    }

    fn status(&self) -> &AtomicU32 {
        // SAFETY: the word lies in the mapping, is aligned (blocks are whole pages), and both sides of it, we and the
        // kernel, read and write it as a whole.
        unsafe { AtomicU32::from_ptr(self.base().add(STATUS).cast()) }
    }

    /// The octets of the block that is open.
    fn block_mut(&mut self) -> &mut [u8] {
        // SAFETY: the block is ours until it is handed back, which needs `self` to be free of this borrow.
        unsafe { std::slice::from_raw_parts_mut(self.base(), BLOCK) }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the mapping was made with this address and length and nothing borrows from it any more.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.octets()) };
    }
}

/// The tag as it stood in the frame: its type, and priority with number.
fn tag(header: &libc::tpacket3_hdr) -> Option<[u8; TAG]> {
    if header.tp_status & libc::TP_STATUS_VLAN_VALID == 0 {
        return None;
    }
    let typed = header.tp_status & libc::TP_STATUS_VLAN_TPID_VALID != 0;
    let [kind_high, kind_low] = if typed { header.hv1.tp_vlan_tpid } else { ETHERTYPE_VLAN }.to_be_bytes();
    let [_, _, high, low] = header.hv1.tp_vlan_tci.to_be_bytes();
    Some([kind_high, kind_low, high, low])
}

/// Writes the tag between the MAC addresses and the rest of a frame that has room for it before its first octet;
/// false where it has not even the addresses.
fn put_back(data: &mut [u8], tag: [u8; TAG]) -> bool {
    if data.len() < TAG + MACS {
        return false;
    }
    data.copy_within(TAG..TAG + MACS, 0);
    let Some(place) = data.get_mut(MACS..MACS + TAG) else { return false };
    place.copy_from_slice(&tag);
    true
}

#[cfg(test)]
mod tests {
    use std::mem::zeroed;

    use super::*;

    #[test]
    fn a_tag_goes_between_addresses_and_type() {
        // SAFETY: plain data, for which all zeros are a value.
        let mut header: libc::tpacket3_hdr = unsafe { zeroed() };
        assert_eq!(tag(&header), None);
        (header.tp_status, header.hv1.tp_vlan_tci) = (libc::TP_STATUS_VLAN_VALID, 0x6007);
        assert_eq!(tag(&header), Some([0x81, 0, 0x60, 7]));
        (header.tp_status, header.hv1.tp_vlan_tpid) = (header.tp_status | libc::TP_STATUS_VLAN_TPID_VALID, 0x88a8);
        assert_eq!(tag(&header), Some([0x88, 0xa8, 0x60, 7]));
        let mut frame = *b"....destinsource08rest";
        assert!(put_back(&mut frame, *b"TAGS"));
        assert_eq!(&frame, b"destinsourceTAGS08rest");
        assert!(!put_back(&mut frame[..TAG + MACS - 1], *b"TAGS"), "a frame that is too short stays");
    }
}
