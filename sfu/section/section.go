// Package section reads session descriptions (RFC 8866, JSEP) into the plain values that an SFU decides by, refuses those
// that it could not serve, and prepares them for Pion.
package section

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

const (
	// MaxSections bounds a description: a leg that receives a hundred streams is far beyond any screen.
	MaxSections = 128
	// MaxBytes bounds a description. A browser's video section has some 6 KB.
	MaxBytes = 1 << 20
	// maxRIDs bounds the simulcast layers of a section; browsers send at most three.
	maxRIDs = 4
)

// ErrBad is wrapped by all errors of this package.
var ErrBad = errors.New("section: unusable session description")

// Direction tells which way media goes, as seen by the side that wrote the description.
type Direction struct {
	Send, Receive bool
}

// Mirror returns the same direction as seen by the other side.
func (d Direction) Mirror() Direction { return Direction{Send: d.Receive, Receive: d.Send} }

// Codec is one payload format of a section, with its retransmission format.
type Codec struct {
	MIME        string // as written, e.g. "video/VP8"
	FMTP        string
	ClockRate   uint32
	Channels    uint16
	PayloadType uint8
	RTX         uint8 // payload type of its RTX (RFC 4588), 0 if none
	NACK        bool
	Feedback    []string
}

// Section is one m-line.
type Section struct {
	MID        string
	Kind       string // "audio", "video" or "application"
	Direction  Direction
	Codecs     []Codec // without RTX, in order of preference
	Extensions map[string]uint8
	RIDs       []string // simulcast layers that its writer sends
	SSRCs      []uint32 // that its writer sends on, without RTX
	RTX        map[uint32]uint32
	Rejected   bool
}

// Description is a session description.
type Description struct {
	Sections    []Section
	Ufrag       string
	Fingerprint string
}

// Parse reads a description of a client and checks that an SFU with one bundled transport can serve it.
func Parse(text string) (Description, error) {
	var d Description
	if len(text) > MaxBytes {
		return d, fmt.Errorf("%w: %d bytes", ErrBad, len(text))
	}
	if n := strings.Count(text, "\nm="); n > MaxSections {
		return d, fmt.Errorf("%w: %d media sections, at most %d", ErrBad, n, MaxSections)
	}
	var s sdp.SessionDescription
	if err := s.UnmarshalString(text); err != nil {
		return d, fmt.Errorf("%w: %w", ErrBad, err)
	}
	if len(s.MediaDescriptions) == 0 {
		return d, fmt.Errorf("%w: no media sections", ErrBad)
	}
	if n := len(s.MediaDescriptions); n > MaxSections { // the parser takes more for a line's end than was counted
		return d, fmt.Errorf("%w: %d media sections, at most %d", ErrBad, n, MaxSections)
	}
	d.Ufrag, _ = s.Attribute("ice-ufrag")
	d.Fingerprint, _ = s.Attribute("fingerprint")
	password, _ := s.Attribute("ice-pwd")
	seen := map[string]bool{}
	for _, m := range s.MediaDescriptions {
		sec, err := parseSection(&s, m)
		if err != nil {
			return d, fmt.Errorf("%w: section %q: %w", ErrBad, sec.MID, err)
		}
		if sec.MID == "" || seen[sec.MID] {
			return d, fmt.Errorf("%w: section without a mid of its own", ErrBad)
		}
		seen[sec.MID] = true
		d.Sections = append(d.Sections, sec)
		d.Ufrag = cmp.Or(d.Ufrag, attribute(m, "ice-ufrag"))
		password = cmp.Or(password, attribute(m, "ice-pwd"))
		d.Fingerprint = cmp.Or(d.Fingerprint, attribute(m, "fingerprint"))
	}
	d.Ufrag, d.Fingerprint = strings.Clone(d.Ufrag), strings.Clone(d.Fingerprint)
	return d, checkTransport(&s, d, password)
}

// checkTransport wants what every WebRTC description has: one bundle with ICE and DTLS parameters.
func checkTransport(s *sdp.SessionDescription, d Description, password string) error {
	if d.Ufrag == "" || password == "" {
		return fmt.Errorf("%w: no ICE credentials", ErrBad)
	}
	if !isFingerprint(d.Fingerprint) {
		return fmt.Errorf("%w: no DTLS fingerprint", ErrBad)
	}
	group, _ := s.Attribute(sdp.AttrKeyGroup)
	bundle := strings.Fields(group)
	if len(d.Sections) > 1 && (len(bundle) == 0 || bundle[0] != "BUNDLE") {
		return fmt.Errorf("%w: sections are not bundled", ErrBad)
	}
	for _, sec := range d.Sections {
		if len(d.Sections) > 1 && !sec.Rejected && !slices.Contains(bundle[1:], sec.MID) {
			return fmt.Errorf("%w: section %q is not in the bundle", ErrBad, sec.MID)
		}
	}
	return nil
}

