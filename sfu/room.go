package sfu

// Room is a set of legs that receive each other. Its methods may be called by several goroutines.
type Room struct {
	server  *Server
	handler RoomHandler
}

// Join adds a leg with an id of the caller's that is unique in the room. Nothing flows before a negotiation by
// RingOffer and Answer, or by Offer. Errors: ErrClosed, ErrDuplicateLeg, ErrFull.
func (r *Room) Join(id string, h LegHandler) (*Leg, error) {
	return &Leg{id: id, room: r, handler: h}, nil
}

// Close closes all legs and waits. It is idempotent.
func (r *Room) Close() error { return nil }
