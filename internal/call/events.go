package call

import (
	"encoding/json"

	"confab/internal/bus"
	"confab/internal/chat"
	"confab/internal/stamp"
	"confab/sfu"
	"confab/store"
)

// The names of the events that this package publishes. The data of each is the type of the like name below;
// docs/protocol.md has examples.
const (
	EventOffer       = "call:offer"
	EventAnswered    = "call:answered"
	EventRingEnded   = "call:ring-ended"
	EventEnd         = "call:end"
	EventState       = "call:state"
	EventParticipant = "call:participant"
	EventSlots       = "call:slots"
	EventLayers      = "call:layers"
	EventCodecs      = "call:codecs"
	EventSpeakers    = "call:speakers"
	EventQuality     = "call:quality"
	EventMute        = "call:mute"
	EventHand        = "call:hand"
	EventReaction    = "call:reaction"
)

// Why a ring ended.
const (
	RingAnsweredElsewhere = "answered-elsewhere"
	RingDeclined          = "declined"
	RingTimeout           = "timeout"
	RingEnded             = "ended"
)

// Why a call ended, in the history and in call:end.
const (
	ReasonEnded         = "ended"
	ReasonMissed        = "missed"
	ReasonDeclined      = "declined"
	ReasonServerRestart = "server-restart"
)

// Why one device's part in a call ended, in its own call:end.
const (
	ReasonLeft    = "left"    // it hung up, and the call goes on
	ReasonRemoved = "removed" // by an owner or admin, or by leaving the chat
	ReasonLost    = "lost"    // its socket or its media was gone for too long
	ReasonRevoked = "revoked" // its session was ended
)

type offerEvent struct {
	ChatID    store.ID     `json:"chatId"`
	CallID    store.ID     `json:"callId"`
	CallerID  store.ID     `json:"callerId"`
	Media     Media        `json:"media"`
	Offer     *Description `json:"offer"` // null in large chats: join with call:initiate
	ExpiresAt stamp.Time   `json:"expiresAt"`
}

type answeredEvent struct {
	ChatID        store.ID    `json:"chatId"`
	CallID        store.ID    `json:"callId"`
	CalleeID      *store.ID   `json:"calleeId"` // null: the SFU answered
	ParticipantID store.ID    `json:"participantId"`
	Answer        Description `json:"answer"`
}

type ringEndedEvent struct {
	ChatID store.ID `json:"chatId"`
	CallID store.ID `json:"callId"`
	Reason string   `json:"reason"`
}

type endEvent struct {
	ChatID   store.ID `json:"chatId"`
	CallID   store.ID `json:"callId"`
	Reason   string   `json:"reason"`
	Duration int64    `json:"duration"` // whole seconds since the second person joined; 0: nobody did
}

type stateEvent struct {
	ChatID       store.ID      `json:"chatId"`
	CallID       store.ID      `json:"callId"`
	StartedBy    store.ID      `json:"startedBy"`
	StartedAt    stamp.Time    `json:"startedAt"`
	Participants []Participant `json:"participants"`
}

type participantEvent struct {
	ChatID      store.ID    `json:"chatId"`
	CallID      store.ID    `json:"callId"`
	Participant Participant `json:"participant"`
	Left        bool        `json:"left,omitempty"`
}

type slotsEvent struct {
	ChatID store.ID `json:"chatId"`
	Slots  []slot   `json:"slots"`
	Wanted wanted   `json:"wanted"`
}

type slot struct {
	MID           string    `json:"mid"`
	Kind          string    `json:"kind"`
	ParticipantID *store.ID `json:"participantId"` // null: it carries nothing
	UserID        store.ID  `json:"userId,omitempty"`
	TrackID       string    `json:"trackId,omitempty"`
	Source        string    `json:"source,omitempty"`
	Undecodable   bool      `json:"undecodable,omitempty"`
}

type wanted struct {
	Audio int `json:"audio"`
	Video int `json:"video"`
}