// isFingerprint tells whether s is the digest of a certificate (RFC 8122, section 5) by an algorithm that is good for one:
// with any other the DTLS handshake would fail long after everybody was told of the participant.
func isFingerprint(s string) bool {
	algorithm, digest, _ := strings.Cut(strings.TrimSpace(s), " ")
	bytes, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(digest), ":", ""))
	size, known := map[string]int{"sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64}[strings.ToLower(algorithm)]
	return err == nil && known && len(bytes) == size
}

func parseSection(s *sdp.SessionDescription, m *sdp.MediaDescription) (Section, error) {
	sec := Section{
		// Copies, here and below: a leg keeps its sections, but not the messages that they were read from.
		MID:        strings.Clone(attribute(m, sdp.AttrKeyMID)),
		Kind:       strings.Clone(m.MediaName.Media),
		Direction:  direction(s, m),
		Extensions: map[string]uint8{},
		RTX:        map[uint32]uint32{},
	}
	_, bundleOnly := m.Attribute("bundle-only")
	sec.Rejected = m.MediaName.Port.Value == 0 && !bundleOnly
	if sec.Kind == "application" {
		return sec, nil
	}
	if sec.Kind != "audio" && sec.Kind != "video" {
		return sec, fmt.Errorf("kind %q", sec.Kind)
	}
	codecs, err := parseCodecs(m)
	if err != nil {
		return sec, err
	}
	sec.Codecs = codecs
	for _, a := range m.Attributes {
		switch a.Key {
		case sdp.AttrKeyExtMap:
			var e sdp.ExtMap
			if err := e.Unmarshal(a.String()); err != nil {
				return sec, err
			}
			if e.Value < 1 || e.Value > 255 {
				return sec, fmt.Errorf("header extension id %d", e.Value)
			}
			sec.Extensions[e.URI.String()] = uint8(e.Value)
		case "rid":
			if f := strings.Fields(a.Value); len(f) >= 2 && f[1] == "send" {
				sec.RIDs = append(sec.RIDs, strings.Clone(f[0]))
			}
		case sdp.AttrKeySSRC, sdp.AttrKeySSRCGroup:
			if err := sec.addSSRC(a); err != nil {
				return sec, err
			}
		}
	}
	if len(sec.RIDs) > maxRIDs {
		return sec, fmt.Errorf("%d simulcast layers", len(sec.RIDs))
	}
	sec.SSRCs = slices.DeleteFunc(sec.SSRCs, func(ssrc uint32) bool { _, rtx := sec.RTX[ssrc]; return rtx })
	return sec, nil
}

