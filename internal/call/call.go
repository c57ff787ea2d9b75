// Package call is the rules of calls: who rings whom, who is in, and what is kept of it.
package call

import (
	"context"
	"log/slog"
	"time"

	"confab/internal/bus"
	"confab/internal/chat"
	"confab/sfu"
	"confab/store"
)

// Chats is what this package needs of internal/chat.
type Chats interface {
	// Access returns the chat and its members, or fault.NotFound when actor is none of them.
	Access(ctx context.Context, actor, chatID store.ID) (store.Chat, []store.Member, error)
	// PostCall posts the message of kind "call" for a call that ended.
	PostCall(ctx context.Context, c store.Call) (chat.Message, error)
}

// Config is what a Service needs. Durations of zero take the defaults.
type Config struct {
	Store    store.Store
	Bus      bus.Publisher
	Chats    Chats
	SFU      *sfu.Server
	Registry *Registry
	Now      func() time.Time // time.Now when nil
	Log      *slog.Logger

	RingTimeout  time.Duration // 45 s: how long phones ring
	ResumeGrace  time.Duration // 30 s: how long a leg outlives its socket
	MediaTimeout time.Duration // 2 min: how long a leg with a live socket may be without media
}

// Service runs the calls. It is safe for concurrent use, and a bus.Receiver: who loses the chat or the session loses
// the call at that instant.
type Service struct{ cfg Config }

// Registry knows which chat has a running call. It is made before the Service because internal/chat needs it first.
type Registry struct{}

// NewRegistry makes an empty Registry.
func NewRegistry() *Registry { return &Registry{} }

// Active implements chat.Calls.
func (r *Registry) Active(chatID store.ID) (chat.ActiveCall, bool) { return chat.ActiveCall{}, false }

// New makes a Service. Call Recover before the first device connects.
func New(cfg Config) *Service { return &Service{cfg: cfg} }

// Recover closes the calls that a crash left open in the history, with the reason "server-restart".
func (s *Service) Recover(ctx context.Context) error { panic("unwritten") }

// Close refuses new calls and lets running ones go on until ctx is done, then ends them. It is idempotent and waits.
func (s *Service) Close(ctx context.Context) error { panic("unwritten") }

// Deliver implements bus.Receiver.
func (s *Service) Deliver(e bus.Event) {}

// End implements bus.Receiver: it closes the legs of revoked sessions.
func (s *Service) End(r bus.Revoked) {}

// Initiate starts the chat's call, joins the one that runs, or renegotiates the device's leg.
func (s *Service) Initiate(ctx context.Context, d Device, in Initiation) (Joined, error) {
	panic("unwritten")
}

// Answer joins the call by the ring's offer.
func (s *Service) Answer(ctx context.Context, d Device, in Acceptance) (Joined, error) {
	panic("unwritten")
}

// Candidate takes a trickled ICE candidate; empty means that there are no more.
func (s *Service) Candidate(ctx context.Context, d Device, chatID store.ID, candidate string) error {
	panic("unwritten")
}

// Decline stops the ringing on all of the user's devices, and ends a direct call.
func (s *Service) Decline(ctx context.Context, d Device, chatID store.ID) error { panic("unwritten") }

// Leave takes the device out of the call, or with forAll ends the call.
func (s *Service) Leave(ctx context.Context, d Device, chatID store.ID, forAll bool) error {
	panic("unwritten")
}

// Resume gives a leg whose socket was lost to the device's new socket.
func (s *Service) Resume(ctx context.Context, d Device, chatID, participantID store.ID) (Joined, error) {
	panic("unwritten")
}

// Connected is told when a device can be reached; what rings for its user is told to it.
func (s *Service) Connected(d Device) {}

// Disconnected is told when a device's socket is gone.
func (s *Service) Disconnected(d Device) {}

// History lists calls of the actor's chats, or of one of them when chatID is set, newest first.
func (s *Service) History(ctx context.Context, actor, chatID store.ID, limit int, cursor string) (RecordPage, error) {
	panic("unwritten")
}

// View says which pictures the device shows; nil leaves it to the server.
func (s *Service) View(ctx context.Context, d Device, chatID store.ID, tiles []Tile) error {
	panic("unwritten")
}

// Mute stops or resumes what the device sends from a source, at once.
func (s *Service) Mute(ctx context.Context, d Device, chatID store.ID, source string, muted bool) error {
	panic("unwritten")
}

// Hand raises or lowers the device's hand.
func (s *Service) Hand(ctx context.Context, d Device, chatID store.ID, raised bool) error {
	panic("unwritten")
}

// Reaction shows an emoji to everybody in the call.
func (s *Service) Reaction(ctx context.Context, d Device, chatID store.ID, emoji string) error {
	panic("unwritten")
}

// Moderate mutes or removes somebody else; action is "mute" or "remove".
func (s *Service) Moderate(ctx context.Context, d Device, chatID, participantID store.ID, action string) error {
	panic("unwritten")
}
