// SPDX-License-Identifier: Apache-2.0
//! Cutting packets out of what was recorded, as pcapng. It reads while recorders write: of a segment that is not whole it
//! sees what was written so far, and one that is removed meanwhile it reads to its end.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};

use minamo_base::{FiveTuple, Ip, Time};
use minamo_packet::{Fragment, LinkType, Packet, decode_parts};

use super::index::{self, Index};
use super::segment;
use crate::{Expression, ExpressionError, Program};

/// What is cut: all that is said must hold.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Packets from this time on.
    pub from: Option<Time>,
    /// Packets up to this time.
    pub to: Option<Time>,
    /// Packets of these conversations, in both directions, with their fragments; of all where there is none.
    pub tuples: Vec<FiveTuple>,
    /// Packets that pass this filter.
    pub filter: Option<Expression>,
    /// Octets of packets after which the cut ends; none without.
    pub most: Option<u64>,
}

/// What was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cut {
    /// Packets.
    pub packets: u64,
    /// Their octets, as recorded.
    pub octets: u64,
    /// True where there are more than wanted.
    pub ended_early: bool,
}

/// Why nothing is cut, or not all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CutError {
    /// The folder or a segment cannot be read.
    #[error("{}: {cause}", .path.display())]
    Read {
        /// The folder or segment.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The packets cannot be written.
    #[error("the packets cannot be written: {0}")]
    Write(io::Error),
    /// The filter does not fit what was recorded.
    #[error(transparent)]
    Filter(#[from] ExpressionError),
}

/// What a folder has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cutter {
    folder: PathBuf,
}

impl Cutter {
    /// For the folder of a recorder.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Time of the oldest packet that is there; nothing where there is none.
    pub fn oldest(&self) -> Result<Option<Time>, CutError> {
        Ok(self.segments()?.first().map(|(.., start)| *start))
    }

    /// Writes the packets that are selected, in the order of their times.
    pub fn cut(&self, selection: &Selection, out: &mut dyn Write) -> Result<Cut, CutError> {
        let mut chains = self.chains(selection)?;
        let mut head = Vec::new();
        segment::section_block(&mut head);
        for chain in &mut chains {
            chain.next()?;
            segment::interface_block(&mut head, chain.link, &chain.name);
        }
        out.write_all(&head).map_err(CutError::Write)?;
        let mut cut = Cut::default();
        let mut block = Vec::new();
        loop {
            let first = chains.iter().enumerate().filter_map(|(at, chain)| Some((chain.head.as_ref()?.time, at))).min();
            let Some((_, at)) = first else { break };
            let Some(chain) = chains.get_mut(at) else { break };
            let Some(found) = chain.head.take() else { break };
            if selection.most.is_some_and(|most| cut.octets + found.octets.len() as u64 > most) {
                cut.ended_early = true;
                break;
            }
            block.clear();
            let interface = u32::try_from(at).unwrap_or(u32::MAX);
            segment::packet_block(&mut block, interface, found.time, &found.octets, found.sent);
            out.write_all(&block).map_err(CutError::Write)?;
            cut.packets += 1;
            cut.octets += found.octets.len() as u64;
            chain.next()?;
        }
        out.flush().map_err(CutError::Write)?;
        Ok(cut)
    }

    fn segments(&self) -> Result<Vec<(PathBuf, String, Time)>, CutError> {
        match segment::segments(&self.folder) {
            Ok(found) => Ok(found),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(cause) => Err(CutError::Read { path: self.folder.clone(), cause }),
        }
    }

    /// The segments that may have something, by recorder.
    fn chains(&self, selection: &Selection) -> Result<Vec<Chain>, CutError> {
        let mut chains: Vec<Chain> = Vec::new();
        for (path, name, start) in self.segments()? {
            if selection.to.is_some_and(|to| start > to) {
                continue;
            }
            let chain = match chains.iter_mut().find(|chain| chain.name == name) {
                Some(chain) => chain,
                None => {
                    chains.push(Chain::new(name, selection.clone()));
                    match chains.last_mut() {
                        Some(chain) => chain,
                        None => continue,
                    }
                }
            };
            chain.segments.push(path);
        }
        for chain in &mut chains {
            // The last is read first.
            chain.segments.reverse();
        }
        Ok(chains)
    }
}

/// The segments of one recorder.
struct Chain {
    name: String,
    selection: Selection,
    segments: Vec<PathBuf>,
    open: Option<Segment>,
    link: LinkType,
    head: Option<Found>,
    program: Option<(LinkType, Program)>,
    /// First fragments of the conversation: the others are known by their identification.
    fragments: HashSet<(Ip, Ip, u32)>,
}

/// Fragmented packets of a conversation that are remembered.
const FRAGMENTS: usize = 65_536;

struct Found {
    time: Time,
    sent: usize,
    octets: Vec<u8>,
}

impl Chain {
    fn new(name: String, selection: Selection) -> Self {
        Self {
            name,
            selection,
            segments: Vec::new(),
            open: None,
            link: LinkType::ETHERNET,
            head: None,
            program: None,
            fragments: HashSet::new(),
        }
    }

    /// Goes to the next packet that is selected.
    fn next(&mut self) -> Result<(), CutError> {
        loop {
            let Some(open) = &mut self.open else {
                let Some(path) = self.segments.pop() else { return Ok(()) };
                self.open = Segment::open(&path, &self.selection)?;
                continue;
            };
            match open.next().map_err(|cause| CutError::Read { path: open.path.clone(), cause })? {
                None => self.open = None,
                Some(found) => {
                    self.link = open.link;
                    if self.wants(&found)? {
                        self.head = Some(found);
                        return Ok(());
                    }
                }
            }
        }
    }