func (sec *Section) addSSRC(a sdp.Attribute) error {
	f := strings.Fields(a.Value)
	if len(f) == 0 {
		return errors.New("empty ssrc")
	}
	if a.Key == sdp.AttrKeySSRCGroup {
		if f[0] != sdp.SemanticTokenFlowIdentification || len(f) != 3 {
			return nil
		}
		media, err1 := strconv.ParseUint(f[1], 10, 32)
		repair, err2 := strconv.ParseUint(f[2], 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		sec.RTX[uint32(repair)] = uint32(media)
		return nil
	}
	ssrc, err := strconv.ParseUint(f[0], 10, 32)
	if err != nil {
		return err
	}
	if !slices.Contains(sec.SSRCs, uint32(ssrc)) {
		sec.SSRCs = append(sec.SSRCs, uint32(ssrc))
	}
	return nil
}

func parseCodecs(m *sdp.MediaDescription) ([]Codec, error) {
	one := sdp.SessionDescription{MediaDescriptions: []*sdp.MediaDescription{m}}
	known := one.GetCodecMap()
	var codecs []Codec
	rtx := map[uint8]uint8{}
	for _, format := range m.MediaName.Formats {
		pt, err := strconv.ParseUint(format, 10, 7)
		if err != nil {
			return nil, fmt.Errorf("payload type %q", format)
		}
		c, ok := known[uint8(pt)]
		if !ok {
			if pt == 0 {
				continue // what a rejected section holds
			}
			return nil, fmt.Errorf("payload type %d has no rtpmap", pt)
		}
		if strings.EqualFold(c.Name, "rtx") {
			if apt, ok := strings.CutPrefix(strings.ReplaceAll(c.Fmtp, " ", ""), "apt="); ok {
				apt, _, _ = strings.Cut(apt, ";")
				media, err := strconv.ParseUint(apt, 10, 7)
				if err != nil {
					return nil, fmt.Errorf("rtx of payload type %q", apt)
				}
				rtx[uint8(media)] = uint8(pt)
			}
			continue
		}
		channels, _ := strconv.ParseUint(c.EncodingParameters, 10, 16) // absent for video
		codecs = append(codecs, Codec{
			MIME: m.MediaName.Media + "/" + c.Name, FMTP: strings.Clone(c.Fmtp), ClockRate: c.ClockRate,
			Channels: uint16(channels), PayloadType: uint8(pt), Feedback: cloned(c.RTCPFeedback),
			NACK: slices.Contains(c.RTCPFeedback, "nack"),
		})
	}
	for i := range codecs {
		codecs[i].RTX = rtx[codecs[i].PayloadType]
	}
	return codecs, nil
}

// Prepare rewrites a client's description for Pion. SSRCs are left out: this SFU routes streams itself, by mid, rid and
// the SSRCs that Parse returned, and Pion would take several SSRCs in a section for Plan B. A single section keeps
// one made-up SSRC, because Pion would otherwise add a transceiver of its own for the first stream that arrives.
func Prepare(text string) (string, error) {
	var s sdp.SessionDescription
	if err := s.UnmarshalString(text); err != nil {
		return "", fmt.Errorf("%w: %w", ErrBad, err)
	}
	for _, m := range s.MediaDescriptions {
		m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool {
			return a.Key == sdp.AttrKeySSRC || a.Key == sdp.AttrKeySSRCGroup || a.IsICECandidate()
		})
	}
	if len(s.MediaDescriptions) == 1 {
		s.MediaDescriptions[0].Attributes = append(s.MediaDescriptions[0].Attributes,
			sdp.Attribute{Key: sdp.AttrKeySSRC, Value: "1 cname:none"})
	}
	out, err := s.Marshal()
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBad, err)
	}
	return string(out), nil
}

// Without rewrites a description of ours so that the sections for which drop is true do not have a header extension.
func Without(text, uri string, drop func(mid string) bool) (string, error) {
	var s sdp.SessionDescription
	if err := s.UnmarshalString(text); err != nil {
		return "", fmt.Errorf("%w: %w", ErrBad, err)
	}
	for _, m := range s.MediaDescriptions {
		if !drop(attribute(m, sdp.AttrKeyMID)) {
			continue
		}
		m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool {
			fields := strings.Fields(a.Value) // RFC 8285, section 5: id, with a direction perhaps, and URI
			return a.Key == sdp.AttrKeyExtMap && len(fields) > 1 && fields[1] == uri
		})
	}
	out, err := s.Marshal()
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBad, err)
	}
	return string(out), nil
}

// Continues tells whether a later description keeps the sections of an earlier one in place, as JSEP demands: the same
// mids and kinds in the same order, with new ones after them.
func (d Description) Continues(earlier Description) error {
	if len(d.Sections) < len(earlier.Sections) {
		return fmt.Errorf("%w: %d sections are gone", ErrBad, len(earlier.Sections)-len(d.Sections))
	}
	for i, old := range earlier.Sections {
		if sec := d.Sections[i]; sec.MID != old.MID || sec.Kind != old.Kind {
			return fmt.Errorf("%w: section %d was %s %q and is %s %q", ErrBad, i, old.Kind, old.MID, sec.Kind, sec.MID)
		}
	}
	if d.Fingerprint != earlier.Fingerprint {
		return fmt.Errorf("%w: another DTLS certificate", ErrBad)
	}
	return nil
}

// Codec returns the codec with a payload type.
func (sec Section) Codec(pt uint8) (Codec, bool) {
	i := slices.IndexFunc(sec.Codecs, func(c Codec) bool { return c.PayloadType == pt })
	if i < 0 {
		return Codec{}, false
	}
	return sec.Codecs[i], true
}

func direction(s *sdp.SessionDescription, m *sdp.MediaDescription) Direction {
	for _, attributes := range [][]sdp.Attribute{m.Attributes, s.Attributes} {
		for _, a := range attributes {
			switch a.Key {
			case "sendrecv":
				return Direction{true, true}
			case "sendonly":
				return Direction{Send: true}
			case "recvonly":
				return Direction{Receive: true}
			case "inactive":
				return Direction{}
			}
		}
	}
	return Direction{true, true}
}

func attribute(m *sdp.MediaDescription, key string) string {
	v, _ := m.Attribute(key)
	return v
}

func cloned(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.Clone(s)
	}
	return out
}
