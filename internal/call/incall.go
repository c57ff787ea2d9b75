package call

import (
	"context"
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"

	"confab/internal/fault"
	"confab/sfu"
	"confab/store"
)

// The actions of Moderate.
const (
	ActionMute   = "mute"
	ActionRemove = "remove"
)

const (
	// maxTiles bounds a view: more pictures than fit on any screen.
	maxTiles = 100
	// maxTileSide bounds a tile's sides, in pixels: an 8K display's.
	maxTileSide = 7680
	// maxReaction is the longest emoji that is taken, in bytes: the longest sequences (families, flags of regions)
	// are about 40.
	maxReaction = 64
)

// mine finds the call and the leg of a device that is in it. Who is no member of the chat learns nothing.
func (s *Service) mine(ctx context.Context, d Device, chatID store.ID) (*call, *participant, error) {
	if c := s.cfg.Registry.find(chatID); c != nil {
		if p := c.legOf(d); p != nil {
			return c, p, nil // members only: see the package's invariants
		}
	}
	if _, err := s.cfg.Chats.Enter(ctx, d.UserID, chatID); err != nil {
		return nil, nil, err
	}
	return nil, nil, fault.New(fault.Conflict, CodeNotInCall, "this device is not in a call of this chat")
}

// legOf finds the leg of a device: by its socket, or by its session where the socket was lost and not resumed yet.
func (c *call) legOf(d Device) *participant {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.people {
		mine := p.device.SocketID == d.SocketID || p.lost && p.device.SessionID == d.SessionID
		if p.joined && p.userID == d.UserID && mine {
			return p
		}
	}
	return nil
}

// Candidate takes a trickled ICE candidate; empty means that there are no more. Early and late ones are dropped: the
// server learns the device's address from its connectivity checks anyway.
func (s *Service) Candidate(ctx context.Context, d Device, chatID store.ID, candidate string) error {
	_, p, err := s.mine(ctx, d, chatID)
	if err != nil {
		if fault.From(err).Code == CodeNotInCall {
			return refuse(sfu.CheckCandidate(candidate))
		}
		return err
	}
	return refuse(p.leg.AddCandidate(candidate))
}

// Leave takes the device out of the call. With forAll it ends the call, which in a direct chat leaving does anyway, and
// in a group takes an owner or admin, who need not be in it. Whoever is rung by a direct chat's call declines it so.
func (s *Service) Leave(ctx context.Context, d Device, chatID store.ID, forAll bool) error {
	if c := s.cfg.Registry.find(chatID); c != nil && c.direct && c.ringing(d.UserID) {
		return s.Decline(ctx, d, chatID)
	}
	if forAll {
		return s.endForAll(ctx, d, chatID)
	}
	c, p, err := s.mine(ctx, d, chatID)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.remove(p, ReasonLeft)
	c.unlock()
	return nil
}

func (s *Service) endForAll(ctx context.Context, d Device, chatID store.ID) error {
	ch, members, err := s.cfg.Chats.Access(ctx, d.UserID, chatID)
	if err != nil {
		return err
	}
	c := s.cfg.Registry.find(chatID)
	if c == nil {
		return noCall()
	}
	if ch.Type != store.Direct && roleOf(members, d.UserID) == store.RoleMember {
		return fault.New(fault.Forbidden, CodeForbidden, "only owners and admins may end the call for all")
	}
	c.mu.Lock()
	defer c.unlock()
	if c.phase != running || (c.direct && !c.present(d.UserID)) {
		return noCall()
	}
	c.finish(ReasonEnded)
	return nil
}

func roleOf(members []store.Member, userID store.ID) store.Role {
	for _, m := range members {
		if m.UserID == userID {
			return m.Role
		}
	}
	return store.RoleMember
}

