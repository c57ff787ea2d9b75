package sfu

import (
	"errors"
	"net/netip"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
)

// What the methods of Server, Room and Leg refuse with, for errors.Is. Each is wrapped with what was being done.
var (
	// ErrBadSDP: the description cannot be parsed, is of the wrong shape (too many sections, no ICE or DTLS
	// attributes, sections removed or reordered), or cannot be met.
	ErrBadSDP = errors.New("sfu: bad session description")
	// ErrNoOffer: an answer for which no offer is waiting.
	ErrNoOffer = errors.New("sfu: no offer to answer")
	// ErrOfferPending: a client offer while the leg's own ring offer is not answered yet; the two cannot be
	// reconciled, so the leg has to be closed and joined anew.
	ErrOfferPending = errors.New("sfu: an offer of the server is not answered yet")
	// ErrBadCandidate: text that is no ICE candidate.
	ErrBadCandidate = errors.New("sfu: bad ICE candidate")
	// ErrClosed: the server, room or leg is closed.
	ErrClosed = errors.New("sfu: closed")
	// ErrUnknownTrack: the leg has no section that publishes from that source.
	ErrUnknownTrack = errors.New("sfu: unknown track")
	// ErrDuplicateLeg: the room has a leg with that id already.
	ErrDuplicateLeg = errors.New("sfu: leg exists")
	// ErrFull: a bound on rooms or legs is reached.
	ErrFull = errors.New("sfu: full")
	// ErrPeerClosed: the reason given to LegHandler.Closed when the client closed its side of the connection.
	ErrPeerClosed = errors.New("sfu: the peer closed the connection")
	// ErrAbuse: the reason given to LegHandler.Closed when a client did what only an attacker does, such as sending
	// on thousands of SSRCs.
	ErrAbuse = errors.New("sfu: abusive peer")
	// ErrTransport: the reason given to LegHandler.Closed when the client's path changed, from UDP to TCP, in a way that a
	// leg cannot follow; it has to be joined anew.
	ErrTransport = errors.New("sfu: the leg cannot follow its transport")
	// ErrPanic: the reason given to LegHandler.Closed when a leg was ended because code that worked for it panicked.
	ErrPanic = errors.New("sfu: panic in leg")
)

// Kinds of media.
const (
	KindAudio = "audio"
	KindVideo = "video"
)

// Sources of tracks.
const (
	SourceMicrophone  = "microphone"
	SourceCamera      = "camera"
	SourceScreen      = "screen"
	SourceScreenAudio = "screen-audio"
)

// State tells how well a leg's connection does.
type State string

// States of a leg. A leg begins with StateConnecting; after StateLost it may become good again by itself or by an ICE
// restart. The library never closes a leg because it is lost: whoever joined it decides how long to wait.
const (
	StateConnecting State = "connecting"
	StateGood       State = "good"
	StatePoor       State = "poor" // connected, but loss, delay or bandwidth hurt
	StateLost       State = "lost" // nothing heard from the peer for some seconds
)

// Track is something that a leg publishes.
type Track struct {
	ID     string `json:"id"`     // unique in the room for its life
	Kind   string `json:"kind"`   // KindAudio or KindVideo
	Source string `json:"source"` // one of the Source constants
	Muted  bool   `json:"muted"`
	MID    string `json:"-"` // the section of the publisher that it arrives on
}

// TrackHint says what the client sends on one of its sections. Sections without a hint are microphone and camera for
// the first of their kind, screen-audio and screen for further ones.
type TrackHint struct {
	MID    string `json:"mid"`
	Source string `json:"source"`
}

// Slot tells what one receiving section of a leg carries now. Leg, Track and Source are empty when it carries nothing.
type Slot struct {
	MID    string
	Kind   string
	Leg    string // id of the publishing leg
	Track  string // Track.ID
	Source string
	// Undecodable: the track is assigned, but the receiver has not negotiated its codec, so no packets come. The
	// publisher is told by LegHandler.Codecs.
	Undecodable bool
}

// Wanted is how many slots of each kind a leg would need to receive everything (in totals, not increments).
type Wanted struct {
	Audio int
	Video int
}

// Tile is one picture that the receiver shows: earlier ones are more important.
type Tile struct {
	Leg    string
	Source string
	Width  int // pixels of the device, not CSS pixels; 0 means unknown
	Height int
}

// Speaker is a leg that is talking.
type Speaker struct {
	Leg   string
	Level float64 // 0 (silence) to 1 (as loud as RFC 6464 can say), smoothed
}

