package call

import (
	"confab/internal/stamp"
	"confab/sfu"
	"confab/store"
)

// Device is one socket of a signed-in session: two tabs of one browser are one session and two devices. SocketID is
// also what messages to just this device are addressed with.
type Device struct {
	UserID    store.ID
	SessionID store.ID
	SocketID  store.ID
}

// Media is what somebody who rings wants to send: it tells the rung phone a video call from an audio call.
type Media struct {
	Audio bool `json:"audio"`
	Video bool `json:"video"`
}

// Description is a session description as WebRTC clients exchange it; Type is "offer" or "answer".
type Description struct {
	Type string `json:"type"`
	SDP  string `json:"sdp"`
}

// Joined tells a device which leg of which call it has now.
type Joined struct {
	CallID        store.ID `json:"callId"`
	ParticipantID store.ID `json:"participantId"`
}

// Initiation is a client's offer: the first one starts or joins the chat's call, later ones renegotiate the leg.
type Initiation struct {
	ChatID store.ID
	CallID store.ID // the call that is meant, and no other; "" means whichever the chat has, or a new one
	Offer  Description
	Media  *Media // nil: audio and video
	Tracks []sfu.TrackHint
	Hidden bool // asks the others not to show a tile for this participant
}

// Acceptance is a client's answer to the ring's offer.
type Acceptance struct {
	ChatID store.ID
	Answer Description
	Tracks []sfu.TrackHint
}

// Tile is one picture that a device shows: earlier ones are more important. Sizes are in device pixels, 0: unknown.
type Tile struct {
	ParticipantID store.ID `json:"participantId"`
	Source        string   `json:"source"`
	Width         int      `json:"width"`
	Height        int      `json:"height"`
}

// Participant is somebody's leg in a call, as the others see it.
type Participant struct {
	ID          store.ID    `json:"id"`
	UserID      store.ID    `json:"userId"`
	DisplayName string      `json:"displayName"`
	JoinedAt    stamp.Time  `json:"joinedAt"`
	Hand        bool        `json:"hand"`
	Hidden      bool        `json:"hidden,omitempty"`
	Tracks      []sfu.Track `json:"tracks"`
	Connection  string      `json:"connection"` // "good", "poor" or "lost"
}

// Record is a call in the history, running (EndedAt nil) or past.
type Record struct {
	ID           store.ID            `json:"id"`
	ChatID       store.ID            `json:"chatId"`
	StartedBy    store.ID            `json:"startedBy"`
	StartedAt    stamp.Time          `json:"startedAt"`
	AnsweredAt   *stamp.Time         `json:"answeredAt,omitempty" doc:"When the second person joined."`
	EndedAt      *stamp.Time         `json:"endedAt,omitempty"`
	EndReason    string              `json:"endReason" doc:"missed, declined, ended or server-restart; empty while it runs."`
	Participants []RecordParticipant `json:"participants"`
}

// RecordParticipant is one leg of a call in the history: a person who came back appears again.
type RecordParticipant struct {
	ID       store.ID    `json:"id"`
	UserID   store.ID    `json:"userId"`
	JoinedAt stamp.Time  `json:"joinedAt"`
	LeftAt   *stamp.Time `json:"leftAt,omitempty"`
}

// RecordPage is a part of the history.
type RecordPage struct {
	Items      []Record `json:"items"`
	NextCursor *string  `json:"nextCursor" doc:"Null at the end."`
}
