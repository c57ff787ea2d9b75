package call

import (
	"encoding/json"
	"errors"
	"maps"
	"runtime"
	"slices"
	"time"

	"confab/sfu"
	"confab/store"
)

// legEvents is what the SFU tells about one participant's leg.
type legEvents struct{ p *participant }

var _ sfu.LegHandler = legEvents{}

// Slots hands the assignment to the device's queue before it returns, so that it leaves before the first packet.
func (h legEvents) Slots(slots []sfu.Slot, want sfu.Wanted) {
	c, p := h.p.call, h.p
	c.mu.Lock()
	defer c.mu.Unlock()
	e := slotsEvent{ChatID: c.chatID, Slots: make([]slot, len(slots)), Wanted: wanted{want.Audio, want.Video}}
	for i, in := range slots {
		out := slot{MID: in.MID, Kind: in.Kind}
		if from := c.legs[store.ID(in.Leg)]; from != nil {
			out.ParticipantID, out.UserID, out.TrackID, out.Source = &from.id, from.userID, in.Track, in.Source
			out.Undecodable = in.Undecodable
		}
		e.Slots[i] = out
	}
	p.slots = &e
	if p.joined {
		c.tell(p, EventSlots, e)
	}
}

// Tracks tells everybody in the call what the participant sends now.
func (h legEvents) Tracks(tracks []sfu.Track) {
	h.update(func(p *participant) {
		p.tracks = tracks
		p.forgetEnded()
	})
}

// forgetEnded drops what was asked of sections that send no more. call.mu is held.
func (p *participant) forgetEnded() {
	sends := make(map[string]bool, len(p.tracks))
	for _, t := range p.tracks {
		sends[t.MID] = true
	}
	maps.DeleteFunc(p.layers, func(mid string, _ layersEvent) bool { return !sends[mid] })
	maps.DeleteFunc(p.codecs, func(mid string, _ codecsEvent) bool { return !sends[mid] })
}

// Connection tells everybody in the call how the participant is connected, and begins or ends the wait for its media.
func (h legEvents) Connection(state sfu.State) {
	h.update(func(p *participant) {
		p.state = state
		h.p.call.watchMedia(p)
	})
}

// update changes p and tells the others, if they see it. Who joins is described as connected from the start, so that fifty
// who join at once and connect are not told to fifty a second time.
func (h legEvents) update(change func(*participant)) {
	c, p := h.p.call, h.p
	c.mu.Lock()
	defer c.mu.Unlock()
	before := p.describe()
	change(p)
	after := p.describe()
	same := after.Connection == before.Connection && slices.Equal(after.Tracks, before.Tracks)
	if p.joined && !p.left && !same {
		c.changed(p, false)
	}
}

// Layers tells the publishing device which simulcast layers somebody watches.
func (h legEvents) Layers(mid string, active []string) {
	c, p := h.p.call, h.p
	c.mu.Lock()
	defer c.mu.Unlock()
	if active == nil {
		active = []string{}
	}
	e := layersEvent{c.chatID, mid, active}
	p.layers[mid] = e
	if p.joined {
		c.tell(p, EventLayers, e)
	}
}

// Codecs tells the publishing device that not everybody can decode what it sends, and what all could.
func (h legEvents) Codecs(mid string, usable []string) {
	c, p := h.p.call, h.p
	c.mu.Lock()
	defer c.mu.Unlock()
	if usable == nil {
		usable = []string{}
	}
	e := codecsEvent{c.chatID, mid, usable}
	p.codecs[mid] = e
	if p.joined {
		c.tell(p, EventCodecs, e)
	}
}

// Closed takes out a participant whose leg broke. Where the leg was closed from here it is out already. A device that
// closed its PeerConnection without leaving is most likely being reloaded: it is waited for.
func (h legEvents) Closed(reason error) {
	c, p := h.p.call, h.p
	c.mu.Lock()
	defer c.unlock()
	if !errors.Is(reason, sfu.ErrPeerClosed) || !p.joined || p.left {
		c.remove(p, ReasonLost)
		return
	}
	p.dead, p.state, p.tracks = true, sfu.StateLost, nil
	c.changed(p, false)
	stopTimer(p.silence)
	p.silence = time.AfterFunc(c.svc.cfg.ReloadGrace, func() {
		c.mu.Lock()
		defer c.unlock()
		if !p.lost { // otherwise the socket's own grace runs
			c.remove(p, ReasonLost)
		}
	})
}

