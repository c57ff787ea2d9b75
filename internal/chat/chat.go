package chat

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"confab/internal/bus"
	"confab/internal/fault"
	"confab/internal/stamp"
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
	Log      *slog.Logger     // discards when nil

	// Link makes the address of an attachment's bytes, and tells until when it works (nil: as long as the caller is
	// signed in). When it is nil the address is the plain one, which wants the bearer token.
	Link func(attachment store.ID) (url string, expires *time.Time)

	// Afford refuses when the files of an account, those of this transaction included, are more than it has room for.
	// Nil: there is always room.
	Afford func(ctx context.Context, tx store.Tx, owner store.ID) error

	// Join makes the link of an invitation from its token. When it is nil the link is a path.
	Join func(token string) (url string)
}

// Service is the rules. It is safe for concurrent use.
type Service struct {
	store    store.Store
	bus      bus.Publisher
	presence Presence
	calls    Calls
	now      func() time.Time
	log      *slog.Logger
	link     func(store.ID) (string, *time.Time)
	afford   func(context.Context, store.Tx, store.ID) error
	join     func(string) string
	lanes    *lanes

	receipts     *lanes       // by chat and member
	receiptCount atomic.Int64 // in the place of their revisions
}

// New makes a Service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Link == nil {
		cfg.Link = func(id store.ID) (string, *time.Time) { return "/attachments/" + string(id), nil }
	}
	if cfg.Afford == nil {
		cfg.Afford = func(context.Context, store.Tx, store.ID) error { return nil }
	}
	if cfg.Join == nil {
		cfg.Join = func(token string) string { return "/join/" + token }
	}
	s := &Service{
		store: cfg.Store, bus: cfg.Bus, presence: cfg.Presence, calls: cfg.Calls, log: cfg.Log, link: cfg.Link, afford: cfg.Afford, join: cfg.Join,
		now:   func() time.Time { return cfg.Now().UTC().Truncate(time.Millisecond) },
		lanes: newLanes(cfg.Bus.Publish),
	}
	s.receipts = newLanes(func(e bus.Event) { s.lanes.aside(e.Data.(DeliveryStatusEvent).ChatID, e) })
	return s
}

// change is what a transaction did to a chat: the revision it took, and what is to be announced. announce is called
// after the commit, since it may ask for presence and calls, whose owners must not be waited for inside a transaction.
type change struct {
	rev      int64
	announce func() []bus.Event
}

// change runs fn in a transaction with a turn in the chat's lane, and announces what it did.
func (s *Service) change(ctx context.Context, chatID store.ID, fn func(store.Tx) (change, error)) error {
	t := s.lanes.enter(chatID)
	defer t.leave()
	var done change
	err := s.store.Update(ctx, func(tx store.Tx) (err error) {
		done, err = fn(tx)
		return err
	})
	if err != nil {
		return refusal(err)
	}
	if done.announce != nil {
		t.publish(done.rev, done.announce()...)
	}
	return nil
}

// view runs fn over a snapshot.
func (s *Service) view(ctx context.Context, fn func(store.Tx) error) error {
	return refusal(s.store.View(ctx, fn))
}

// errNothing ends a transaction that turned out to have nothing to do.
var errNothing = errors.New("nothing to do")

// notFound is the one answer to whatever does not exist or is not the caller's to know of.
func notFound() error {
	return fault.New(fault.NotFound, "not_found", "there is no such thing")
}

// refusal turns the store's "not found" into the caller's; other errors pass. Rules that mean a particular thing by it
// have looked at it before.
func refusal(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return notFound()
	}
	return err
}

func forbidden(message string) error { return fault.New(fault.Forbidden, "forbidden", message) }

// wellFormed checks ids that came from outside, so that a database never sees a malformed one. They are refused as
// unknown, which they are.
func wellFormed(ids ...store.ID) error {
	for _, id := range ids {
		if parsed, err := store.ParseID(string(id)); err != nil || parsed != id {
			return notFound()
		}
	}
	return nil
}

// memberOf finds somebody among members.
func memberOf(members []store.Member, userID store.ID) (store.Member, bool) {
	for _, m := range members {
		if m.UserID == userID {
			return m, true
		}
	}
	return store.Member{}, false
}

// everybody lists the users behind members, without some.
func everybody(members []store.Member, without ...store.ID) []store.ID {
	ids := make([]store.ID, 0, len(members))
next:
	for _, m := range members {
		for _, w := range without {
			if m.UserID == w {
				continue next
			}
		}
		ids = append(ids, m.UserID)
	}
	return ids
}

