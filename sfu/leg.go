package sfu

import (
	"context"
	"errors"
)

// Leg is one device's connection with a room: one PeerConnection, which sends and receives. Its methods may be called by
// several goroutines; negotiations wait for each other.
type Leg struct {
	id      string
	room    *Room
	handler LegHandler
}

// ID returns the id that the leg joined with.
func (l *Leg) ID() string { return l.id }

// RingOffer returns an offer of the server with one audio and one video section, both sendrecv, and all candidates in
// it. It can only be the leg's first negotiation; from then on the client alone offers. Calling it again before the
// answer returns the same offer. Errors: ErrClosed, ErrOfferPending (something else was negotiated first).
func (l *Leg) RingOffer(ctx context.Context) (sdp string, err error) {
	return "", errors.ErrUnsupported
}

// Answer takes the client's answer to RingOffer. Errors: ErrNoOffer, ErrBadSDP, ErrClosed.
func (l *Leg) Answer(ctx context.Context, sdp string, hints []TrackHint) error {
	return errors.ErrUnsupported
}

// Offer takes an offer of the client, the first or a later one (further sections, an ICE restart), and returns the
// answer with all candidates in it. An offer that comes while one is being answered waits its turn. A refused offer
// leaves the leg as it was. Errors: ErrBadSDP, ErrOfferPending, ErrClosed, and the context's.
func (l *Leg) Offer(ctx context.Context, sdp string, hints []TrackHint) (answer string, err error) {
	return "", errors.ErrUnsupported
}

// AddCandidate takes a trickled candidate, the text of RTCIceCandidate.candidate; empty means that there are no more.
// Early and late ones are fine. Errors: ErrBadCandidate, ErrClosed.
func (l *Leg) AddCandidate(candidate string) error { return errors.ErrUnsupported }

// View says which pictures the receiver shows, first ones first. Nil means that it does not care: screen shares, active
// speakers, then order of joining. An empty list that is not nil means that it shows none.
func (l *Leg) View(tiles []Tile) {}

// Mute stops or resumes forwarding of what the leg publishes from a source, at once. Errors: ErrUnknownTrack, ErrClosed.
func (l *Leg) Mute(source string, muted bool) error { return errors.ErrUnsupported }

// Tracks returns what the leg publishes, in the order of its sections.
func (l *Leg) Tracks() []Track { return nil }

// Slots returns what the leg's receiving sections carry, as last told by LegHandler.Slots.
func (l *Leg) Slots() ([]Slot, Wanted) { return nil, Wanted{} }

// Stats returns the leg's figures of this moment.
func (l *Leg) Stats() Stats { return Stats{} }

// Close leaves the room and waits until nothing of the leg is left. It is idempotent. The handler's Closed has returned by
// then, so Close must not be called from a handler: use CloseAsync there.
func (l *Leg) Close() error { return nil }

// CloseAsync is Close without the waiting.
func (l *Leg) CloseAsync() {}
