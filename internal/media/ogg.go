package media

import (
	"encoding/binary"
	"time"
)

// oggPage is one page (RFC 3533, section 6).
type oggPage struct {
	continues bool   // its first packet began on an earlier page
	first     bool   // of its logical stream
	granule   int64  // samples up to the last packet that ends here; -1: none ends
	serial    uint32 // of its logical stream
	lacing    []byte // lengths of the segments: a packet ends with the first below 255
	body      []byte
	size      int64
}

const oggHeaderSize = 27

// oggPageAt reads a page and checks its sum.
func oggPageAt(s *source, crc *oggCRC, off int64) (oggPage, error) {
	h, err := s.at(off, oggHeaderSize)
	if err != nil {
		return oggPage{}, err
	}
	if string(h[:5]) != "OggS\x00" {
		return oggPage{}, damaged("Ogg: no page at %d", off)
	}
	segments := int(h[26])
	table, err := s.at(off+oggHeaderSize, segments)
	if err != nil {
		return oggPage{}, err
	}
	bodySize := 0
	for _, n := range table {
		bodySize += int(n)
	}
	bodyAt := oggHeaderSize + segments
	whole, err := s.at(off, bodyAt+bodySize)
	if err != nil {
		return oggPage{}, err
	}
	if crc.sum(whole) != binary.LittleEndian.Uint32(whole[22:]) {
		return oggPage{}, damaged("Ogg: wrong sum of the page at %d", off)
	}
	return oggPage{
		continues: whole[5]&1 != 0, first: whole[5]&2 != 0,
		granule: int64(binary.LittleEndian.Uint64(whole[6:])), serial: binary.LittleEndian.Uint32(whole[14:]),
		lacing: whole[oggHeaderSize:bodyAt], body: whole[bodyAt:], size: int64(len(whole)),
	}, nil
}

// oggCRC holds the CRC of each byte.
type oggCRC [256]uint32

func newOggCRC() *oggCRC {
	table := new(oggCRC)
	for i := range table {
		r := uint32(i) << 24
		for range 8 {
			if r&(1<<31) != 0 {
				r = r<<1 ^ 0x04c11db7
			} else {
				r <<= 1
			}
		}
		table[i] = r
	}
	return table
}

// sum is a page's checksum: polynomial 0x04c11db7, highest bit first, the sum's own field counted as zero.
func (table *oggCRC) sum(page []byte) uint32 {
	var sum uint32
	for i, b := range page {
		if i >= 22 && i < 26 {
			b = 0
		}
		sum = sum<<8 ^ table[byte(sum>>24)^b]
	}
	return sum
}

// oggLink is one logical stream of sound. Chained files have several, one after the other.
type oggLink struct {
	serial  uint32
	codec   string
	rate    int64 // granules a second
	preSkip int64 // granules that decoders drop at the beginning

	packets int           // that began: headers come first
	pending time.Duration // of the packet that goes on on the next page
	heard   time.Duration // sound in packets up to the first granule
	start   int64         // the granule before the first packet; -1: not known yet
	last    int64         // the latest granule
}

// readOgg adds up the links.
func readOgg(s *source, info *Info) error {
	crc := newOggCRC()
	var link *oggLink
	var total time.Duration
	for off := int64(0); off < s.size; {
		page, err := oggPageAt(s, crc, off)
		if err != nil {
			return err
		}
		off += page.size
		if page.first {
			if link != nil {
				// A second stream that begins before the first one had sound runs beside it: pictures, most likely.
				if link.packets <= 1 {
					*info = Info{Mime: "application/ogg"}
					return nil
				}
				if total, err = link.addTo(total); err != nil {
					return err
				}
			}
			if link = newOggLink(page); link == nil || info.Codec != "" && info.Codec != link.codec {
				*info = Info{Mime: "application/ogg"}
				return nil
			}
			info.Mime, info.Kind, info.Codec = "audio/ogg", Audio, link.codec
		}
		if link == nil || page.serial != link.serial {
			return damaged("Ogg: a page of an unknown stream at %d", off-page.size)
		}
		link.take(page)
	}
	total, err := link.addTo(total)
	info.Duration = total
	return err
}

// newOggLink reads the first packet: OpusHead (RFC 7845, section 5.1) or the Vorbis identification header. Other codecs
// give nil.
func newOggLink(page oggPage) *oggLink {
	link := &oggLink{serial: page.serial, start: -1}
	switch b := page.body; {
	case len(b) >= 19 && string(b[:8]) == "OpusHead":
		link.codec, link.rate, link.preSkip = "opus", 48000, int64(binary.LittleEndian.Uint16(b[10:]))
	case len(b) >= 30 && string(b[:7]) == "\x01vorbis":
		link.codec, link.rate, link.start = "vorbis", int64(binary.LittleEndian.Uint32(b[12:])), 0
	default:
		return nil
	}
	return link
}

// take accounts for one page.
func (l *oggLink) take(page oggPage) {
	if l.start < 0 {
		l.listen(page)
	} else {
		l.packets += len(page.lacing)
	}
	if page.granule < 0 || l.packets <= 2 {
		return // no packet ends here, or only headers
	}
	if l.start < 0 {
		// Where a recording was cut out of a longer one its granules do not begin at 0 (RFC 7845, section 4.5). A first
		// page that is the last one too may count fewer samples than its packets hold.
		l.start = max(0, page.granule-int64(l.heard*time.Duration(l.rate)/time.Second))
	}
	l.last = max(l.last, page.granule)
}

// listen adds up the Opus packets that end on the page.
func (l *oggLink) listen(page oggPage) {
	at, begins := 0, !page.continues
	for _, n := range page.lacing {
		if begins {
			if l.packets++; l.packets > 2 {
				l.pending = opusDuration(page.body[at : at+int(n)])
			}
		}
		at += int(n)
		if begins = n < 255; begins {
			l.heard += l.pending
			l.pending = 0
		}
	}
}

// addTo adds the link's duration.
func (l *oggLink) addTo(total time.Duration) (time.Duration, error) {
	if l.last <= l.start+l.preSkip {
		return 0, damaged("Ogg: a stream without sound")
	}
	d, err := ticks(l.last-l.start-l.preSkip, l.rate)
	if err == nil && total+d > maxDuration {
		err = damaged("Ogg: too long to be true")
	}
	return total + d, err
}