    fn wants(&mut self, found: &Found) -> Result<bool, CutError> {
        let Selection { from, to, tuples, filter, .. } = &self.selection;
        if from.is_some_and(|from| found.time < from) || to.is_some_and(|to| found.time > to) {
            return Ok(false);
        }
        if !tuples.is_empty() {
            let Ok(packet) = decode_parts(self.link, &found.octets) else { return Ok(false) };
            if !is_of(tuples, &packet, &mut self.fragments) {
                return Ok(false);
            }
        }
        let Some(filter) = filter else { return Ok(true) };
        if self.program.as_ref().is_none_or(|(link, _)| *link != self.link) {
            self.program = Some((self.link, filter.compile(self.link)?));
        }
        Ok(self.program.as_ref().is_some_and(|(_, program)| program.passes(&found.octets, found.sent)))
    }
}

/// True for a packet of one of the conversations.
fn is_of(tuples: &[FiveTuple], packet: &Packet<'_>, fragments: &mut HashSet<(Ip, Ip, u32)>) -> bool {
    let plain = |tuple: FiveTuple| match tuple.proto {
        1 | 58 => FiveTuple { src_port: 0, dst_port: 0, ..tuple },
        _ => tuple,
    };
    let of = plain(packet.tuple());
    let same = tuples.iter().any(|tuple| [of, of.reversed()].contains(&plain(*tuple)));
    match packet.ip.fragment {
        Fragment::Whole => same,
        Fragment::First { id, .. } => {
            if same && fragments.len() < FRAGMENTS {
                fragments.insert((of.src, of.dst, id));
            }
            same
        }
        Fragment::Later { id, .. } => fragments.contains(&(of.src, of.dst, id)),
    }
}

/// A segment that is read: all of it, or the places that the index names.
struct Segment {
    path: PathBuf,
    file: BufReader<File>,
    link: LinkType,
    /// The places, the last first.
    places: Option<Vec<u32>>,
}

/// No block is larger.
const MOST: u32 = 1 << 24;

impl Segment {
    /// Opens a segment; nothing where it is gone or has nothing.
    fn open(path: &Path, selection: &Selection) -> Result<Option<Self>, CutError> {
        let file = match File::open(path) {
            Ok(file) => BufReader::with_capacity(1 << 16, file),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(CutError::Read { path: path.to_owned(), cause }),
        };
        let mut places = None;
        if let Some(index) = Index::read(path) {
            let (first, last) = index.span();
            if selection.from.is_some_and(|from| last < from) || selection.to.is_some_and(|to| first > to) {
                return Ok(None);
            }
            if !selection.tuples.is_empty() {
                let parts = |tuple: FiveTuple| FiveTuple { src_port: 0, dst_port: 0, ..tuple };
                let hashes = selection.tuples.iter().flat_map(|tuple| [*tuple, parts(*tuple)]).map(index::of_tuple);
                let mut found = index.places(hashes);
                found.reverse();
                places = Some(found);
            }
        }
        let mut segment = Self { path: path.to_owned(), file, link: LinkType::ETHERNET, places };
        let named = segment.find_link();
        named.map_err(|cause| CutError::Read { path: path.to_owned(), cause })?;
        Ok(Some(segment))
    }

    /// Reads up to the description of the interface.
    fn find_link(&mut self) -> io::Result<()> {
        while let Some((kind, body)) = self.block()? {
            if kind == 1 {
                let link = body.first_chunk().map_or(0, |link| u16::from_le_bytes(*link));
                self.link = LinkType(link);
                return Ok(());
            }
        }
        Ok(())
    }

    /// The next packet; nothing at the end of what was written.
    fn next(&mut self) -> io::Result<Option<Found>> {
        loop {
            if let Some(places) = &mut self.places {
                let Some(place) = places.pop() else { return Ok(None) };
                let at = self.file.stream_position()?;
                self.file.seek_relative(i64::from(place) - i64::try_from(at).unwrap_or(0))?;
            }
            match self.block()? {
                None => return Ok(None),
                Some((6, body)) => return Ok(packet(&body)),
                Some(_) => {}
            }
        }
    }

    /// The next block, its type and body; nothing where it is not whole.
    fn block(&mut self) -> io::Result<Option<(u32, Vec<u8>)>> {
        let mut head = [0; 8];
        if !whole(self.file.read_exact(&mut head))? {
            return Ok(None);
        }
        let [kind, length] = [[head[0], head[1], head[2], head[3]], [head[4], head[5], head[6], head[7]]];
        let length = u32::from_le_bytes(length);
        if !(12..=MOST).contains(&length) {
            return Ok(None);
        }
        let mut body = vec![0; length as usize - 8];
        if !whole(self.file.read_exact(&mut body))? {
            return Ok(None);
        }
        body.truncate(length as usize - 12);
        Ok(Some((u32::from_le_bytes(kind), body)))
    }
}

fn packet(body: &[u8]) -> Option<Found> {
    let word = |at: usize| Some(u32::from_le_bytes(*body.get(at..)?.first_chunk()?));
    let nanos = u64::from(word(4)?) << 32 | u64::from(word(8)?);
    let octets = body.get(20..20 + word(12)? as usize)?.to_vec();
    Some(Found { time: Time(i64::try_from(nanos).ok()?), sent: word(16)? as usize, octets })
}

/// False where the end came first.
fn whole(read: io::Result<()>) -> io::Result<bool> {
    match read {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