// roomEvents is what the SFU tells about a whole call.
type roomEvents struct{ c *call }

var _ sfu.RoomHandler = roomEvents{}

// Speakers passes on who talks; the SFU keeps it to five times a second.
func (h roomEvents) Speakers(list []sfu.Speaker) {
	c := h.c
	c.mu.Lock()
	defer c.mu.Unlock()
	e := speakersEvent{ChatID: c.chatID, Participants: []speaker{}}
	for _, s := range list {
		if p := c.legs[store.ID(s.Leg)]; p != nil && p.joined {
			e.Participants = append(e.Participants, speaker{p.id, s.Level})
		}
	}
	c.tellAll(nil, EventSpeakers, e)
}

// watchMedia begins or ends the wait for a participant's media: a device that keeps its socket, but whose media never
// came or has been gone for so long, only looks as if it were in the call. mu is held.
func (c *call) watchMedia(p *participant) {
	silent := p.state == sfu.StateConnecting || p.state == sfu.StateLost
	switch {
	case !p.joined || p.left:
	case !silent:
		stopTimer(p.silence)
		p.silence = nil
	case p.silence == nil:
		var timer *time.Timer
		timer = time.AfterFunc(c.svc.cfg.MediaTimeout, func() {
			c.mu.Lock() // also orders the next line after the assignment of timer
			defer c.unlock()
			if p.silence == timer {
				c.remove(p, ReasonLost)
			}
		})
		p.silence = timer
	}
}

// Disconnected is told when a device's socket is gone. Its legs stay for a while: media flows on, and the device may be
// back with Resume. pageGone says that a browser closed the socket because its page went away: then there is no media
// either, and what may come back, by a new offer, is the page that is being reloaded; the two look the same from here.
func (s *Service) Disconnected(d Device, pageGone bool) {
	s.endCheckOf(d)
	grace := s.cfg.ResumeGrace
	if pageGone {
		grace = s.cfg.ReloadGrace
	}
	for _, c := range s.cfg.Registry.callsOf(d.UserID) {
		c.mu.Lock()
		for _, p := range c.people {
			if p.device.SocketID == d.SocketID && !p.lost {
				c.lose(p, grace)
			}
		}
		c.mu.Unlock()
	}
}

// lose begins the grace of a participant without a socket. mu is held.
func (c *call) lose(p *participant, grace time.Duration) {
	p.lost = true
	socket := p.device.SocketID
	p.grace = time.AfterFunc(grace, func() {
		c.mu.Lock()
		defer c.unlock()
		if p.lost && p.device.SocketID == socket {
			c.remove(p, ReasonLost)
		}
	})
}

// watchQuality tells every device, now and then, how well it and the others are connected, until the call is over.
func (c *call) watchQuality() {
	tick := time.NewTicker(c.svc.cfg.QualityPeriod)
	defer tick.Stop()
	for {
		select {
		case <-c.stop:
			return
		case <-tick.C:
			c.tellQuality()
		}
	}
}

// In a large call the word of everybody's quality to everybody is milliseconds of work, for which media would wait: qualityBatch
// devices are told at a time, and qualityApart passes before the next.
const (
	qualityBatch = 8
	qualityApart = 20 * time.Millisecond
)

func (c *call) tellQuality() {
	c.mu.Lock()
	var people []*participant
	for _, p := range c.people {
		if p.joined {
			people = append(people, p)
		}
	}
	c.mu.Unlock()
	scores := make([]quality, len(people))
	stats := make([]sfu.Stats, len(people))
	for i, p := range people {
		stats[i] = p.leg.Stats()
		scores[i] = quality{p.id, min(stats[i].Score, stats[i].UplinkScore)}
		runtime.Gosched() // packets first
	}
	same, err := json.Marshal(scores) // once, and not for each of them
	if err != nil {
		c.svc.cfg.Log.Error("the scores of a call cannot be told", "err", err)
		return
	}
	for i, p := range people {
		c.mu.Lock()
		if !p.left {
			c.tell(p, EventQuality, qualityEvent{ChatID: c.chatID, Participants: same, Downlink: downlink{
				BPS: stats[i].DownlinkBPS, LossPct: 100 * stats[i].DownlinkLoss,
				RTTMs: float64(stats[i].RTT) / float64(time.Millisecond),
			}})
		}
		c.mu.Unlock()
		if (i+1)%qualityBatch == 0 {
			select {
			case <-c.stop:
				return
			case <-time.After(qualityApart):
			}
		}
	}
}