// Access is the check for calls and typing: the chat and all its members. Refusals: not_found, and blocked in a direct
// chat where one side blocks the other.
func (s *Service) Access(ctx context.Context, actor, chatID store.ID) (chat store.Chat, members []store.Member, err error) {
	if err := wellFormed(chatID); err != nil {
		return store.Chat{}, nil, err
	}
	err = s.view(ctx, func(tx store.Tx) (err error) {
		chat, members, err = s.access(ctx, tx, actor, chatID)
		return err
	})
	return chat, members, err
}

// Enter is Access for those who do not need the members, of whom a group has up to hundreds.
func (s *Service) Enter(ctx context.Context, actor, chatID store.ID) (chat store.Chat, err error) {
	if err := wellFormed(chatID); err != nil {
		return store.Chat{}, err
	}
	err = s.view(ctx, func(tx store.Tx) (err error) {
		if chat, err = tx.Chat(ctx, chatID); err != nil {
			return err
		}
		if chat.Type == store.Direct {
			_, _, err = s.access(ctx, tx, actor, chatID)
		} else {
			_, err = tx.Member(ctx, chatID, actor)
		}
		return err
	})
	return chat, err
}

func (s *Service) access(ctx context.Context, tx store.Tx, actor, chatID store.ID) (store.Chat, []store.Member, error) {
	chat, members, err := s.enter(ctx, tx, actor, chatID)
	if err == nil && chat.Type == store.Direct && len(members) == 2 {
		err = unblocked(ctx, tx, members[0].UserID, members[1].UserID)
	}
	return chat, members, err
}

// enter reads a chat and its members for somebody who must be one.
func (s *Service) enter(ctx context.Context, tx store.Tx, actor, chatID store.ID) (store.Chat, []store.Member, error) {
	chat, err := tx.Chat(ctx, chatID)
	if err != nil {
		return store.Chat{}, nil, err
	}
	members, err := tx.Members(ctx, chatID)
	if err != nil {
		return store.Chat{}, nil, err
	}
	if _, in := memberOf(members, actor); !in {
		return store.Chat{}, nil, notFound()
	}
	return chat, members, nil
}

// ReadyState gathers what a socket's first frame tells: the actor's chats, and everybody who shares one.
func (s *Service) ReadyState(ctx context.Context, actor store.ID) (ready []ReadyChat, contacts []store.ID, err error) {
	err = s.view(ctx, func(tx store.Tx) error {
		chats, mine, err := tx.AllChatsOf(ctx, actor)
		if err != nil {
			return err
		}
		ready = make([]ReadyChat, len(chats))
		for i, c := range chats {
			ready[i] = ReadyChat{ID: c.ID, LastSeq: c.LastSeq, LastRev: c.LastRev, ReadSeq: mine[i].ReadSeq}
		}
		contacts, err = tx.Contacts(ctx, actor)
		return err
	})
	for i := range ready {
		ready[i].ActiveCall = s.activeCall(ready[i].ID)
	}
	return ready, contacts, err
}

// Contacts lists everybody who shares a chat with the user: who is told of their presence.
func (s *Service) Contacts(ctx context.Context, userID store.ID) (contacts []store.ID, err error) {
	err = s.view(ctx, func(tx store.Tx) (err error) {
		contacts, err = tx.Contacts(ctx, userID)
		return err
	})
	return contacts, err
}

// Typing tells the other members that the actor types (on) or stopped.
func (s *Service) Typing(ctx context.Context, actor, session, chatID store.ID, on bool) error {
	defer s.lanes.attend(chatID)()
	_, members, err := s.Access(ctx, actor, chatID)
	if err != nil {
		return err
	}
	s.lanes.aside(chatID, bus.Event{Name: EventTyping, To: everybody(members, actor), Except: session,
		Data: TypingEvent{ChatID: chatID, UserID: actor, On: on}})
	return nil
}

func (s *Service) online(userID store.ID) bool { return s.presence != nil && s.presence.Online(userID) }

func (s *Service) activeCall(chatID store.ID) *ActiveCall {
	if s.calls == nil {
		return nil
	}
	c, on := s.calls.Active(chatID)
	if !on {
		return nil
	}
	return &c
}

func stampOf(t time.Time) *stamp.Time {
	if t.IsZero() {
		return nil
	}
	return &stamp.Time{Time: t}
}