// View says which pictures the device shows, the most important first; nil leaves it to the server.
func (s *Service) View(ctx context.Context, d Device, chatID store.ID, tiles []Tile) error {
	_, p, err := s.mine(ctx, d, chatID)
	if err != nil {
		return err
	}
	if len(tiles) > maxTiles {
		return fault.InvalidField("tiles", fmt.Sprintf("at most %d", maxTiles))
	}
	var view []sfu.Tile
	if tiles != nil {
		view = make([]sfu.Tile, len(tiles))
	}
	for i, t := range tiles {
		if t.Width < 0 || t.Height < 0 || t.Width > maxTileSide || t.Height > maxTileSide {
			return fault.InvalidField("tiles", fmt.Sprintf("sides must be 0 to %d", maxTileSide))
		}
		view[i] = sfu.Tile{Leg: string(t.ParticipantID), Source: t.Source, Width: t.Width, Height: t.Height}
	}
	p.leg.View(view)
	return nil
}

// Mute stops or resumes what the device sends from a source, at once.
func (s *Service) Mute(ctx context.Context, d Device, chatID store.ID, source string, muted bool) error {
	c, p, err := s.mine(ctx, d, chatID)
	if err != nil {
		return err
	}
	return c.mute(p, source, muted, "")
}

// mute does it, and tells everybody; by is the moderator, if it was one.
func (c *call) mute(p *participant, source string, muted bool, by store.ID) error {
	if !knownSource(source) {
		return fault.InvalidField("source", "must be microphone, camera, screen or screen-audio")
	}
	if err := p.leg.Mute(source, muted); err != nil {
		return refuse(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !p.left {
		c.tellAll(nil, EventMute, muteEvent{c.chatID, p.id, source, muted, by})
	}
	return nil
}

// Hand raises or lowers the device's hand.
func (s *Service) Hand(ctx context.Context, d Device, chatID store.ID, raised bool) error {
	c, p, err := s.mine(ctx, d, chatID)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.left || p.hand == raised {
		return nil
	}
	p.hand = raised
	c.tellAll(nil, EventHand, handEvent{c.chatID, p.id, raised})
	return nil
}

// Reaction shows an emoji to everybody in the call.
func (s *Service) Reaction(ctx context.Context, d Device, chatID store.ID, emoji string) error {
	c, p, err := s.mine(ctx, d, chatID)
	if err != nil {
		return err
	}
	if emoji == "" || len(emoji) > maxReaction || !utf8.ValidString(emoji) || slices.ContainsFunc([]rune(emoji), unicode.IsControl) {
		return fault.InvalidField("emoji", "must be one emoji")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !p.left {
		c.tellAll(nil, EventReaction, reactionEvent{c.chatID, p.id, emoji})
	}
	return nil
}

// Moderate mutes or removes somebody else. Owners and admins of a group may, but not to those above them.
func (s *Service) Moderate(ctx context.Context, d Device, chatID, participantID store.ID, action string) error {
	ch, members, err := s.cfg.Chats.Access(ctx, d.UserID, chatID)
	if err != nil {
		return err
	}
	if action != ActionMute && action != ActionRemove {
		return fault.InvalidField("action", "must be mute or remove")
	}
	c := s.cfg.Registry.find(chatID)
	if c == nil {
		return noCall()
	}
	p := c.participant(participantID)
	if p == nil {
		return fault.New(fault.NotFound, CodeNoParticipant, "nobody of that id is in the call")
	}
	role := roleOf(members, d.UserID)
	if ch.Type == store.Direct || role == store.RoleMember || role == store.RoleAdmin && roleOf(members, p.userID) == store.RoleOwner {
		return fault.New(fault.Forbidden, CodeForbidden, "your role does not allow that")
	}
	if action == ActionMute {
		return c.muteAudio(p, d.UserID)
	}
	c.mu.Lock()
	c.remove(p, ReasonRemoved)
	c.unlock()
	return nil
}

func (c *call) participant(id store.ID) *participant {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.legs[id]; p != nil && p.joined {
		return p
	}
	return nil
}

// muteAudio mutes everything that can be heard of p. Whoever was muted may speak again when they want to.
func (c *call) muteAudio(p *participant, by store.ID) error {
	for _, t := range p.leg.Tracks() {
		if t.Kind != sfu.KindAudio || t.Muted {
			continue
		}
		if err := c.mute(p, t.Source, true, by); err != nil {
			return err
		}
	}
	return nil
}