type layersEvent struct {
	ChatID store.ID `json:"chatId"`
	MID    string   `json:"mid"`
	Active []string `json:"active"`
}

type codecsEvent struct {
	ChatID store.ID `json:"chatId"`
	MID    string   `json:"mid"`
	Usable []string `json:"usable"`
}

type speakersEvent struct {
	ChatID       store.ID  `json:"chatId"`
	Participants []speaker `json:"participants"`
}

type speaker struct {
	ID    store.ID `json:"id"`
	Level float64  `json:"level"`
}

type qualityEvent struct {
	ChatID       store.ID        `json:"chatId"`
	Participants json.RawMessage `json:"participants"` // a list of quality
	Downlink     downlink        `json:"downlink"`
}

type quality struct {
	ID    store.ID `json:"id"`
	Score float64  `json:"score"`
}

type downlink struct {
	BPS     int64   `json:"bps"`
	LossPct float64 `json:"lossPct"`
	RTTMs   float64 `json:"rttMs"`
}

type muteEvent struct {
	ChatID        store.ID `json:"chatId"`
	ParticipantID store.ID `json:"participantId"`
	Source        string   `json:"source"`
	Muted         bool     `json:"muted"`
	By            store.ID `json:"by,omitempty"` // the user who did it, when it was a moderator
}

type handEvent struct {
	ChatID        store.ID `json:"chatId"`
	ParticipantID store.ID `json:"participantId"`
	Raised        bool     `json:"raised"`
}

type reactionEvent struct {
	ChatID        store.ID `json:"chatId"`
	ParticipantID store.ID `json:"participantId"`
	Emoji         string   `json:"emoji"`
}

// chatActiveEvent is a chat:updated that carries only what this package knows. ActiveCall null: the call is over.
type chatActiveEvent struct {
	ChatID store.ID   `json:"chatId"`
	Chat   chatActive `json:"chat"`
}

type chatActive struct {
	ID         store.ID         `json:"id"`
	ActiveCall *chat.ActiveCall `json:"activeCall"`
}

// tell sends an event to one device. c.mu is held.
func (c *call) tell(p *participant, name string, data any) {
	if p.reachable() {
		c.svc.cfg.Bus.Publish(bus.Event{Name: name, To: []store.ID{p.userID}, Session: p.device.SocketID, Data: data})
	}
}

// tellAll sends an event to every device in the call but except's. c.mu is held.
func (c *call) tellAll(except *participant, name string, data any) {
	e := bus.Event{Name: name, Data: data}
	for _, p := range c.people {
		if p != except && p.joined && p.reachable() {
			e.To = append(e.To, p.userID)
			e.Only = append(e.Only, p.device.SocketID)
		}
	}
	if len(e.To) > 0 {
		c.svc.cfg.Bus.Publish(e)
	}
}

// describe is the participant as the others see it. c.mu is held.
func (p *participant) describe() Participant {
	tracks := p.tracks
	if tracks == nil {
		tracks = []sfu.Track{}
	}
	connection := p.state
	if connection == sfu.StateConnecting {
		connection = sfu.StateGood // until something is known to be wrong
	}
	return Participant{
		ID: p.id, UserID: p.userID, DisplayName: p.name, JoinedAt: stamp.Of(p.joinedAt), Hand: p.hand,
		Hidden: p.hidden, Tracks: tracks, Connection: string(connection),
	}
}

// snapshot is the whole state, as a device gets it on joining. c.mu is held.
func (c *call) snapshot() stateEvent {
	e := stateEvent{
		ChatID: c.chatID, CallID: c.id, StartedBy: c.row.StartedBy, StartedAt: stamp.Of(c.row.StartedAt),
		Participants: []Participant{},
	}
	for _, p := range c.people {
		if p.joined {
			e.Participants = append(e.Participants, p.describe())
		}
	}
	return e
}

// changed tells everybody in the call what p looks like now. c.mu is held.
func (c *call) changed(p *participant, left bool) {
	c.tellAll(nil, EventParticipant, participantEvent{c.chatID, c.id, p.describe(), left})
}
