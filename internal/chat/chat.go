package chat

import (
	"context"
	"log/slog"
	"time"

	"confab/internal/bus"
	"confab/store"
)

// Presence tells who has a socket. signaling.Hub implements it.
type Presence interface {
	Online(userID store.ID) bool
}

// Calls tells which chat is having a call. call.Registry implements it.
type Calls interface {
	Active(chatID store.ID) (ActiveCall, bool)
}

// Config is what a Service needs. Presence and Calls may be nil: nobody is online then, and no chat has a call.
type Config struct {
	Store    store.Store
	Bus      bus.Publisher
	Presence Presence
	Calls    Calls
	Now      func() time.Time // time.Now when nil
	Log      *slog.Logger
}

// Service is the rules. It is safe for concurrent use.
type Service struct{ cfg Config }

// New makes a Service.
func New(cfg Config) *Service { return &Service{cfg: cfg} }

// SendInput is a message to be sent. AttachmentIDs are the sender's own uploads that no message carries yet.
type SendInput struct {
	ChatID        store.ID
	Content       string
	ClientID      string
	ReplyTo       store.ID
	AttachmentIDs []store.ID
}

// Send posts a message; created is false when ClientID was used before, and the message is the one stored then.
func (s *Service) Send(ctx context.Context, actor store.ID, in SendInput) (m Message, created bool, err error) {
	panic("unwritten")
}

// Edit replaces the text of one's own message.
func (s *Service) Edit(ctx context.Context, actor, messageID store.ID, content string) (Message, error) {
	panic("unwritten")
}

// Delete leaves a tombstone of a message.
func (s *Service) Delete(ctx context.Context, actor, messageID store.ID) (Message, error) {
	panic("unwritten")
}

// React adds (on) or takes away the actor's emoji under a message.
func (s *Service) React(ctx context.Context, actor, messageID store.ID, emoji string, on bool) (Message, error) {
	panic("unwritten")
}

// Delivered says that this and all earlier messages of its chat have reached a device of the actor. session is left
// out of the echo to the actor's own devices.
func (s *Service) Delivered(ctx context.Context, actor, session, messageID store.ID) error {
	panic("unwritten")
}

// Read says the same of reading, which implies delivery.
func (s *Service) Read(ctx context.Context, actor, session, messageID store.ID) error {
	panic("unwritten")
}

// Typing tells the other members that the actor types (on) or stopped.
func (s *Service) Typing(ctx context.Context, actor, session, chatID store.ID, on bool) error {
	panic("unwritten")
}

// History lists messages of a chat.
func (s *Service) History(ctx context.Context, actor store.ID, q store.MessageQuery) (MessagePage, error) {
	panic("unwritten")
}

// Deliveries tells how far a message has come with each recipient.
func (s *Service) Deliveries(ctx context.Context, actor, messageID store.ID) ([]Delivery, error) {
	panic("unwritten")
}

// Chats lists the actor's chats, latest activity first. cursor is a NextCursor, or empty for the beginning.
func (s *Service) Chats(ctx context.Context, actor store.ID, limit int, cursor string) (ChatPage, error) {
	panic("unwritten")
}

// Chat finds one chat of the actor.
func (s *Service) Chat(ctx context.Context, actor, chatID store.ID) (Chat, error) { panic("unwritten") }

// ReadyState gathers what a socket's first frame tells: the actor's chats, and everybody who shares one.
func (s *Service) ReadyState(ctx context.Context, actor store.ID) (chats []ReadyChat, contacts []store.ID, err error) {
	panic("unwritten")
}

// Access is the membership check for calls: the chat and all its members, or fault.NotFound.
func (s *Service) Access(ctx context.Context, actor, chatID store.ID) (store.Chat, []store.Member, error) {
	panic("unwritten")
}

// PostCall posts the message of kind "call" for a call that ended, on behalf of who started it.
func (s *Service) PostCall(ctx context.Context, c store.Call) (Message, error) { panic("unwritten") }

// Contacts lists everybody who shares a chat with the user: who is told of their presence.
func (s *Service) Contacts(ctx context.Context, userID store.ID) ([]store.ID, error) {
	panic("unwritten")
}
