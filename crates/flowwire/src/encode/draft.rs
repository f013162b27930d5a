// SPDX-License-Identifier: Apache-2.0
//! A datagram in the making: its sets of templates and of records.

use super::Wire;
use super::writable::Piece;
use crate::own::EXAMPLE_ENTERPRISE;

/// Room for the longer of the two headers.
pub(super) const HEADER_ROOM: usize = 20;

/// A template.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) id: u16,
    pub(super) fields: Vec<Piece>,
    /// Number of datagrams sent when the template was sent last.
    pub(super) sent: Option<u64>,
}

/// A datagram in the making: its sets.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) body: Vec<u8>,
    /// Template and first octet of the open data set.
    open: Option<(u16, usize)>,
    pub(super) records: usize,
    /// Records of options.
    pub(super) options: usize,
    pub(super) templates: usize,
}

impl Draft {
    /// A datagram of a body that is made already, with so many records of options.
    pub(super) fn of_options(body: Vec<u8>, options: usize) -> Self {
        Self { body, options, ..Self::default() }
    }

    /// Ends the open set: pads it to whole words and writes its length.
    pub(super) fn close(&mut self) {
        let Some((_, start)) = self.open.take() else { return };
        self.end_set(start);
    }

    fn end_set(&mut self, start: usize) {
        while !self.body.len().is_multiple_of(4) {
            self.body.push(0);
        }
        let length = u16::try_from(self.body.len() - start).unwrap_or(u16::MAX).to_be_bytes();
        if let Some(place) = self.body.get_mut(start + 2..start + 4) {
            place.copy_from_slice(&length);
        }
    }

    fn begin_set(&mut self, id: u16) -> usize {
        let start = self.body.len();
        self.body.extend(id.to_be_bytes());
        self.body.extend([0, 0]);
        start
    }

    pub(super) fn template(&mut self, layout: &Layout, wire: Wire, enterprise: u32) {
        self.close();
        let start = self.begin_set(if wire == Wire::Ipfix { 2 } else { 0 });
        self.body.extend(layout.id.to_be_bytes());
        self.body.extend(u16::try_from(layout.fields.len()).unwrap_or(0).to_be_bytes());
        for piece in &layout.fields {
            let bit = if piece.pen == 0 { 0 } else { 0x8000 };
            self.body.extend((piece.element | bit).to_be_bytes());
            self.body.extend(piece.len.to_be_bytes());
            if piece.pen != 0 {
                let pen = if piece.pen == EXAMPLE_ENTERPRISE { enterprise } else { piece.pen };
                self.body.extend(pen.to_be_bytes());
            }
        }
        self.end_set(start);
        self.templates += 1;
    }

    pub(super) fn record(&mut self, id: u16, octets: &[u8]) {
        if self.open.is_none_or(|(open, _)| open != id) {
            self.close();
            self.open = Some((id, self.begin_set(id)));
        }
        self.body.extend(octets);
        self.records += 1;
    }
}