// LegHandler is told what happens to one leg. Its methods are called one at a time per leg, by a goroutine that does
// nothing else, and never while a method of Leg holds a lock: they may call back into the leg, except Close. They should
// not block: what comes meanwhile is queued, and merged where only the latest matters.
type LegHandler interface {
	// Slots tells the whole assignment of all receiving sections whenever it changed, before the first packet of
	// the change is sent.
	Slots([]Slot, Wanted)
	// Tracks tells everything that the leg publishes, whenever it changed.
	Tracks([]Track)
	// Layers tells which simulcast layers of a publishing section are wanted; an empty list means that nobody
	// watches, and the sender may pause the track. Sections without simulcast use the single name "".
	Layers(mid string, active []string)
	// Codecs tells that somebody who should receive the section cannot decode its codec, and which codecs
	// (MIME types as in RTP maps, e.g. "video/VP8", best first) all receivers can decode.
	Codecs(mid string, usable []string)
	// Connection tells changes of the connection's state.
	Connection(State)
	// Closed is the last call. The reason is nil after Leg.Close, ErrClosed when the room or server closed,
	// ErrPeerClosed when the client closed its PeerConnection, ErrAbuse, ErrTransport or ErrPanic when the leg was ended
	// here.
	Closed(reason error)
}

// RoomHandler is told what concerns a whole room; the same rules as for LegHandler hold.
type RoomHandler interface {
	// Speakers tells who is talking, loudest first, at most five times a second and only on change.
	Speakers([]Speaker)
}

// Transport is the socket layer under a Server; *wire.Mux is one. The server does not close it.
type Transport interface {
	// UDPMux carries ICE, DTLS and SRTP of every leg over one UDP socket.
	UDPMux() ice.UDPMux
	// TCPMux carries ICE-TCP; nil where there is none.
	TCPMux() ice.TCPMux
}

// Configurer is what a Transport implements in addition if it knows better than its muxes tell how a PeerConnection has
// to be set up for it: which addresses are candidates, public ones (1:1 NAT) included.
type Configurer interface {
	// Configure sets muxes, candidate addresses and network types, and nothing else.
	Configure(*webrtc.SettingEngine)
}

// MediaTaker is what a Transport implements in addition if it can hand over what clients send before Pion reads it. The server
// then decrypts media itself, which spares each packet three goroutines and as many copies.
type MediaTaker interface {
	// TakeMedia gives take the SRTP packets (no SRTCP) for the ICE agent with that local user name fragment, in order and
	// in one goroutine. Those for which it returns false take their usual way through the UDPMux. take does not keep the
	// slice. stop ends that, and waits for take to return.
	TakeMedia(ufrag string, take func(p []byte, came time.Time) bool) (stop func())
}

// BatchWriter is what a Transport implements in addition if it can send many datagrams with few system calls. The
// server then encrypts media itself and hands over whole bursts (the packets of one video frame, or of one fan-out);
// without it, media goes packet by packet through the UDPMux.
type BatchWriter interface {
	// WriteBatch sends packets[i] to to[i]. Neighbours with the same destination are one run, in order: equally
	// sized ones (the last may be shorter) make one UDP_SEGMENT message. Destinations mean what they mean for
	// writes through UDPMux, relayed ones included. The buffers are the caller's again on return. It may be called by
	// several goroutines at once, must not block on a full socket buffer for longer than about a millisecond, and
	// returns how many datagrams it handed to the kernel; those that it dropped are not retried.
	WriteBatch(to []netip.AddrPort, packets [][]byte) (sent int, err error)
}

// Stats describes a leg at one moment.
type Stats struct {
	State        State
	RTT          time.Duration // 0 while unknown
	Score        float64       // 0 (unusable) to 5 (perfect), of what the leg receives
	UplinkScore  float64       // the same, of what it sends
	DownlinkBPS  int64         // bits per second: estimated bandwidth toward the client; while there is no sign of a limit, what it is sent
	DownlinkLoss float64       // fraction of packets lost toward the client, 0 to 1, over the last seconds
	Published    []TrackStats
	Slots        []SlotStats
}

// TrackStats describes one published layer. Counters run from the layer's beginning.
type TrackStats struct {
	Track      string
	MID        string
	RID        string // "" without simulcast
	Codec      string // MIME type
	Packets    uint64
	Bytes      uint64
	Lost       uint64
	NACKs      uint64 // packets asked for again
	PLIs       uint64 // key frames asked for
	BitsPerSec int64
	Jitter     time.Duration
}

// SlotStats describes one receiving section. Counters run over all sources that it carried.
type SlotStats struct {
	MID           string
	Track         string
	RID           string
	Packets       uint64
	Bytes         uint64
	Retransmitted uint64
	Dropped       uint64 // held back on purpose: waiting for a key frame, temporal layers, no bandwidth
	NACKs         uint64
	PLIs          uint64
	Lost          float64 // fraction, by the last receiver report
	Jitter        time.Duration
}

// Totals are counters over the life of a Server, and gauges of now.
type Totals struct {
	Rooms, Legs int // gauges

	PacketsIn, BytesIn   uint64
	PacketsOut, BytesOut uint64
	Malformed            uint64 // RTP and RTCP dropped because it could not be parsed or made no sense
	Retransmitted        uint64
	NACKsIn, NACKsOut    uint64 // packets asked for by receivers; by us from publishers
	PLIsIn, PLIsOut      uint64
	Padding              uint64 // packets sent again to find out what a path bears
	SendErrors           uint64
	DirectLegs           int    // gauge: legs whose media is encrypted straight into batches
	Panics               uint64 // legs ended because of a panic
}
